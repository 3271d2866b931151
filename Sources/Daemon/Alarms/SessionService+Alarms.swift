import Foundation
import Store
import Workflow

/// What people are told, and told again while it waits for them.
extension SessionService {
    /// What people are to be told.
    struct Notice: Sendable {
        let alarm: @Sendable (Int64, Date) -> Alarm
        let owed: OwedAlarm
        var line: String { "ALARM      \(alarm(0, .distantPast).text) \(alarm(0, .distantPast).next)" }
    }

    /// - Parameters:
    ///   - image: the picture to look at; the newest of the grid if nil.
    ///   - grid: the one that it is about; that on the stage if nil.
    ///   - step: what was being done; what is being done if nil.
    func notice(
        _ text: String, next: String, kind: String, session: QueuedSession?, image: String? = nil, grid: String? = nil, step: String? = nil
    ) -> Notice {
        let grid = grid ?? current?.grid
        let step = step ?? current?.steps.last?.title
        let image = image ?? session.flatMap { Self.lastImage(in: $0.folder, grid: grid) }
        let alarm: @Sendable (Int64, Date) -> Alarm = { id, time in
            Alarm(
                id: id, time: time, kind: kind, text: text, session: session?.id, sessionName: session?.name, grid: grid,
                step: step, lastImage: image, next: next)
        }
        return Notice(
            alarm: alarm,
            owed: OwedAlarm("\(text) \(next)", kind: kind, session: session?.id, owedTo: desk.names) { try APICoding.encoded(alarm($0.id, $0.time)) })
    }

    /// Adds an alarm to the log and hands it to those who deliver it; waits for nobody.
    func alarm(
        _ text: String, next: String, kind: String, session: QueuedSession?, image: String? = nil, grid: String? = nil, step: String? = nil
    ) async throws {
        try await tell(notice(text, next: next, kind: kind, session: session, image: image, grid: grid, step: step))
    }

    func tell(_ notice: Notice) async throws {
        terminal.show(notice.line)
        do {
            let event = try await store.logAlarm(notice.owed, at: .now)
            changes.send()
            desk.take(notice.alarm(event.id, event.time))
        } catch {
            // Above all when the log cannot be written, people have to know.
            desk.take(notice.alarm(0, .now))
            throw error
        }
    }

    /// Writes down how a session ended with all that follows from it, at once, and tells people.
    func end(
        _ session: QueuedSession, as state: QueuedSession.State, reason: String?, hold: String? = nil, isUnsafe: Bool, telling notices: [Notice]
    ) async throws {
        // What a person asked for before is not written over it later.
        try await writeWish()
        let events = try await store.end(
            session.id, as: state, reason: reason, at: .now, hold: hold.map { Standstill.Hold(reason: $0, session: session.id) }, isUnsafe: isUnsafe,
            alarms: notices.map(\.owed))
        if isUnsafe { unsafeGivenUp = nil }
        for (notice, event) in zip(notices, events) {
            terminal.show(notice.line)
            desk.take(notice.alarm(event.id, event.time))
        }
        changes.send()
    }

    /// Hands over what an earlier service could not deliver; before anything can raise a new alarm.
    func takeUndelivered() async {
        await attempt { try await store.forgetUndelivered(except: desk.names) }
        do {
            for receiver in desk.names {
                for message in try await store.undelivered(to: receiver, most: AlarmDesk.most) {
                    desk.take(try APICoding.decoded(Alarm.self, from: message), for: receiver)
                }
            }
        } catch {
            report(error)
        }
    }

    /// Delivers alarms until it is cancelled.
    func deliverAlarms() async {
        await desk.run { alarm, receiver in
            do { try await self.store.setDelivered(alarm.id, to: receiver) } catch { await self.report(error) }
        } report: { problem in
            // What cannot be logged is shown.
            do { try await self.log(problem, kind: "alarm", level: .warning) } catch { await self.report(error) }
        }
    }

    /// The newest picture of a grid, or else its newest map.
    static func lastImage(in session: String, grid: String?) -> String? {
        guard let grid else { return nil }
        let folder = "\(session)/\(grid)"
        for (place, ending) in [("\(folder)/SPACE_maps", ".png"), (folder, ".mrc")] {
            // A folder that is not there yet has no image.
            let files = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
            let dated = files.filter { $0.hasSuffix(ending) }.compactMap { file -> (path: String, date: Date)? in
                let path = "\(place)/\(file)"
                let date = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
                return date.map { (path, $0) }
            }
            if let newest = dated.max(by: { $0.date < $1.date }) { return newest.path }
        }
        return nil
    }

    /// What waits for a person, if anything does, and what happens if nobody comes.
    private func waiting() async throws -> (what: String, next: String)? {
        if let running = current {
            // Of a gate the session itself reminds, as its settings say.
            if running.inspection != nil || running.question != nil, !running.helm.isPaused { return nil }
            if let obstacle = running.obstacle { return (obstacle, "The session looks again by itself.") }
            if running.isWaiting { return ("session '\(running.session.name)' waits for a person", "It waits until somebody lets it go on: tomopilot resume.") }
            return nil
        }
        if let wait = safetyWait { return (wait.text, "The queue waits for that; tomopilot resume lets it go on without, tomopilot abort ends the wait.") }
        let still = try await standstill()
        guard let hold = still.words else { return nil }
        // Who has stopped the last session knows it.
        if still.unsafe == nil, hold.hasSuffix("by a person"), try await store.sessions().isEmpty { return nil }
        return ("the queue is held: \(hold)", "It waits until somebody resumes it: tomopilot resume.")
    }

    /// Tells people again of what waits for them, until it is cancelled.
    func remind(every interval: Duration) async {
        let clock = ContinuousClock()
        var known: (what: String, since: ContinuousClock.Instant, told: ContinuousClock.Instant)?
        while !Task.isCancelled {
            // Cancelled, the loop ends.
            try? await clock.sleep(for: min(interval, .seconds(30)))
            do {
                guard let (what, next) = try await waiting() else {
                    known = nil
                    continue
                }
                guard let last = known, last.what == what else {
                    known = (what, clock.now, clock.now)
                    continue
                }
                guard clock.now - last.told >= interval else { continue }
                known?.told = clock.now
                try await alarm(
                    "Still, after \(words(clock.now - last.since)): \(what)\(what.hasSuffix(".") ? "" : ".")", next: next, kind: "reminder",
                    session: current?.session)
            } catch is CancellationError {
                return
            } catch {
                report(error)
            }
        }
    }
}
