import Foundation
import Microscope

/// Grids are bound to the slot and the name that the first run found: whatever a person does in the cassette meanwhile, no
/// grid is taken for another.
extension Session {
    /// A grid as the cassette called it when the session first looked.
    struct GridIdentity: Codable, Sendable, Hashable {
        let slot: Int
        /// nil where the autoloader tells none.
        let name: String?
    }

    /// Reads the cassette, and writes down which grids the slots of the settings hold unless an earlier run did. A slot that
    /// does not hold what it held is named now, and refused when its turn comes.
    func readCassette(_ microscope: any Microscope) async throws {
        for slot in settings.gridList {
            let found = try await microscope.cassetteSlot(slot)
            guard found.place == .cassette || found.place == .stage else { continue }
            guard let known = try await identity(of: slot) else {
                let identity = GridIdentity(slot: slot, name: found.name)
                _ = try await engine.run(
                    Step(.grid(slot, "identity"), title: "Read which grid slot \(slot) holds", input: slot) { identity })
                if found.name == nil {
                    report(.note("slot \(slot) holds a grid without a name; only its slot can be checked"))
                }
                continue
            }
            if try await isOther(found, than: known) { report(.warning(try await changed(slot, from: known, to: found, microscope))) }
        }
    }

    private func identity(of slot: Int) async throws -> GridIdentity? {
        try await engine.lastOutput(of: .grid(slot, "identity"), as: GridIdentity.self)
    }

    /// What the cassette says of a slot now, if it is the grid that it was.
    ///
    /// - Throws: ``WorkflowError`` with the code `wrongGrid`, before anything is loaded.
    func identified(_ slot: Int, microscope: any Microscope) async throws -> CassetteSlot {
        let found = try await microscope.cassetteSlot(slot)
        switch found.place {
        case .noSuchSlot:
            throw WorkflowError.refused("SerialEM knows no cassette slot \(slot); grid_list must name slots of the cassette.")
        case .notInCassette where try await loadings(of: slot) == 0:
            throw WorkflowError.refused("Cassette slot \(slot) is empty; grid_list must name occupied slots.")
        case .cassette, .stage, .notInCassette: break
        }
        if let wanted = settings.grids?[slot]?.name, wanted != found.name {
            throw WorkflowError.wrongGrid(
                "Slot \(slot) holds \(Self.words(found.name)), and grids says '\(wanted)'; nothing was loaded or exposed for it. "
                    + "Put '\(wanted)' there, or change its name in grids.")
        }
        if let known = try await identity(of: slot), try await isOther(found, than: known) {
            throw WorkflowError.wrongGrid(try await changed(slot, from: known, to: found, microscope))
        }
        return found
    }

    /// Where no name was told at first, a grid is another only if its name belongs to another slot.
    private func isOther(_ found: CassetteSlot, than known: GridIdentity) async throws -> Bool {
        guard known.name == nil, let name = found.name else { return known.name != found.name }
        for slot in settings.gridList where slot != known.slot {
            if try await identity(of: slot)?.name == name { return true }
        }
        return false
    }

    private static func words(_ name: String?) -> String { name.map { "'\($0)'" } ?? "a grid without a name" }

    /// Says in one sentence what changed in a slot, and where its grid is now.
    private func changed(_ slot: Int, from known: GridIdentity, to found: CassetteSlot, _ microscope: any Microscope) async throws -> String {
        var place = ""
        if let name = known.name {
            for other in settings.gridList where other != slot {
                if try await microscope.cassetteSlot(other).name == name { place = ", which is in slot \(other) now" }
            }
        }
        return "Slot \(slot) holds \(Self.words(found.name)), and the session began with \(Self.words(known.name)) there\(place); nothing is "
            + "loaded or exposed for it. Put the cassette back as it was, or use another session_dir."
    }

    /// What can be a part of every file's name, also for PACEtomo and SerialEM: `Zürich 3` becomes `Zurich_3`.
    static func plain(_ name: String) -> String {
        String(
            String.UnicodeScalarView(
                name.decomposedStringWithCanonicalMapping.unicodeScalars.compactMap { scalar in
                    if scalar.properties.generalCategory == .nonspacingMark { return nil }
                    return scalar.isASCII && (scalar.properties.isAlphabetic || ("0" ... "9").contains(scalar) || "-_".unicodeScalars.contains(scalar)) ? scalar : "_"
                }))
    }

    /// The grid's name is read while the cartridge is in the cassette; on the stage its slot may read empty.
    func gridName(_ slot: Int, microscope: any Microscope) async throws -> String {
        try await engine.run(
            Step(.grid(slot, "name"), title: "Read the name of grid \(slot)", input: slot) {
                let found = try await microscope.cassetteSlot(slot)
                let plain = Self.plain(found.name ?? "")
                let name = plain.isEmpty ? "G\(twoDigits(slot))" : NameLength.cut(plain)
                // Two grids of one name would share a folder, and the second replace the files of the first.
                for other in settings.gridList where other != slot {
                    if try await engine.lastOutput(of: .grid(other, "name"), as: String.self) == name {
                        return "\(name)_S\(twoDigits(slot))"
                    }
                }
                return name
            })
    }
}

