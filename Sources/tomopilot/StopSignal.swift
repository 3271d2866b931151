import Dispatch
import Foundation

/// Waits for Control-C or the signal by which a machine ends its services.
enum StopSignal {
    /// The name of the first of these signals to come; nil when the waiting task was cancelled before.
    static func next() async -> String? {
        let names = [SIGINT: "Control-C", SIGTERM: "SIGTERM"]
        let signals = AsyncStream<String> { continuation in
            for (number, name) in names {
                // The default would end the program at once, with the beam on.
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                // The handler holds the source, which would otherwise be gone with this scope.
                source.setEventHandler {
                    withExtendedLifetime(source) { _ = continuation.yield(name) }
                }
                source.resume()
            }
        }
        for await name in signals { return name }
        return nil
    }
}
