import SerialEMProtocol
public import Units

extension SerialEMConnection {
    /// Opens or closes the valve between the gun and the specimen.
    public func setColumnOrGunValve(open: Bool) async throws(SerialEMError) {
        try await run("SetColumnOrGunValve", [.flag(open)], kind: .repeatable, deadline: Deadline.movement)
    }

    /// Whether the valve between the gun and the specimen is open.
    public func reportColumnOrGunValve() async throws(SerialEMError) -> ValveState {
        switch try await read("ReportColumnOrGunValve").integer(0) {
        case 0: .closed
        case 1: .open
        default: .inconsistent
        }
    }

    /// Blanks the beam, or lets it through.
    public func setBeamBlank(_ blanked: Bool) async throws(SerialEMError) {
        try await run("SetBeamBlank", [.flag(blanked)], kind: .repeatable)
    }

    /// The state of the energy filter; an error without one.
    public func reportEnergyFilter() async throws(SerialEMError) -> EnergyFilter {
        let values = try await read("ReportEnergyFilter")
        return EnergyFilter(
            slitWidth: try values.number(0), energyLoss: try values.number(1), slitIsIn: try values.flag(2))
    }

    /// Puts the slit of the energy filter in or takes it out.
    public func setSlitIn(_ isIn: Bool) async throws(SerialEMError) {
        try await run("SetSlitIn", [.flag(isIn)], kind: .repeatable)
    }

    /// The diameter of the illuminated area, on microscopes with parallel illumination control.
    public func reportIlluminatedArea() async throws(SerialEMError) -> Micrometers {
        // SerialEM reports hundredths: 0.012 stands for 1.2 micrometres.
        Micrometers(try await read("ReportIlluminatedArea").number(0) * 100)
    }

    /// Inserts an aperture of a size in micrometres; 0 takes it out.
    public func setApertureSize(number: Int, size: Int) async throws(SerialEMError) {
        try await run(
            "SetApertureSize", [.integer(number), .integer(size)], kind: .repeatable, deadline: Deadline.movement)
    }

    /// The size of an aperture in micrometres; 0 when it is out, 1 when it moves or is disabled.
    public func reportApertureSize(number: Int) async throws(SerialEMError) -> Double {
        try await read("ReportApertureSize", [.integer(number)]).number(0)
    }

    /// Whether a dewar is being filled.
    public func areDewarsFilling() async throws(SerialEMError) -> Bool { try await read("AreDewarsFilling").flag(0) }

    /// Fills dewars and waits for pumps as SerialEM's dialog is set; -1 skips the late checks, 1 makes only these.
    public func manageDewarsAndPumps(lateChecks: Int? = nil) async throws(SerialEMError) {
        try await run("ManageDewarsAndPumps", [.integer(lateChecks)], kind: .repeatable, deadline: Deadline.hours)
    }

    /// The magnification.
    public func reportMag() async throws(SerialEMError) -> Magnification {
        let values = try await read("ReportMag")
        return Magnification(
            value: try values.number(0), isLowMag: try values.flag(1), mode: try values.optional(2, values.integer))
    }

    /// The index of the magnification in SerialEM's table.
    public func reportMagIndex() async throws(SerialEMError) -> (index: Int, isLowMag: Bool) {
        let values = try await read("ReportMagIndex")
        return (try values.integer(0), try values.flag(1))
    }

    /// The spot size.
    public func reportSpotSize() async throws(SerialEMError) -> Int { try await read("ReportSpotSize").integer(0) }

    /// The defocus that the microscope shows; underfocus is negative.
    public func reportDefocus() async throws(SerialEMError) -> Micrometers { try await read("ReportDefocus").micrometers(0) }

    /// The defocus to which autofocus goes; underfocus is negative.
    public func setTargetDefocus(_ defocus: Micrometers) async throws(SerialEMError) {
        try await run("SetTargetDefocus", [.number(defocus.value)], kind: .repeatable)
    }

    /// What the autoloader knows of a slot, counted from 1. On a JEOL the number counts the cartridges of the inventory that
    /// ``takeInventory()`` made, and without one the command fails.
    public func reportSlotStatus(_ slot: Int) async throws(SerialEMError) -> SlotStatus {
        let values = try await read("ReportSlotStatus", [.integer(slot)])
        let first = try values.integer(0)
        let state: SlotStatus.State
        if values.count > 2 {
            // JEOL: the number of the cartridge, its station (1 magazine, 2 storage, 3 stage), its slot, type, rotation and name.
            state = [1: .occupied, 2: .occupied, 3: .onStage][try values.integer(1)] ?? .unknown
        } else {
            state = first < 0 ? .unknown : first > 0 ? .occupied : .empty
        }
        let name = values.count > 1 ? values.values.last?.text : nil
        return SlotStatus(state: state, name: name, values: values.values)
    }

    /// The slot, counted from 1, whose cartridge is on the stage; `nil` where the stage is empty. Not before SerialEM 4.3,
    /// and on a Thermo microscope only through UTAPI.
    public func reportLoadedSlot() async throws(SerialEMError) -> Int? {
        let values = try await read("ReportLoadedSlot")
        let first = try values.integer(0)
        // JEOL reports an index from 0 and the cartridge's number; Thermo a slot from 1 and 0.
        if let cartridge = try values.optional(1, values.integer), cartridge > 0 { return first >= 0 ? first + 1 : nil }
        return first > 0 ? first : nil
    }

    /// Lets a JEOL autoloader look through its cassette, which takes minutes.
    public func takeInventory() async throws(SerialEMError) {
        try await run("LongOperation", [.text("In")], kind: .repeatable, deadline: Deadline.hours)
    }

    /// Brings the grid of a slot onto the stage, which takes minutes. Valve, beam and Navigator are left as they are.
    public func loadCartridge(_ slot: Int) async throws(SerialEMError) {
        try await run("LoadCartridge", [.integer(slot)], kind: .exposing, deadline: Deadline.hours)
    }

    /// Brings the grid on the stage back to its slot, which takes minutes.
    public func unloadCartridge() async throws(SerialEMError) {
        try await run("UnloadCartridge", kind: .exposing, deadline: Deadline.hours)
    }
}
