public import Units

extension SerialEMConnection {
    /// The image shift, relative to the centre of the current Low Dose area.
    public func reportImageShift() async throws(SerialEMError) -> ImageShift {
        let values = try await read("ReportImageShift")
        return ImageShift(
            x: try values.number(0), y: try values.number(1), cameraX: Pixels(try values.number(2)),
            cameraY: Pixels(try values.number(3)), stageX: try values.micrometers(4), stageY: try values.micrometers(5))
    }

    /// Sets the image shift in the microscope's units; false when it is beyond the limit and nothing was done.
    @discardableResult
    public func setImageShift(
        x: Double, y: Double, delay: Double? = nil, adjustBeamTilt: Bool? = nil
    ) async throws(SerialEMError) -> Bool {
        let values = try await run(
            "SetImageShift", [.number(x), .number(y), .number(delay), .flag(adjustBeamTilt)], kind: .repeatable)
        return try values.number(0) == 0
    }

    /// Changes the image shift by a distance on the specimen, X along the tilt axis; false when that is beyond the limit
    /// and nothing was done.
    @discardableResult
    public func imageShiftByMicrons(
        x: Micrometers, y: Micrometers, delay: Double? = nil, adjustBeamTilt: Bool? = nil
    ) async throws(SerialEMError) -> Bool {
        let values = try await run(
            "ImageShiftByMicrons", [.number(x.value), .number(y.value), .number(delay), .flag(adjustBeamTilt)],
            kind: .exposing)
        return try values.number(0) == 0
    }

    /// The shift that the last alignment gave the image in A; `nil` when A is empty.
    public func reportAlignShift() async throws(SerialEMError) -> AlignShift? {
        let values = try await read("ReportAlignShift")
        if values.count == 0 { return nil }
        return AlignShift(
            x: Pixels(try values.number(0)), y: Pixels(try values.number(1)), specimenX: Nanometers(try values.number(4)),
            specimenY: Nanometers(try values.number(5)))
    }

    /// Forgets the shift of the image in A and takes it back, unless the image shift shall stay.
    public func clearAlignment(leaveImageShift: Bool = false) async throws(SerialEMError) {
        try await run("ClearAlignment", leaveImageShift ? [.integer(1)] : [], kind: .repeatable)
    }
}
