import Microscope
import Units

/// The interlocks while a session waits for people, for hours perhaps: nothing is exposed then, and whoever could put it right
/// should know before the session wants to go on.
extension GuardedMicroscope {
    /// Looks now and then, until it is cancelled, and tells what is the matter and when it is over.
    ///
    /// While the queue is empty there is no session whose microscope this could be, and nobody is connected to it.
    ///
    /// A connection that is lost meanwhile is not made again before the session goes on: a person who works at the microscope with a
    /// program of their own would be thrown off it.
    func watchWhileHeld() async {
        guard !watched.isEmpty else { return }
        var told: Held = .well
        while true {
            do { try await Task.sleep(for: period) } catch { return }
            // Not cancelled with the wait: it ends by the deadlines of its commands, and a cut command would cost the connection.
            let found = await Task { await look() }.value
            guard !Task.isCancelled else { return }
            guard let found, found != told else { continue }
            if case .inTheWay(let text) = told { report(.cleared("\(Self.capitalized(text)): over")) }
            switch found {
            case .well: break
            case .inTheWay(let text):
                report(
                    .obstructed(
                        "\(Self.capitalized(text)), while the session waits for people.",
                        next: "Nothing is exposed; the session looks again by itself before it goes on."))
            case .unreachable(let text):
                report(
                    .obstructed(
                        "While the session waits for people, nobody watches the microscope any more: \(text)",
                        next: "It connects again when it goes on; look at SerialEM."))
                return
            }
            told = found
        }
    }

    /// What a look found.
    private enum Held: Hashable, Sendable {
        case well
        case inTheWay(String)
        case unreachable(String)
    }

    /// What is the matter; nil where somebody keeps SerialEM busy.
    private func look() async -> Held? {
        do {
            let condition = try await condition(of: watched)
            // Nobody expects anything of dewars, stage and valves while people work at the microscope.
            let found = rules.obstacle(condition, stepTakes: .zero, valvesShouldBeOpen: false)
            return found.flatMap { $0.isAlarming ? .inTheWay($0.text) : nil } ?? .well
        } catch let error as MicroscopeError {
            switch error.code {
            case .lost, .unreachable, .stalled: return .unreachable(error.message)
            case .refused: return .inTheWay("SerialEM no longer tells how the microscope is: \(error.message)")
            default: return nil
            }
        } catch {
            return nil
        }
    }
}
