import Foundation
import Store
import Workflow

/// What a session reports goes into the log and the status; steps are timed and watched.
extension SessionService {
    /// Takes the next event of the session that runs.
    func take(_ event: RunEvent) async {
        guard let session = current?.session.id else { return }
        do {
            switch event {
            // It is connected to SerialEM.
            case .sessionStarted: try await store.setWorked()
            case .started(let id, let title, _): try await begin(id, title: title, of: session)
            case .expected(let id, let within, let basis): expect(id, within: within, basis: basis)
            case .finished(let id, _, let duration):
                let own = current.flatMap { running in running.steps.first { $0.id == id }.map { duration - running.delayed(of: $0, at: .now) } }
                current?.steps.removeAll { $0.id == id }
                current?.stepsDone += 1
                // What was in the way of an acquisition is over with it.
                if id.kind == "acquisition" { current?.obstacle = nil }
                try await store.finish(id, of: session, took: max(.zero, own ?? duration))
            case .recovered(let id, _): try await store.finish(id, of: session, took: nil)
            case .failed(let id, _, _), .interrupted(let id, _):
                current?.steps.removeAll { $0.id == id }
                // What stood in its way is asked for anew before the next step.
                current?.obstacle = nil
                try await store.leave(id, of: session)
            case .progress(let phase, let done, let total):
                current?.phase = phase
                current?.fraction = total > 0 ? done / total : nil
            case .gridStarted(_, let name): current?.grid = name
            case .waiting(let what):
                // Before its first step, as for an acquisition that an earlier life of the service began.
                guard current?.steps.isEmpty == true else { break }
                current?.phase = what
                current?.fraction = nil
            case .obstructed(let text, let next):
                current?.obstacle = text
                try await alarm(text, next: next, kind: "interlock", session: current?.session)
            case .gridFailed(let slot, let name, let reason, let next):
                current?.steps = []
                current?.obstacle = nil
                try await alarm("Grid \(name) (slot \(slot)) is skipped: \(reason)", next: next, kind: "grid", session: current?.session)
            case .lamellaeFailed(let slot, let name, let row, let reason, let next):
                try await alarm("\(row) lamellae of grid \(name) (slot \(slot)) in a row failed, the last one with: \(reason)", next: next, kind: "grid", session: current?.session)
            case .cleared: current?.obstacle = nil
            case .delayed(let reason): current?.beginDelay(reason, at: .now)
            case .delayOver: current?.endDelay(at: .now)
            case .takenBack(let part): try await store.settled(part, of: session)
            case .lamellaeKnown(let slot, let numbers): current?.lamellae[slot] = numbers
            case .held(_, let reason):
                current?.isWaiting = true
                try await store.set(session, to: .paused, reason: reason, at: .now)
            case .released:
                current?.isWaiting = false
                current?.obstacle = nil
                try await store.set(session, to: .running, reason: nil, at: .now)
            case .inspecting(let inspection):
                current?.inspection = inspection
                try await alarm(
                    inspection.request, next: inspection.next, kind: "inspection", session: current?.session, image: inspection.picture)
            case .inspectionReminder(let inspection):
                try await alarm(
                    "Still: \(inspection.request)", next: inspection.next, kind: "reminder", session: current?.session,
                    image: inspection.picture)
            case .inspected: current?.inspection = nil
            case .asking(let question):
                current?.question = question
                try await alarm(question.request, next: question.next, kind: "question", session: current?.session, step: question.title)
            case .questionReminder(let question):
                try await alarm("Still: \(question.request)", next: question.next, kind: "reminder", session: current?.session, step: question.title)
            case .answered: current?.question = nil
            case .microscopeLeft(let isSafe): current?.isSafe = isSafe
            default: break
            }
            guard let line = event.logged else { return }
            try await log(line.text, kind: line.kind, level: line.level, session: session)
        } catch {
            // The session has its own journal and log; it must not stop because the service's cannot be written.
            report(error)
        }
    }

