internal import Foundation
internal import Geometry
internal import SerialEMProtocol
internal import Specimen
internal import Units

extension CommandTable {
    static let autoloaderCommands: [String: CommandHandler] = [
        "ReportSlotStatus": { try await $0.slotStatus($1.integer(1)) },
        "LoadCartridge": { try await $0.loadCartridge($1.integer(1)) },
        "UnloadCartridge": { m, _ in try await m.unloadCartridge() },
        // No operation with several grids runs: -1, and no time at which one began.
        "ReportCurrentMulGridID": { _, _ in [.number(-1), .number(0)] },
        "ReportLoadedSlot": { m, _ in try await m.reportLoadedSlot() },
        "FindCartridgeWithID": { try await $0.findCartridge($1.integer(1)) },
    ]
}

extension VirtualMicroscope {
    /// Makes the cartridges of these slots get stuck when they are loaded. Taking a slot out of the set frees its cartridge.
    public func setJammedSlots(_ slots: Set<Int>) { mechanics.jammedSlots = slots }
    /// The slots whose cartridges get stuck.
    public var jammedSlots: Set<Int> { mechanics.jammedSlots }

    /// Somebody changes the cartridges of two slots about; one of the slots may be empty.
    public func swapCartridges(_ a: Int, _ b: Int) throws(FaultError) {
        for slot in [a, b] where !Cassette.slots.contains(slot) { throw FaultError("The cassette has no slot \(slot).") }
        for slot in [a, b] where cassette.loaded == slot { throw FaultError("The cartridge of slot \(slot) is on the stage.") }
        cassette.swap(a, b)
    }
    /// Somebody gives the cartridge of a slot another name.
    public func renameCartridge(_ slot: Int, to name: String) throws(FaultError) {
        guard cassette.cartridge(in: slot) != nil else { throw FaultError("Slot \(slot) holds no cartridge.") }
        cassette.rename(slot, to: name)
    }

    private func checkNothingIsStuck() throws {
        guard let slot = mechanics.stuckSlot else { return }
        guard mechanics.jammedSlots.contains(slot) else { mechanics.stuckSlot = nil; return }
        throw CommandFailure("The autoloader is jammed: the cartridge of slot \(slot) is stuck on its way.")
    }

    func slotStatus(_ slot: Int) throws -> [ReportedValue] {
        if let stuck = mechanics.stuckSlot, !mechanics.jammedSlots.contains(stuck) { mechanics.stuckSlot = nil }
        return configuration.kind == .jeol ? try inventoryEntry(slot) : thermoSlotStatus(slot)
    }
    /// 1 for a full slot, 0 for an empty one, -1 for one that the loader knows nothing of; with the loader's panel open also the
    /// name, which a slot keeps while its cartridge is on the stage.
    private func thermoSlotStatus(_ slot: Int) -> [ReportedValue] {
        if slot == 0, configuration.showsSlotNames {
            let names = Cassette.slots.map { cassette.names[$0] == nil ? "" : cassette.reportedName($0) ?? "!NONAME!" }
            persistentVariables["AUTOLOADERINFO"] = .text(names.joined(separator: "\n"))
            return []
        }
        guard Cassette.slots.contains(slot), mechanics.stuckSlot != slot else { return [.number(-1)] }
        guard cassette.names[slot] != nil else { return [.number(0)] }
        let status = ReportedValue.flag(cassette.loaded != slot)
        return configuration.showsSlotNames ? [status, .text(cassette.reportedName(slot) ?? "!NONAME!")] : [status]
    }

    /// The slot that LoadCartridge's number stands for: JEOL counts the entries of its inventory.
    private func slot(ofNumber number: Int) throws -> Int {
        guard configuration.kind == .jeol else { return number }
        try checkInventory()
        guard cassette.inventory.indices.contains(number - 1) else { throw CommandFailure("The inventory has no cartridge \(number).") }
        return cassette.inventory[number - 1]
    }

