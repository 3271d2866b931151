import ImageFiles
import Microscope
import Navigator
import Targets

/// Whom an error concerns that ends the work on a grid.
enum GridFailure {
    /// How far an error reaches.
    enum Reach: Sendable, Hashable {
        /// This grid alone: what becomes of the session is a matter of `on_failure`.
        case grid
        /// This grid alone, which has had its second chance: it is left out whatever `on_failure` says.
        case gridAlways
        /// This grid alone, and another try would come to the same.
        case gridForGood
    }

    /// nil for what stops every session: the microscope, the connection, the journal, the disk, a model, a person.
    static func reach(of error: any Error) -> Reach? {
        switch error {
        case let error as WorkflowError:
            switch error.code {
            case .badImage, .refused, .skippable, .notLoaded, .dark: return .grid
            case .wrongGrid, .inputChanged: return .gridForGood
            case .lostGrid, .cutAcquisition, .leftOut, .unanswered: return .gridAlways
            case .uncertain, .unplanned, .changedCalibrations, .unreadableJournal, .unusableJournal, .vanishedJournal, .noRoom, .leftAlone, .badModel, .incomplete, .stopped: return nil
            }
        case let error as MicroscopeError:
            switch error.code {
            case .refused, .missing: return .grid
            case .unreachable, .lost, .stalled, .stopped, .notAsSet, .deadline, .cannotWrite, .busy: return nil
            }
        case let error as ImageFileError:
            switch error.code {
            case .diskFull, .cannotWrite: return nil
            default: return .grid
            }
        case is MontageError, is TargetsError, is NavigatorError: return .grid
        default: return nil
        }
    }
}
