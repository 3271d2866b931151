/// Grids and lamellae that people had left out and took back.
extension Session {
    /// So often at most grids are gone through again at the end; people take back a few things.
    static var mostRounds: Int { 100 }

    /// A grid that was gone through and of which something was passed by that people took back since. What PACEtomo was given without
    /// it stays so.
    func gridTakenBack(in reports: [GridReport]) async throws -> Int? {
        for report in reports where try await hasTakenBack(report) { return report.slot }
        return nil
    }

    private func hasTakenBack(_ report: GridReport) async throws -> Bool {
        if report.isSkippedByPeople, try await !supervisor.isLeftOut(.grid(slot: report.slot)) { return true }
        return try await !lamellaeTakenBack(in: report).isEmpty
    }

    /// The lamellae that people left out of a grid and took back since.
    func lamellaeTakenBack(in report: GridReport) async throws -> [Int] {
        let skipped = report.lamellae.filter { $0.isSkipped ?? false }.map(\.number)
        let acquisition = try await engine.journal.entry(for: .grid(report.slot, "acquisition"))
        return try await inForce(skipped.filter { number in acquisition.map { AcquisitionWatch.wasBegun($0, with: number) ?? false } ?? true }, report.slot)
    }

    /// Those of some lamellae that people do not leave out.
    func inForce(_ numbers: [Int], _ slot: Int) async throws -> [Int] {
        var kept: [Int] = []
        for number in numbers where try await !supervisor.isLeftOut(.lamella(slot: slot, number: number, before: .mapping)) { kept.append(number) }
        return kept
    }
}
