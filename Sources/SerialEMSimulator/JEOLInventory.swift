internal import SerialEMProtocol

/// A JEOL autoloader knows its cartridges by their place in an inventory, which has to be taken first.
extension VirtualMicroscope {
    func checkInventory() throws {
        guard mechanics.inventoryIsTaken else {
            throw CommandFailure("No inventory of the cassette was taken yet; LongOperation In takes one.")
        }
    }
    /// Number of the cartridge, station (1 magazine, 2 storage, 3 stage, 0 on the way), slot, type, rotation and name; only -1 beyond the end.
    func inventoryEntry(_ number: Int) throws -> [ReportedValue] {
        try checkInventory()
        let inventory = cassette.inventory
        guard inventory.indices.contains(number - 1) else { return [.number(-1)] }
        let slot = inventory[number - 1]
        let station = mechanics.stuckSlot == slot ? 0 : cassette.loaded == slot ? 3 : mechanics.storedSlots.contains(slot) ? 2 : 1
        return [.count(cassette.engravedNumber(slot)), .count(station), .count(slot), .number(1), .number(0)]
            + [.text(cassette.reportedName(slot) ?? "")]
    }
    func findCartridge(_ id: Int) throws -> [ReportedValue] {
        guard configuration.kind == .jeol else { throw CommandFailure("Cartridges have numbers on a JEOL microscope only.") }
        try checkInventory()
        guard let place = cassette.inventory.firstIndex(where: { cassette.engravedNumber($0) == id }) else {
            throw CommandFailure("The inventory has no cartridge with the number \(id).")
        }
        return [.count(place + 1)]
    }
}
