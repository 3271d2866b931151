internal import Foundation
internal import Geometry
internal import SerialEMProtocol
internal import Specimen
internal import Units

extension CommandTable {
    static let autoloaderCommands: [String: CommandHandler] = [
        "ReportSlotStatus": { await $0.slotStatus($1.integer(1)) },
        "LoadCartridge": { try await $0.loadCartridge($1.integer(1)) },
        "UnloadCartridge": { m, _ in try await m.unloadCartridge() },
        "ReportLoadedSlot": { m, _ in [.count(await m.cassette.loaded ?? 0), .number(0)] },
    ]
}

extension VirtualMicroscope {
    /// 1 and the name for a full slot; a slot whose cartridge is on the stage reads empty.
    func slotStatus(_ slot: Int) -> [ReportedValue] {
        guard Cassette.slots.contains(slot) else { return [.number(-1)] }
        guard let name = cassette.names[slot], cassette.loaded != slot else { return [.number(0)] }
        return [.number(1), .text(name)]
    }
    func loadCartridge(_ slot: Int) async throws -> [ReportedValue] {
        guard let name = cassette.names[slot] else { throw CommandFailure("Slot \(slot) holds no cartridge.") }
        guard cassette.loaded != slot else { throw CommandFailure("The cartridge of slot \(slot) is already on the stage.") }
        try await jamOnDemand("the cartridge of slot \(slot)")
        if cassette.loaded != nil { await wait(Seconds(180)) }
        await wait(Seconds(300))
        let loading = cassette.load(slot)
        let seed = configuration.seed
        let specimen = SpecimenGrid(seed: seed &* 100 &+ UInt64(slot))
        grid = LoadedGrid(slot: slot, name: name, specimen: specimen, seed: seed, loading: loading)
        stage = Stage()
        try writeTruth()
        return [.number(0), .number(0)]
    }
    func unloadCartridge() async throws -> [ReportedValue] {
        guard cassette.loaded != nil else { throw CommandFailure("No cartridge is on the stage.") }
        try await jamOnDemand("the cartridge on the stage")
        await wait(Seconds(240))
        cassette.unload()
        grid = nil
        stage = Stage()
        return [.number(0), .number(0)]
    }

    /// Writes the truth file, if one was asked for.
    public func writeTruth() throws {
        guard let path = configuration.truthFile else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(truth()).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// What lies on each grid, in the stage coordinates of its last loading (of its first, before any).
    public func truth() -> SimulatorTruth {
        let grids = cassette.names.sorted { $0.key < $1.key }.map { slot, name in
            let loaded = LoadedGrid(
                slot: slot, name: name, specimen: SpecimenGrid(seed: configuration.seed &* 100 &+ UInt64(slot)),
                seed: configuration.seed, loading: max(1, cassette.loadings[slot] ?? 1))
            return SimulatorTruth.Grid(loaded)
        }
        return SimulatorTruth(seed: configuration.seed, loadedSlot: cassette.loaded, grids: grids)
    }
}
