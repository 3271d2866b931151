import Foundation
import ImageFiles
import Microscope
import Navigator
import Units

/// Maps of lamellae of which nobody can tell whether they are what they should be: a part may have been exposed without being
/// saved, or the beam was lost meanwhile. People are asked, or the settings say what becomes of them.
extension GridSession {
    /// What became of a lamella's map.
    func evidence<Input>(ofMap number: Int, _ request: MontageRequest) async throws -> Step<Input, String>.Evidence {
        if let left: Step<Input, String>.Evidence = try await evidence(ofMapOfEarlierLoading: number, request) { return left }
        let evidence: Step<Input, String>.Evidence = try await evidence(of: request, setup: mediumSetup)
        if case .happened = evidence { try await place(mapOf: number, request) }
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

    /// The loading in which a map was begun.
    private func loadingStep(ofMap number: Int) -> StepIdentifier { .lamella(slot, number, "medium-map-loading") }

    /// Writes down in which loading a map is begun: its pieces, and the item that SerialEM makes of them, are where the grid lies now.
    func noteLoading(ofMap number: Int) async throws {
        guard let loading else { return }
        try await engine.finish(part: loadingStep(ofMap: number), input: number, output: loading.number, products: [])
    }

    /// The loading in which a map was begun, if that was another one.
    private func earlierLoading(ofMap number: Int) async throws -> Int? {
        guard let loading, let begun = try await engine.lastOutput(of: loadingStep(ofMap: number), as: Int.self), begun != loading.number else { return nil }
        return begun
    }

    /// A montage that was begun before the grid was loaded again, and is not whole, cannot be gone on with where it was; nil for every other.
    private func evidence<Input>(ofMapOfEarlierLoading number: Int, _ request: MontageRequest) async throws -> Step<Input, String>.Evidence? {
        let path = folder.inFolder(request.file)
        guard try await earlierLoading(ofMap: number) != nil, FileManager.default.fileExists(atPath: path), !Self.isWholeMontage(path) else { return nil }
        // Left open, it would be gone on with where the grid does not lie any more.
        try await microscope.closeMap(request)
        guard let sections = try? MRCFile.header(path).sections, sections > 0 else { return .didNotHappen }
        return .unknown(
            "\(path) was begun before the grid was loaded again, and what is not in it cannot be taken where it would have been", evidence: try await knownOfMap(path))
    }

    /// Puts the item of a map that was made just now, of a montage of an earlier loading, where that lies now.
    func place(mapOf number: Int, _ request: MontageRequest) async throws {
        // One that was made in time came with the grid, and says so.
        guard let begun = try await earlierLoading(ofMap: number), let loading,
            try await bare.navigator().items.contains(where: { $0.kind == .map && $0.note == request.file && $0.sinceTaken == nil })
        else { return }
        let asBegun = Loading(number: begun, mapped: loading.mapped, mapIsStale: false, isFresh: false)
        var then = Placement.asMapped
        if begun != loading.mapped {
            let found = try await realignment(begun)
            if let found { then = found.placement } else { then = try await placement(before: asBegun) }
        }
        let change = then.back(then: await placed.placement)
        _ = try await bare.editNavigator { file in
            for index in file.items.indices where file.items[index].kind == .map && file.items[index].note == request.file && file.items[index].sinceTaken == nil {
                file.items[index].put(change.map, rise: change.rise)
                file.items[index].noteReload(change.map)
            }
        }
        engine.note(.note("the map of lamella \(number) was taken before the grid was loaded again; it is put where the lamella is now"))
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
