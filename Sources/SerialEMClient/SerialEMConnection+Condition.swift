public import Units

/// How good the vacuum is, as the microscope's own traffic light says.
public enum VacuumStatus: Int, Sendable, Hashable, CaseIterable {
    case ready = 0
    /// The pumps are at work, or a pressure is too high.
    case pumping = 1
    case bad = 2
}

/// When dewars are filled next.
public enum NextRefill: Sendable, Hashable {
    case within(Seconds)
    /// The microscope fills them when it likes, or not at all.
    case notPlanned
}

/// What SerialEM tells of the microscope's own well-being.
extension SerialEMConnection {
    /// The vacuum; not before SerialEM 4.1.
    public func reportVacuumStatus() async throws(SerialEMError) -> VacuumStatus {
        VacuumStatus(rawValue: try await read("ReportVacuumStatus").integer(0)) ?? .bad
    }

    /// The time until the dewars are filled; negative numbers of SerialEM say that nothing is planned.
    public func dewarsRemainingTime() async throws(SerialEMError) -> NextRefill {
        let seconds = try await read("DewarsRemainingTime").number(0)
        return seconds < 0 ? .notPlanned : .within(Seconds(seconds))
    }

    /// The beam current of a Thermo gun that can be flashed, in nanoamperes.
    public func reportFEGBeamCurrent() async throws(SerialEMError) -> Double { try await read("ReportFEGBeamCurrent").number(0) }

    /// Whether a JEOL's gun emits.
    public func reportFEGEmissionState() async throws(SerialEMError) -> Bool { try await read("ReportFEGEmissionState").flag(0) }

    /// Whether the fluorescent screen is down.
    public func reportScreenIsDown() async throws(SerialEMError) -> Bool { try await read("ReportScreen").flag(0) }

    /// Moves the fluorescent screen.
    public func setScreen(down: Bool) async throws(SerialEMError) {
        try await run(down ? "ScreenDown" : "ScreenUp", kind: .repeatable, deadline: Deadline.movement)
    }

    /// The dose of the image in a buffer, as SerialEM's calibration of the beam has it; `nil` without one.
    public func imageDose(_ buffer: String) async throws(SerialEMError) -> Dose? {
        let dose = try await read("ImageConditions", [.text(buffer)]).number(0)
        return dose > 0 ? Dose(dose) : nil
    }
}
