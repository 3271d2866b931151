extension SerialEMConnection {
    /// Whether Low Dose is on, and where.
    public func reportLowDose() async throws(SerialEMError) -> LowDoseState {
        let values = try await read("ReportLowDose")
        return LowDoseState(isOn: try values.flag(0), area: LowDoseArea(rawValue: try values.integer(1)))
    }

    /// Turns Low Dose on or off, and says whether it was on.
    @discardableResult
    public func setLowDoseMode(_ on: Bool) async throws(SerialEMError) -> Bool {
        try await run("SetLowDoseMode", [.flag(on)], kind: .repeatable).flag(0)
    }

    /// Goes to an area of Low Dose, which must be on. With the screen down nothing happens.
    public func goToLowDoseArea(_ area: LowDoseArea) async throws(SerialEMError) {
        try await run("GoToLowDoseArea", [.text(area.letter)], kind: .repeatable)
    }

    /// Goes to an imaging state by name, the beginning of a name, or number. 0 when it did; 1 there is none, 2 several
    /// match, 3 the number is out of range, 4 a map's state is set, 5 no such camera, 6 another camera is in use.
    public func goToImagingState(_ name: String) async throws(SerialEMError) -> Int {
        try await run("GoToImagingState", [.text(name)], kind: .repeatable, deadline: Deadline.movement).integer(0)
    }

    /// An imaging state by name or number; `nil` when there is none, or several match.
    public func imagingStateProperties(_ name: String) async throws(SerialEMError) -> ImagingState? {
        let values = try await read("ImagingStateProperties", [.text(name)])
        guard try values.integer(0) == 0 else { return nil }
        return ImagingState(
            number: try values.integer(1), type: try values.integer(2), camera: try values.integer(3),
            magIndex: try values.integer(4), name: try values.text(5))
    }
}
