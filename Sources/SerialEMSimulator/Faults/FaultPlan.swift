public import ImageFiles
public import Logging
internal import Raster
internal import Locks
import Synchronization

/// The faults that are still to come, and those that have struck. The server and the microscope ask it at every opportunity.
public final class FaultPlan: Sendable {
    /// A fault that has struck.
    public struct Strike: Sendable, Hashable {
        /// The day and time at the virtual microscope.
        public let time: String
        /// What was going on.
        public let command: String
        /// The name of the kind.
        public let kind: String
    }
    /// A fault at the moment when it strikes, with a number that decides its random bytes.
    struct Struck: Sendable, Hashable {
        let kind: Fault.Kind
        let salt: UInt64
    }
    private struct Entry {
        let fault: Fault
        var seen = 0
        var struck = 0
        var random: RandomSource
    }
    private struct State {
        var entries: [Entry] = []
        var strikes: [Strike] = []
        var busyUntil: ContinuousClock.Instant?
    }
    /// A night of faults that always strike shall not fill the memory.
    private static let longestHistory = 10_000
    private let state = Locked(State())
    private let hasEntries = Atomic(false)
    private let logger: Logger

    /// Makes a plan; each strike is a line of the log.
    public init(_ faults: [Fault] = [], logger: Logger = Logger(label: "faults")) {
        self.logger = logger
        add(faults)
    }

    /// Adds faults after those that are there.
    public func add(_ faults: [Fault]) {
        state.withLock { state in
            state.entries += faults.map { Entry(fault: $0, random: RandomSource(seed: $0.when.seed).fork(0xFA17)) }
            hasEntries.store(!state.entries.isEmpty, ordering: .sequentiallyConsistent)
        }
    }

    /// Removes all faults, and ends a time of being busy. Returns how many there were.
    @discardableResult
    public func removeAll() -> Int {
        state.withLock { state in
            defer {
                state.entries = []
                state.busyUntil = nil
                hasEntries.store(false, ordering: .sequentiallyConsistent)
            }
            return state.entries.count
        }
    }

    /// What has struck so far, the oldest first.
    public var strikes: [Strike] { state.withLock { $0.strikes } }

    /// Known without waiting, so that a simulator without faults does not pay for them.
    var isEmpty: Bool { !hasEntries.load(ordering: .sequentiallyConsistent) }

    /// The faults that strike now. Each one whose command and occasion these are counts this as an opportunity.
    func strike(_ occasions: Set<Fault.Occasion>, command: String, time: String) -> [Struck] {
        let struck = state.withLock { state in
            var struck: [Struck] = []
            for place in state.entries.indices {
                let fault = state.entries[place].fault
                guard occasions.contains(fault.kind.occasion),
                    fault.when.command.map({ Fault.longName($0) == Fault.longName(command) }) ?? true
                else { continue }
                state.entries[place].seen += 1
                guard state.entries[place].seen > fault.when.after, state.entries[place].struck < fault.when.times ?? .max,
                    fault.when.probability >= 1 || state.entries[place].random.uniform() < fault.when.probability
                else { continue }
                state.entries[place].struck += 1
                struck.append(Struck(kind: fault.kind, salt: state.entries[place].random.next()))
                state.strikes.append(Strike(time: time, command: command, kind: fault.kind.name))
            }
            if state.strikes.count > Self.longestHistory { state.strikes.removeFirst(state.strikes.count - Self.longestHistory) }
            return struck
        }
        for fault in struck {
            logger.notice(
                "fault", metadata: ["simulator.time": "\(time)", "simulator.command": "\(command)", "simulator.kind": "\(fault.kind.name)"])
        }
        return struck
    }

    func stayBusy(seconds: Double) {
        guard seconds > 0 else { return }
        state.withLock { $0.busyUntil = ContinuousClock.now + .seconds(seconds) }
    }
    var isBusy: Bool { state.withLock { $0.busyUntil.map { ContinuousClock.now < $0 } ?? false } }

    /// The faults with how often each could have struck and did, and what has struck.
    public var json: JSONValue {
        state.withLock { state in
            let faults = state.entries.map { entry -> JSONValue in
                var object = entry.fault.json.object ?? [:]
                object["opportunities"] = .integer(entry.seen)
                object["struck"] = .integer(entry.struck)
                return .object(object)
            }
            let strikes = state.strikes.map { strike -> JSONValue in
                ["time": .string(strike.time), "command": .string(strike.command), "kind": .string(strike.kind)]
            }
            return ["faults": .array(faults), "strikes": .array(strikes)]
        }
    }
}