    private func begin(_ id: StepIdentifier, title: String, of session: Int64) async throws {
        if let place = current?.plan?.place(of: id) {
            let farthest = current?.place.map { max($0, place) } ?? place
            current?.place = farthest
        }
        let median = try? await store.medianTime(ofStep: id.kind)
        var (limit, basis) = stepLimit.limit(median: median)
        if id.kind == "acquisition", median == nil, let hours = current?.acquisitionLimit {
            (limit, basis) = (hours, "acquisition_hours of the settings")
        }
        current?.steps.removeAll { $0.id == id }
        current?.steps.append(
            CurrentSession.Step(id: id, title: title, begin: ContinuousClock.now, limit: limit, usual: median, basis: basis))
        try await store.begin(id, title: title, grid: current?.grid, of: session, at: .now)
    }

    /// Where none was done here before, a step has the limit of what is asked of it.
    private func expect(_ id: StepIdentifier, within limit: Duration, basis: String) {
        guard let index = current?.steps.lastIndex(where: { $0.id == id && $0.usual == nil }) else { return }
        // A person's own limit is not exceeded by a reckoning.
        let least = min(limit, current?.acquisitionLimit ?? limit)
        current?.steps[index].limit = least
        current?.steps[index].basis = basis
    }

    /// Raises an alarm for each step that takes longer than it should, and again now and then, until it is cancelled.
    func watchSteps() async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: stepLimit.interval)
                try await raiseAlarms()
            } catch is CancellationError {
                return
            } catch {
                report(error)
            }
        }
    }

    private func raiseAlarms() async throws {
        guard let running = current else { return }
        let now = ContinuousClock.now
        for (index, step) in running.steps.enumerated() {
            let time = now - step.begin - running.delayed(of: step, at: now)
            guard time > step.limit else { continue }
            if let told = step.told, now - told.time < stepLimit.reminder { continue }
            current?.steps[index].told = CurrentSession.Told(time: now, phase: running.phase, fraction: running.fraction)
            let took = "'\(step.title)' of session '\(running.session.name)' has run for \(words(time)), longer than its limit of \(words(step.limit))"
            let text = step.told.map { "Still: \(took); \($0.changes(to: running))." } ?? "\(took) (\(step.basis))."
            let look = step.id.isAnalysis ? "what this computer, or the workers, are busy with" : "SerialEM"
            try await alarm(text, next: "The session waits for it; look at \(look).", kind: "overdue", session: running.session, step: step.title)
        }
    }
}

extension RunEvent {
    /// What the service's log has of it; nil for what only moves the progress line.
    var logged: (text: String, kind: String, level: LoggedEvent.Level)? {
        switch self {
        case .sessionStarted(let text): ("begins: \(text)", "run", .note)
        case .sessionEnded(let text): ("ends: \(text)", "run", .note)
        case .gridStarted(let slot, let name): ("grid \(name) (slot \(slot))", "grid", .note)
        case .started(_, let title, _): ("begin: \(title)", "step", .note)
        case .finished(_, let title, let duration): ("done: \(title) (\(words(duration)))", "step", .note)
        case .skipped(_, let title): ("was done: \(title)", "step", .note)
        case .recovered(_, let title): ("had happened: \(title)", "step", .note)
        case .failed(_, let title, let reason): ("failed: \(title): \(reason)", "step", .warning)
        case .interrupted(_, let title): ("cut: \(title)", "step", .note)
        case .held(let checkpoint, let reason): ("waits \(checkpoint): \(reason)", "pause", .note)
        case .released(let checkpoint): ("goes on \(checkpoint)", "pause", .note)
        case .leftOut(let what, let reason): ("\(what) is skipped: \(reason)", "skip", .note)
        case .takenBack(let part): ("\(part) is not skipped any more", "skip", .note)
        case .cleared(let text): (text, "interlock", .note)
        case .inspected(let inspection, let outcome): ("\(inspection.what): \(outcome)", "inspection", .note)
        case .answered(let question, let outcome): ("\(question.what): \(outcome)", "question", .note)
        case .note(let text): (text, "note", .note)
        case .warning(let text): (text, "warning", .warning)
        case .progress, .waiting, .expected, .lamellaeKnown, .microscopeLeft, .obstructed, .delayed, .delayOver, .gridFailed, .lamellaeFailed, .inspecting, .inspectionReminder, .asking, .questionReminder: nil
        }
    }
}
