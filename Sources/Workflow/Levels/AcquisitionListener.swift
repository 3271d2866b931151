import Foundation
import Microscope
import Locks

/// Says once when a SerialEM that acquires falls silent or writes nothing any more, and once when that is over.
///
/// A PACEtomo that asks something in a box on the screen keeps SerialEM busy for ever; only that nothing is written shows it.
final class AcquisitionListener: Sendable {
    /// What to tell people.
    enum News: Sendable, Hashable {
        case trouble(String)
        case over(String)
    }
    fileprivate enum Trouble { case silence, idleness }
    fileprivate struct State {
        var silentSince: Duration?
        var written: Date?
        var writtenAt = Duration.zero
        var lookedAt: Duration?
        var told: Trouble?
    }

    /// Shorter silences are those of a network, or of a program that is busy with a long exposure.
    private static let patience = Duration.seconds(60)
    /// Realignment, focusing and a refill between two tilts take minutes.
    fileprivate static let longestPause = Duration.seconds(2400)
    fileprivate static let interval = Duration.seconds(30)
    private let state = Locked(State())

    /// What to tell a person, if there is anything new.
    ///
    /// - Parameter written: when something was written last; looked at now and then.
    func hear(_ sign: AcquisitionSign, after waited: Duration, written: () -> Date?) -> News? {
        state.withLock { state in
            switch sign {
            case .busy:
                state.silentSince = nil
                if state.told == .silence {
                    state.told = nil
                    return .over("SerialEM answers again; the acquisition goes on")
                }
                return state.hearOfFiles(after: waited, written)
            case .silent:
                let since = state.silentSince ?? waited
                state.silentSince = since
                // A box on the screen that was told of does not hide that SerialEM then ended.
                guard state.told != .silence, waited - since >= Self.patience else { return nil }
                state.told = .silence
                return .trouble("SerialEM has not answered for a minute while it acquires; look whether it still runs")
            }
        }
    }
}

extension AcquisitionListener.State {
    fileprivate mutating func hearOfFiles(after waited: Duration, _ written: () -> Date?) -> AcquisitionListener.News? {
        if let lookedAt, waited - lookedAt < AcquisitionListener.interval { return nil }
        lookedAt = waited
        if let newest = written(), newest != self.written {
            self.written = newest
            writtenAt = waited
            guard told == .idleness else { return nil }
            told = nil
            return .over("files are written again; the acquisition goes on")
        }
        guard told == nil, waited - writtenAt >= AcquisitionListener.longestPause else { return nil }
        told = .idleness
        return .trouble("SerialEM is busy, and nothing has been written for \(words(AcquisitionListener.longestPause)); look whether it asks something in a box on its screen")
    }
}
