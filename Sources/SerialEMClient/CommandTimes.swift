import Locks

/// How long commands have taken at this microscope, and how long they may therefore take: a montage that is usually done in
/// four minutes need not be waited for half a day.
public final class CommandTimes: Sendable {
    /// What was seen of a command.
    public struct Seen: Codable, Sendable, Hashable {
        /// How often it was done.
        public var count: Int
        /// The longest that it took, in seconds.
        public var longest: Double

        public init(count: Int, longest: Double) {
            self.count = count
            self.longest = longest
        }
    }

    private let seen: Locked<[String: Seen]>
    /// No command is given up before.
    private let least: Duration
    /// How many times faster than a real one the microscope is.
    private let pace: Double

    /// - Parameters:
    ///   - seen: what earlier sessions saw, by the names of commands.
    ///   - least: no command is given up before.
    ///   - pace: how many times faster than a real one the microscope is, as a simulated one may be: what a command may take by what is
    ///     asked of it is divided by this.
    public init(_ seen: [String: Seen] = [:], least: Duration = .seconds(60), pace: Double = 1) {
        self.pace = pace.isFinite && pace > 0 ? pace : 1
        // A file that somebody edited must not be what a night ends with.
        self.seen = Locked(seen.filter { (1 ... 1_000_000_000).contains($0.value.count) && (0 ... 1_000_000).contains($0.value.longest) })
        self.least = least
    }

    /// Everything seen so far, by the names of commands.
    public var all: [String: Seen] { seen.withLock { $0 } }

    /// Before so many were seen, nothing is concluded.
    private static let enough = 5
    /// How many times the longest one a command may take.
    private static let factor = 5.0
    /// Commands that may not take longer are given up soon enough.
    static let soon: Duration = .seconds(60)
    /// A refill that is due once a day, or a wait of a given length, is no matter of the earlier ones.
    private static let unsteady: Set = ["ManageDewarsAndPumps", "LongOperation", "Delay"]

    func note(_ name: String, took time: Duration) {
        let seconds = time / .seconds(1)
        seen.withLock { seen in
            let known = seen[name] ?? Seen(count: 0, longest: 0)
            seen[name] = Seen(count: known.count + 1, longest: max(known.longest, seconds))
        }
    }

    /// The deadline of a command that may never take longer than `longest`.
    ///
    /// - Parameter expected: how long it may take by what is asked of it, until enough of its kind were seen; nil where nothing
    ///   tells.
    func deadline(for name: String, longest: Duration, expected: Duration? = nil) -> Duration {
        let known = seen.withLock { $0[name] }.flatMap { $0.longest.isFinite ? $0 : nil }
        guard !Self.unsteady.contains(name), let known, known.count >= Self.enough else {
            // A microscope that is slower than anybody thought is not given up for it a second time.
            return expected.map { min(longest, max(.seconds($0 / .seconds(1) / pace), .seconds(Self.factor * (known?.longest ?? 0)))) } ?? longest
        }
        // A map of a whole grid has many times the pieces of a lamella's, and the same name.
        let least = name == "M" ? self.least * 30 : self.least
        return min(longest, max(least, .seconds(Self.factor * known.longest)))
    }
}
