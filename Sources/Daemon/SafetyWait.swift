package import Foundation
import Store

/// Why a microscope cannot be made safe yet, and how long that is waited for.
package enum SafetyObstacle: Sendable, Hashable {
    /// SerialEM works on what the session started last.
    case acquires(until: Date)
    case busy(until: Date)
    case absent(until: Date)
}

/// What is known of the wait for a microscope that has to be made safe after a session.
struct SafetyWait: Sendable {
    let session: QueuedSession
    /// Whether nobody has been told yet that it could not be made safe at once.
    var isFirst = false
    var obstacle: SafetyObstacle?
    var isAborted = false

    /// What is waited for.
    var text: String {
        let next = "the microscope is made safe after session '\(session.name)'"
        return switch obstacle {
        case nil: next
        case .acquires(let end):
            "SerialEM is busy with the acquisition of session '\(session.name)' and takes no command before that ends, or until \(SessionService.moment(end)) at most; then \(next)"
        case .busy(let end): "SerialEM is busy and takes no command, until \(SessionService.moment(end)) at most; then \(next)"
        case .absent(let end): "SerialEM is not there, and is waited for until \(SessionService.moment(end)) at first; then \(next)"
        }
    }
}
