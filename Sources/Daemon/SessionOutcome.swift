import ImageFiles
import Microscope
import Workflow

/// How a session of the queue ended.
enum SessionOutcome: Sendable, Hashable {
    /// With what was asked for and neither done nor left out by a person.
    case done(missing: [String])
    /// A person stopped or aborted it.
    case stopped(String)
    /// `isMicroscope`: the next session would meet the same.
    case failed(String, isMicroscope: Bool)
    /// The service ends, and the next one goes on with it.
    case interrupted

    /// - Parameter serviceEnds: whether the session's task was cancelled; with no other reason, the service ends.
    init(error: any Error, cancellation: Helm.Cancellation?, serviceEnds: Bool) {
        if let stop = error as? WorkflowError, stop.code == .stopped {
            self = .stopped(stop.message)
            return
        }
        switch cancellation {
        case .abort(let reason): self = .stopped(reason)
        case .serviceEnds: self = .interrupted
        case nil where serviceEnds: self = .interrupted
        case nil: self = .failed(sentence(error), isMicroscope: Self.isOfMicroscope(error))
        }
    }

    private static func isOfMicroscope(_ error: any Error) -> Bool {
        switch error {
        case let error as WorkflowError:
            // What nobody can settle is looked at with the grid where it is; and what one session waited for in vain would be
            // waited for by the next.
            return [.uncertain, .changedCalibrations, .incomplete, .unusableJournal].contains(error.code)
        case let error as ImageFileError: return [.diskFull, .cannotWrite].contains(error.code)
        case let error as MicroscopeError: return isOfMicroscope(error)
        default: return false
        }
    }

    private static func isOfMicroscope(_ error: MicroscopeError) -> Bool {
        switch error.code {
        case .unreachable, .lost, .stalled, .stopped, .deadline, .notAsSet, .cannotWrite, .busy: return true
        // A state that is not there or not allowed is this session's.
        case .refused, .missing: return false
        }
    }
}
