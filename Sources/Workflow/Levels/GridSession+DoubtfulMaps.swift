import ImageFiles
import Microscope
import Navigator
import Units

/// Maps of lamellae of which nobody can tell whether they are what they should be: a part may have been exposed without being
/// saved, or the beam was lost meanwhile. People are asked, or the settings say what becomes of them.
extension GridSession {
    /// What became of a lamella's map.
    func evidence<Input>(ofMap number: Int, _ request: MontageRequest) async throws -> Step<Input, String>.Evidence {
        let evidence: Step<Input, String>.Evidence = try await evidence(of: request, setup: mediumSetup)
        switch evidence {
        case .happened where try await isDark(map: number):
            return .unknown("the beam was lost while it was taken, and it may be dark", evidence: countsOfMap(number))
        case .partly(let words, _, _, let finish):
            // STOP and a full disk end a montage between an exposure and its piece in the file.
            return .partly(
                words, doubt: "the piece after them may have been exposed and not saved, and is exposed again then",
                evidence: ["the montage is open in SerialEM, which goes on at the first piece that its file lacks"]
            ) { [self] in
                try await noteUnsavedPiece(of: request)
                try await notingDarkness(ofMap: number) { _ = try await finish() }
                return request.file
            }
        default: return evidence
        }
    }

    /// As long as nobody has said what becomes of a map that may be dark, this part of its step is begun in the journal.
    private func darkness(ofMap number: Int) -> StepIdentifier { .lamella(slot, number, "medium-map-dark") }

    func isDark(map number: Int) async throws -> Bool { try await engine.isBegun(part: darkness(ofMap: number)) }

    func settleDarkness(ofMap number: Int) async throws {
        guard try await isDark(map: number) else { return }
        try await engine.finish(part: darkness(ofMap: number), input: number, output: "", products: [])
    }

    /// Does something that exposes for a map, and writes down where the beam was lost meanwhile.
    func notingDarkness(ofMap number: Int, _ body: @Sendable () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as WorkflowError where error.code == .dark {
            try await engine.intend(part: darkness(ofMap: number), input: number)
            throw error
        }
    }

    /// A piece that was exposed, or may have been, and is in no file counts like those of its map that are.
    func noteUnsavedPiece(of request: MontageRequest) throws {
        guard let montage = MontageDose(montage: folder.inFolder(request.file)), montage.images > 0 else { return }
        let dose = montage.isKnown ? Dose(montage.sum.value / Double(montage.images)) : nil
        try ExposureBook(folder: folder.path, grid: folder.grid).append(
            [ExposureRun(images: 1, dosePerImage: dose, isCounted: false)], for: .unsavedPiece, of: nil)
    }

    /// Takes the navigator's item of a map away that is taken again.
    func forget(map request: MontageRequest) async throws {
        _ = try await microscope.editNavigator { file in file.items.removeAll { $0.kind == .map && $0.note == request.file } }
    }

    /// How bright a map is beside those of the other lamellae.
    private func countsOfMap(_ number: Int) -> [String] {
        func mean(_ number: Int) -> Double? { (try? MRCFile.header(folder.inFolder(folder.mediumFile(number)))).map { Double($0.mean) } }
        guard let own = mean(number) else { return [] }
        let others = lamellae.map(\.number).filter { $0 != number }.compactMap(mean).sorted()
        guard let least = others.first, let most = others.last else { return ["its mean is \(Int(clamped(own))) counts"] }
        return ["its mean is \(Int(clamped(own))) counts, and \(others.count == 1 ? "that of the other lamella" : "those of \(others.count) other lamellae") \(Int(clamped(least)))" + (others.count == 1 ? "" : " to \(Int(clamped(most)))")]
    }
}
