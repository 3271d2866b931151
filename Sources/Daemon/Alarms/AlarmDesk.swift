/// Tells every receiver of every alarm, each at its own pace: one that is down is tried again and holds up nobody; what one
/// refuses for good is given up.
package final class AlarmDesk: Sendable {
    /// One receiver and the alarms that it has not been told of.
    private struct Lane: Sendable {
        let receiver: any AlarmReceiver
        let alarms: AsyncStream<Alarm>
        let continuation: AsyncStream<Alarm>.Continuation
    }
    private let lanes: [Lane]
    private let pauses: [Duration]

    /// A night of alarms; of more the oldest are given up.
    static let most = 500

    /// - Parameter pauses: after each failure; the last one counts for all that follow.
    package init(
        _ receivers: [any AlarmReceiver], pauses: [Duration] = [.seconds(10), .seconds(60), .seconds(300), .seconds(900)]
    ) {
        self.pauses = pauses.isEmpty ? [.seconds(60)] : pauses
        lanes = receivers.map { receiver in
            let (alarms, continuation) = AsyncStream.makeStream(of: Alarm.self, bufferingPolicy: .bufferingNewest(Self.most))
            return Lane(receiver: receiver, alarms: alarms, continuation: continuation)
        }
    }

    /// Who is told.
    var names: [String] { lanes.map(\.receiver.name) }

    /// Takes an alarm for one receiver, or for all; returns at once.
    func take(_ alarm: Alarm, for receiver: String? = nil) {
        for lane in lanes where receiver == nil || lane.receiver.name == receiver { lane.continuation.yield(alarm) }
    }

    /// Delivers until it is cancelled.
    ///
    /// - Parameters:
    ///   - settled: told of each alarm that a receiver, by its name, has taken, or has refused for good.
    ///   - report: told when a receiver does not take an alarm, and when it does again.
    func run(
        settled: @escaping @Sendable (Alarm, String) async -> Void, report: @escaping @Sendable (String) async -> Void
    ) async {
        await withTaskGroup(of: Void.self) { group in
            for lane in lanes {
                group.addTask {
                    var failures: [Int64: Int] = [:]
                    for await alarm in lane.alarms {
                        switch await self.deliver(alarm, after: failures[alarm.id] ?? 0, to: lane.receiver, report: report) {
                        case .settled:
                            failures[alarm.id] = nil
                            await settled(alarm, lane.receiver.name)
                        case .later(let count):
                            // It may be this one alone that is not taken: the others go first.
                            failures[alarm.id] = count
                            lane.continuation.yield(alarm)
                        case .cancelled: return
                        }
                    }
                }
            }
            await group.waitForAll()
        }
    }

    private enum Delivery {
        /// Taken, or refused for good.
        case settled
        /// Not yet, after so many attempts.
        case later(Int)
        case cancelled
    }

    /// Tries until an alarm is taken, or all pauses were made; one that was put off before is tried once.
    private func deliver(_ alarm: Alarm, after earlier: Int, to receiver: any AlarmReceiver, report: @Sendable (String) async -> Void) async -> Delivery {
        var failures = earlier
        while !Task.isCancelled {
            do {
                try await receiver.send(alarm)
                if failures > 0 { await report("\(receiver.name) has taken alarm \(alarm.id) after \(failures) attempt\(failures == 1 ? "" : "s") that failed") }
                return .settled
            } catch {
                guard !Task.isCancelled else { return .cancelled }
                failures += 1
                let failure = error as? AlarmFailure
                let words = failure?.description ?? "\(receiver.name) did not take an alarm"
                if failure?.isPermanent == true {
                    await report("\(words); alarm \(alarm.id) is given up there, for it would be refused again")
                    return .settled
                }
                if failures == 1 { await report("\(words); it is tried again") }
                // Cancelled, the loop ends.
                try? await Task.sleep(for: pauses[min(failures, pauses.count) - 1])
                if failures >= pauses.count, !Task.isCancelled { return .later(failures) }
            }
        }
        return .cancelled
    }
}
