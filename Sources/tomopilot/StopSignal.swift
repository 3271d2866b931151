import Dispatch
import Foundation
import Locks

/// Waits for Control-C or the signal by which a machine ends its services.
enum StopSignal {
    /// The name of the first of these signals to come; nil when the waiting task was cancelled before.
    ///
    /// The second one ends the program at once: SerialEM, which finishes what it does before the microscope is made
    /// safe, may hang.
    static func next() async -> String? {
        let names = [SIGINT: "Control-C", SIGTERM: "SIGTERM"]
        let count = Counter()
        let signals = AsyncStream<String> { continuation in
            for (number, name) in names {
                // The default would end the program at once, with the beam on.
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                // The handler holds the source, which would otherwise be gone with this scope.
                source.setEventHandler {
                    withExtendedLifetime(source) { _ = continuation.yield(name) }
                    if count.next() > 1 { _exit(128 + number) }
                }
                source.resume()
            }
        }
        for await name in signals { return name }
        return nil
    }
}

/// Counts from 1.
private final class Counter: Sendable {
    private let value = Locked(0)

    func next() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}
