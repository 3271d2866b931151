import Foundation
package import Microscope

/// What an acquisition that SerialEM does by itself shows of itself: whether it answers, and PACEtomo's files.
package struct AcquisitionWatch: Sendable {
    /// What goes into the step, and comes back out of the journal.
    struct Input: Codable, Sendable {
        let areas: [TargetedLamella.Area]
        let script: Int

        /// Whether it was begun with a lamella.
        func holds(lamella number: Int) -> Bool { areas.contains { PlannedArea.lamella(ofArea: $0.name) == number } }
    }

    private let grid: String
    private let folder: String
    private let areas: [TargetedLamella.Area]
    private let hours: Double
    private let listener = AcquisitionListener()

    init(_ areas: [TargetedLamella.Area], of folder: GridFolder, hours: Double) {
        self.areas = areas
        self.folder = folder.path
        self.hours = hours
        grid = folder.grid
    }

    /// How long it is waited for, by the settings.
    package var limit: Duration { .seconds(hours * 3600) }

    /// The acquisition that a session began last and whose end it has not seen; nil where there is none. One that was cut on an
    /// earlier grid may be left open while another grid is acquired.
    ///
    /// - Parameter entry: reads the journal.
    package static func underWay(
        _ settings: SessionSettings, entry: (StepIdentifier) async throws -> JournalEntry?
    ) async throws -> AcquisitionWatch? {
        var last: (slot: Int, begun: JournalEntry)?
        for slot in settings.gridList {
            guard let begun = try await entry(.grid(slot, "acquisition")), begun.state != .done else { continue }
            // Grids come in the order of the list: of two that were begun in the same second the later one is meant.
            if last.map({ $0.begun.intended <= begun.intended }) ?? true { last = (slot, begun) }
        }
        guard let (slot, begun) = last else { return nil }
        let name = try await entry(.grid(slot, "name"))?.output.flatMap { try? JSONDecoder().decode(String.self, from: $0) }
        return AcquisitionWatch(
            input(of: begun)?.areas ?? [], of: GridFolder(session: settings.sessionFolder, grid: name ?? "grid \(slot)"), hours: settings.of(grid: slot).acquisitionHours)
    }

    /// Whether an acquisition that was begun was begun with a lamella; nil where the journal of an earlier build does not tell.
    package static func wasBegun(_ acquisition: JournalEntry, with lamella: Int) -> Bool? { input(of: acquisition)?.holds(lamella: lamella) }

    /// Journals of earlier builds tell less.
    static func input(of acquisition: JournalEntry) -> Input? { acquisition.input.json.flatMap { try? JSONDecoder().decode(Input.self, from: $0) } }

    /// How far it is.
    var progress: RunEvent { .progress(phase: "\(grid), acquiring", done: Double(finished), total: Double(total)) }

    /// Tilt series of areas that are finished.
    private var finished: Int { areas.filter { AreaRun(area: $0.name, in: folder).state == .finished }.reduce(0) { $0 + $1.targets } }
    private var total: Int { areas.reduce(0) { $0 + $1.targets } }

    /// What to tell of it.
    package func look(_ sign: AcquisitionSign, after waited: Duration) -> [RunEvent] {
        var events: [RunEvent] = [progress, .waiting("\(finished) of \(total) tilt series after \(words(waited))")]
        switch listener.hear(sign, after: waited, written: { newestFile() }) {
        case .trouble(let words):
            events.append(.obstructed("Grid \(grid): \(words).", next: "The session waits for the acquisition, for \(hours.formatted()) hours at most."))
        case .over(let words): events.append(.cleared("Grid \(grid): \(words)"))
        case nil: break
        }
        return events
    }

    /// When something was written last in the grid's folder: PACEtomo writes with each tilt.
    private func newestFile() -> Date? {
        let keys: Set<URLResourceKey> = [.contentModificationDateKey]
        let files = try? FileManager.default.contentsOfDirectory(at: URL(fileURLWithPath: folder), includingPropertiesForKeys: Array(keys))
        return files?.compactMap { try? $0.resourceValues(forKeys: keys).contentModificationDate }.max()
    }
}