    /// A Thermo loader first brings back what is on the stage, as a JEOL one does.
    func loadCartridge(_ number: Int) async throws -> [ReportedValue] {
        let slot = try slot(ofNumber: number)
        try checkNothingIsStuck()
        guard let name = cassette.names[slot] else { throw CommandFailure("Slot \(slot) holds no cartridge.") }
        guard cassette.loaded != slot else { throw CommandFailure("The cartridge of slot \(slot) is already on the stage.") }
        try await jamOnDemand("the cartridge of slot \(slot)")
        await waitForStage()
        if cassette.loaded != nil { await takeOffStage(Seconds(180)) }
        if slot == Cassette.failingSlot {
            await passLoading(Seconds(120), slot: slot, kind: .load)
            throw TaskFailure("The cartridge of slot \(slot) could not be taken from the cassette; it is still there.")
        }
        if mechanics.jammedSlots.contains(slot) {
            await passLoading(Seconds(200), slot: slot, kind: .load)
            mechanics.stuckSlot = slot
            throw TaskFailure("The autoloader is jammed: the cartridge of slot \(slot) is stuck on its way.")
        }
        await passLoading(Seconds(300), slot: slot, kind: .load)
        seat(slot, name)
        mechanics.storedSlots.remove(slot)
        column.vacuum.takeInGas(at: clock.elapsed)
        leakOnDemand()
        return [.number(0), .number(0)]
    }

    /// Puts the cartridge of a slot onto the stage, where it comes to lie in its own way.
    private func seat(_ slot: Int, _ name: String) {
        let cartridge = cassette.cartridge(in: slot) ?? slot
        let old = cassette.seating(of: cartridge)
        let seating = cassette.load(slot, offset: displacementOnDemand())
        let seed = configuration.seed
        func grid(_ seating: Cassette.Seating) -> LoadedGrid {
            LoadedGrid(slot: slot, cartridge: cartridge, name: name, seed: seed, seating: seating)
        }
        let new = grid(seating)
        // What was exposed before lies elsewhere on the stage now.
        if let old { doseMaps[cartridge]?.move { [old = grid(old)] in new.gridToStage(old.stageToGrid($0)) } }
        self.grid = new
        stage = Stage()
        writeTruthAgain()
    }

    /// Somebody at the microscope takes the cartridge off the stage and loads it again, of which SerialEM knows nothing.
    func reloadByHand() {
        guard let slot = cassette.loaded, let name = cassette.names[slot] else { return }
        seat(slot, name)
    }

    func unloadCartridge() async throws -> [ReportedValue] {
        if configuration.kind == .jeol { try checkInventory() }
        try checkNothingIsStuck()
        guard cassette.loaded != nil else { throw CommandFailure("No cartridge is on the stage.") }
        try await jamOnDemand("the cartridge on the stage")
        await waitForStage()
        await takeOffStage(Seconds(240))
        leakOnDemand()
        return [.number(0), .number(0)]
    }
    private func takeOffStage(_ seconds: Seconds) async {
        await passLoading(seconds, slot: cassette.loaded ?? 0, kind: .unload)
        if let slot = cassette.loaded { mechanics.storedSlots.insert(slot) }
        cassette.unload()
        column.vacuum.takeInGas(at: clock.elapsed)
        grid = nil
        stage = Stage()
    }
    private func passLoading(_ seconds: Seconds, slot: Int, kind: EventRecord.Kind) async {
        noteEvent(kind, seconds: seconds, slot: slot)
        await passTime(seconds)
    }

    /// Thermo: slot from 1, 0 for none, and 0. JEOL: index in the inventory from 0, -1 for none, and the cartridge's number.
    func reportLoadedSlot() throws -> [ReportedValue] {
        guard configuration.kind == .jeol else { return [.count(cassette.loaded ?? 0), .number(0)] }
        try checkInventory()
        guard let slot = cassette.loaded, let place = cassette.inventory.firstIndex(of: slot) else { return [.number(-1), .number(-1)] }
        return [.count(place), .count(cassette.engravedNumber(slot))]
    }

    /// Writes the truth file, if one was asked for.
    public func writeTruth() throws {
        guard let path = configuration.truthFile else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(truth()).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// The night goes on without the file; that is said once.
    private func writeTruthAgain() {
        do { try writeTruth() } catch {
            if !truthFileHasFailed { LineLog.warn("The truth cannot be written to \(configuration.truthFile ?? "its file").", error) }
            truthFileHasFailed = true
        }
    }

    /// What lies on each grid, in the stage coordinates of its last loading (of its first, before any).
    public func truth() -> SimulatorTruth {
        let grids = cassette.names.sorted { $0.key < $1.key }.map { slot, name in
            let cartridge = cassette.cartridge(in: slot) ?? slot
            let loaded = LoadedGrid(
                slot: slot, cartridge: cartridge, name: name, seed: configuration.seed,
                seating: cassette.seating(of: cartridge) ?? Cassette.Seating(loading: 1))
            return SimulatorTruth.Grid(loaded)
        }
        return SimulatorTruth(seed: configuration.seed, loadedSlot: cassette.loaded, grids: grids)
    }
}