/// Loading: the autoloader is asked every time, for the journal does not know where a grid is.
extension Session {
    private static func load(_ slot: Int, _ number: Int) -> StepIdentifier { .grid(slot, number == 1 ? "load" : "load-\(number)") }

    /// How often the grid of a slot was brought to the stage, or begun to be.
    private func loadings(of slot: Int) async throws -> Int {
        var number = 0
        while try await engine.wasBegun(Self.load(slot, number + 1)) { number += 1 }
        return number
    }

    /// Loads the grid unless it is on the stage, or as the way says.
    func bringToStage(_ slot: Int, _ way: WayToStage, microscope: any Microscope) async throws -> Loading {
        let anew = way == .anew
        var place = try await identified(slot, microscope: microscope).place
        var number = try await loadings(of: slot)
        if place == .notInCassette {
            // Older versions of SerialEM do not tell what is on the stage.
            try await requireLoadedLast(slot, number)
            place = .stage
        }
        let isDone = try await engine.lastOutput(of: Self.load(slot, number), as: Int.self) != nil
        if way == .byOthers, place == .stage {
            number += 1
            let ordinal = try await nextOrdinal()
            _ = try await engine.run(
                Step<Int, Int>(exposing: Self.load(slot, number), title: "Note that grid \(slot) was loaded again by somebody else", input: slot) {
                    .happened(ordinal)
                } perform: {
                    ordinal
                })
            return try await loading(of: slot, number, isFresh: true)
        }
        if anew || (place == .cassette && (number == 0 || isDone)) { number += 1 }
        let isFresh = anew || place == .cassette || (number > 0 && !isDone)
        if isFresh { try await load(slot, number, isOnStage: place == .stage, anew: anew, microscope: microscope) }
        return try await loading(of: slot, number, isFresh: isFresh)
    }

    /// The latest loading has the highest number of all.
    private func nextOrdinal() async throws -> Int {
        var count = 0
        for slot in settings.gridList { count += try await loadings(of: slot) }
        return count + 1
    }

    private func load(_ slot: Int, _ number: Int, isOnStage: Bool, anew: Bool, microscope: any Microscope) async throws {
        let ordinal = try await nextOrdinal()
        do {
            _ = try await engine.run(
                Step<Int, Int>(
                    exposing: Self.load(slot, number), title: number == 1 ? "Load grid \(slot)" : "Load grid \(slot) again", input: slot
                ) {
                    // A cartridge that is in the cassette now was not loaded, whatever was begun before.
                    isOnStage ? .happened(ordinal) : .didNotHappen
                } perform: {
                    if anew, isOnStage { try await microscope.unloadGrid(to: slot) }
                    try await microscope.loadGrid(slot: slot)
                    return ordinal
                })
        } catch let error as MicroscopeError where [.refused, .missing, .notAsSet].contains(error.code) {
            throw WorkflowError.notLoaded("Grid \(slot) could not be brought to the stage: \(error.message)")
        }
    }

    /// - Throws: where another grid was brought to the stage after this one.
    private func requireLoadedLast(_ slot: Int, _ number: Int) async throws {
        func ordinal(_ slot: Int, _ number: Int) async throws -> Int {
            try await engine.lastOutput(of: Self.load(slot, number), as: Int.self) ?? 0
        }
        let own = try await ordinal(slot, number)
        for other in settings.gridList where other != slot {
            let latest = try await loadings(of: other)
            guard latest > 0, try await ordinal(other, latest) > own else { continue }
            throw WorkflowError.wrongGrid(
                "Slot \(slot) is empty and grid \(other) was loaded after its grid; nothing is loaded or exposed for it. Put the cartridge back.")
        }
        report(.note("the autoloader does not tell which grid is on the stage; it is taken for that of slot \(slot), which was loaded last"))
    }

    /// Which loading the session's positions are of is written down before the grid map is begun.
    private func loading(of slot: Int, _ number: Int, isFresh: Bool) async throws -> Loading {
        let map = StepIdentifier.grid(slot, "whole-grid-map")
        let step = StepIdentifier.grid(slot, "map-loading")
        let known = try await engine.lastOutput(of: step, as: Int.self)
        // Journals of earlier builds know of one loading at most.
        let begun = try await engine.wasBegun(map) ? known ?? (number > 0 ? 1 : 0) : nil
        if let begun, try await engine.lastOutput(of: map, as: String.self) != nil {
            return Loading(number: number, mapped: begun, mapIsStale: false, isFresh: isFresh)
        }
        let mapped = try await engine.run(Step(step, title: "Note how grid \(slot) came to the stage", input: number) { number })
        return Loading(number: number, mapped: mapped, mapIsStale: begun.map { $0 != number } ?? false, isFresh: isFresh)
    }
}
