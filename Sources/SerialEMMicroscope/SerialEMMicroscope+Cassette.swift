import Logging
public import Microscope
import SerialEMClient

/// The autoloader: what is in its slots, and grids on their way to the stage and back.
extension SerialEMMicroscope {
    public func cassetteSlot(_ slot: Int) async throws -> CassetteSlot {
        do {
            return try await knownSlot(slot)
        } catch let error as MicroscopeError {
            // A JEOL autoloader knows nothing of its cartridges before it has looked through the cassette.
            guard error.message.contains("inventory") else { throw error }
            let c = connection
            logger.notice("The autoloader takes an inventory of its cassette")
            try await Self.wording { try await c.takeInventory() }
            return try await knownSlot(slot)
        }
    }

    /// What the autoloader says of a slot without moving anything.
    func knownSlot(_ slot: Int) async throws -> CassetteSlot {
        let c = connection
        let status = try await Self.wording { try await c.reportSlotStatus(slot) }
        let name = status.name.flatMap { $0 == "!NONAME!" || $0 == "\\" || $0.isEmpty ? nil : $0 }
        switch status.state {
        case .occupied: return CassetteSlot(place: .cassette, name: name)
        case .onStage: return CassetteSlot(place: .stage, name: name)
        case .unknown: return CassetteSlot(place: .noSuchSlot, name: nil)
        case .empty:
            // A slot that has a name and no cartridge belongs to the cartridge on the stage; newer versions say so outright.
            do {
                return CassetteSlot(place: try await c.reportLoadedSlot() == slot ? .stage : .notInCassette, name: name)
            } catch {
                // Versions before 4.3, and loaders without UTAPI, cannot tell.
                guard error.code == .notSupported || error.code == .commandFailed else { throw Self.worded(error) }
                return CassetteSlot(place: name == nil ? .notInCassette : .stage, name: name)
            }
        }
    }

    public func autoloaderObstacle(moving slot: Int) async throws -> String? {
        if try await cassetteSlot(slot).place == .noSuchSlot {
            return "the autoloader does not tell where the cartridge of slot \(slot) is; look at the autoloader"
        }
        let c = connection
        guard let loaded = try await told("loaded slot", { try await c.reportLoadedSlot() }) ?? nil else { return nil }
        guard try await cassetteSlot(loaded).place == .cassette else { return nil }
        return "a cartridge is in slot \(loaded), to which the one on the stage belongs; take it out"
    }

    public func loadGrid(slot: Int) async throws {
        let c = connection
        try await Self.wording { try await c.setBeamBlank(true) }
        try await setValves(open: false)
        try await Self.wording { try await c.loadCartridge(slot) }
        // A cartridge that is in the cassette has not moved, so that nothing is done twice.
        if try await cassetteSlot(slot).place == .cassette {
            logger.warning("A grid that was loaded is still in the cassette", metadata: ["slot": "\(slot)"])
            try await Self.wording { try await c.loadCartridge(slot) }
        }
        guard try await isOnStage(slot) != false else {
            throw MicroscopeError(
                .notAsSet, "Grid \(slot) was sent to the stage, and the autoloader does not say that it is there. Look at the autoloader.")
        }
    }

    public func unloadGrid(to slot: Int) async throws {
        let c = connection
        try await Self.wording { try await c.setBeamBlank(true) }
        try await setValves(open: false)
        try await Self.wording { try await c.unloadCartridge() }
        if try await cassetteSlot(slot).place == .stage {
            logger.warning("A grid that was unloaded is still on the stage", metadata: ["slot": "\(slot)"])
            try await Self.wording { try await c.unloadCartridge() }
        }
        guard try await cassetteSlot(slot).place == .cassette else {
            throw MicroscopeError(
                .notAsSet, "Grid \(slot) was sent back to the cassette, and its slot does not read occupied. Look at the autoloader.")
        }
    }

    /// Whether a slot's grid is on the stage; nil where the autoloader does not tell more than that its slot is empty.
    private func isOnStage(_ slot: Int) async throws -> Bool? {
        switch try await cassetteSlot(slot).place {
        case .stage: return true
        case .cassette, .noSuchSlot: return false
        case .notInCassette:
            let c = connection
            do {
                return try await c.reportLoadedSlot() == slot
            } catch {
                guard error.code == .notSupported || error.code == .commandFailed else { throw Self.worded(error) }
                return nil
            }
        }
    }
}
