import ImageFiles
import Microscope
import Targets

extension Engine {
    /// What came of work for one lamella.
    enum Spared<Value: Sendable>: Sendable {
        case done(Value)
        /// It failed for that lamella alone, or a person leaves it out, and this is why.
        case leftOut(String, Cause)
    }
    /// Why a lamella is left out.
    enum Cause: Sendable, Hashable {
        case person
        /// Nobody has said, or the settings say, what becomes of a step that cannot be settled.
        case undecided
        case error
    }

    /// Does something for one lamella; where it fails for that lamella alone, says so and goes on.
    ///
    /// What concerns the microscope as a whole is thrown on: a lost connection, a passed deadline, cancellation.
    func sparing<T: Sendable>(lamella: String, _ body: @Sendable () async throws -> T) async throws -> Spared<T> {
        do {
            return .done(try await body())
        } catch {
            // Whatever noticed first that the work is cut.
            if Task.isCancelled { throw CancellationError() }
            guard Self.recovery(from: error) == .skipLamella else { throw error }
            // A person has been told already.
            if let error = error as? WorkflowError, error.code == .leftOut { return .leftOut(error.message, .person) }
            note(.warning("lamella \(lamella) is left out: \(sentence(error))"))
            let isUndecided = [.skippable, .unanswered].contains((error as? WorkflowError)?.code)
            return .leftOut(sentence(error), isUndecided ? .undecided : .error)
        }
    }

    /// What to do about an error.
    enum Recovery { case skipLamella, stopRun }

    static func recovery(from error: any Error) -> Recovery {
        switch error {
        case is CancellationError: return .stopRun
        case let error as MicroscopeError:
            switch error.code {
            case .refused, .missing: return .skipLamella
            case .unreachable, .lost, .stalled, .stopped, .notAsSet, .deadline, .cannotWrite, .busy: return .stopRun
            }
        case let error as WorkflowError:
            switch error.code {
            case .badImage, .refused, .skippable, .leftOut, .unanswered, .dark: return .skipLamella
            case .cutAcquisition, .uncertain, .unplanned, .changedCalibrations, .inputChanged, .unreadableJournal, .unusableJournal, .vanishedJournal, .noRoom, .leftAlone, .badModel, .incomplete, .stopped,
                .wrongGrid, .notLoaded, .lostGrid:
                return .stopRun
            }
        case let error as ImageFileError:
            // A damaged file is one lamella's; a disk that takes no more is everybody's.
            switch error.code {
            case .diskFull, .cannotWrite: return .stopRun
            default: return .skipLamella
            }
        case is TargetsError, is MontageError: return .skipLamella
        default: return .stopRun
        }
    }
}
