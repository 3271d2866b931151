import Foundation
import Locks

/// Standard output: lines that stay, and below them, on a terminal only, one line that is replaced.
public final class Terminal: Sendable {
    /// Whether somebody looks; otherwise only lines that stay are written.
    public let isInteractive: Bool
    private let write: @Sendable (String) -> Void
    private let width: @Sendable () -> Int
    private let status = Locked("")

    /// Standard output of this process.
    public convenience init() {
        self.init(isInteractive: isatty(1) != 0, width: { Self.columns() }) {
            // Whoever read the output may have gone, or its disk may be full; the session goes on.
            try? FileHandle.standardOutput.write(contentsOf: Data($0.utf8))
        }
    }

    /// A terminal that writes elsewhere, for tests.
    init(isInteractive: Bool, width: @escaping @Sendable () -> Int, write: @escaping @Sendable (String) -> Void) {
        self.isInteractive = isInteractive
        self.width = width
        self.write = write
    }

    /// Writes a line that stays; on a terminal the status line moves below it.
    public func show(_ line: String) {
        status.withLock { status in
            guard isInteractive else { return write(line + "\n") }
            write("\r\u{1B}[K\(line)\n\(status)")
        }
    }

    /// Replaces the status line. It is cut at the border of the terminal: a line that wraps cannot be taken back.
    public func showStatus(_ text: String) {
        guard isInteractive else { return }
        status.withLock { status in
            let cut = String(text.prefix(max(1, width() - 1)))
            guard cut != status else { return }
            status = cut
            write("\r\u{1B}[K\(status)")
        }
    }

    /// Takes the status line away.
    public func clearStatus() {
        showStatus("")
    }

    private static func columns() -> Int {
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
