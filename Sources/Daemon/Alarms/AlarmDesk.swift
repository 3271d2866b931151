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
                    for await alarm in lane.alarms where await self.deliver(alarm, to: lane.receiver, report: report) {
                        await settled(alarm, lane.receiver.name)
                    }
                }
            }
            await group.waitForAll()
        }
    }

    /// Whether nothing is owed any more; it is where the desk is cancelled before.
    private func deliver(_ alarm: Alarm, to receiver: any AlarmReceiver, report: @Sendable (String) async -> Void) async -> Bool {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await receiver.send(alarm)
                if failures > 0 { await report("\(receiver.name) has taken alarm \(alarm.id) after \(failures) attempt\(failures == 1 ? "" : "s") that failed") }
                return true
            } catch {
                guard !Task.isCancelled else { return false }
                failures += 1
                let failure = error as? AlarmFailure
                let words = failure?.description ?? "\(receiver.name) did not take an alarm"
                if failure?.isPermanent == true {
                    await report("\(words); alarm \(alarm.id) is given up there, for it would be refused again")
                    return true
                }
                if failures == 1 { await report("\(words); it is tried again") }
                // Cancelled, the loop ends.
                try? await Task.sleep(for: pauses[min(failures, pauses.count) - 1])
            }
        }
        return false
    }
}
