import Microscope
import Synchronization

/// Says once when a SerialEM that acquires falls silent, and once when it is heard again.
final class AcquisitionListener: Sendable {
    private struct State {
        var silentSince: Duration?
        var isTold = false
    }

    /// Shorter silences are those of a network, or of a program that is busy with a long exposure.
    private let patience = Duration.seconds(60)
    private let state = Mutex(State())

    /// What to tell a person, if there is anything new.
    func hear(_ sign: AcquisitionSign, after waited: Duration) -> String? {
        state.withLock { state in
            switch sign {
            case .busy:
                defer { state = State() }
                return state.isTold ? "SerialEM answers again; the acquisition goes on" : nil
            case .silent:
                let since = state.silentSince ?? waited
                state.silentSince = since
                guard !state.isTold, waited - since >= patience else { return nil }
                state.isTold = true
                return "SerialEM has not answered for a minute while it acquires; look whether it still runs"
            }
        }
    }
}
