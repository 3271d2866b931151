import Foundation
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
    /// A file cannot be written for lack of room; it goes on where it was once there is some.
    case withoutRoom(String)
    /// Its folder was taken away; it goes on where it was once it is there again.
    case withoutFolder(String)
    /// The service ends, and the next one goes on with it.
    case interrupted

    /// Whether the next session would meet the same.
    var wouldMeetNext: Bool {
        switch self {
        case .failed(_, let isMicroscope): isMicroscope
        case .withoutRoom, .withoutFolder: true
        case .done, .stopped, .interrupted: false
        }
    }

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
        case nil where Self.isForLackOfRoom(error): self = .withoutRoom(sentence(error))
        case nil where (error as? WorkflowError)?.code == .vanishedJournal: self = .withoutFolder(sentence(error))
        case nil: self = .failed(sentence(error), isMicroscope: Self.isOfMicroscope(error))
        }
    }

    /// On TomoPilot's disk or on SerialEM's.
    private static func isForLackOfRoom(_ error: any Error) -> Bool {
        switch error {
        case let error as WorkflowError: error.code == .noRoom
        case let error as ImageFileError: [.diskFull, .cannotWrite].contains(error.code)
        case let error as MicroscopeError: error.code == .cannotWrite
        case let error as CocoaError: [.fileWriteOutOfSpace, .fileWriteUnknown].contains(error.code)
        default: false
        }
    }

    private static func isOfMicroscope(_ error: any Error) -> Bool {
        switch error {
        case let error as WorkflowError:
            // What nobody can settle is looked at with the grid where it is; and what one session waited for in vain would be
            // waited for by the next.
            return [.uncertain, .changedCalibrations, .incomplete, .unusableJournal].contains(error.code)
        case let error as MicroscopeError: return isOfMicroscope(error)
        default: return false
        }
    }

    private static func isOfMicroscope(_ error: MicroscopeError) -> Bool {
        switch error.code {
        case .unreachable, .lost, .stalled, .stopped, .deadline, .notAsSet, .busy: return true
        // A state that is not there or not allowed is this session's.
        case .refused, .missing, .cannotWrite: return false
        }
    }
}
