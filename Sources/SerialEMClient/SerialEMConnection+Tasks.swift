public import Units

extension SerialEMConnection {
    /// Copies the image of one buffer to another.
    public func copy(from source: String, to destination: String) async throws(SerialEMError) {
        try await run("Copy", [.text(source), .text(destination)], kind: .repeatable)
    }

    /// What SerialEM knows of the image in a buffer, A if not said otherwise.
    public func imageProperties(_ buffer: String? = nil) async throws(SerialEMError) -> ImageProperties {
        let values = try await read("ImageProperties", [.text(buffer)])
        let pixelSize = try values.number(4)
        return ImageProperties(
            width: try values.integer(0), height: try values.integer(1), binning: try values.number(2),
            exposure: Seconds(try values.number(3)), pixelSize: pixelSize > 0 ? PixelSize(pixelSize) : nil,
            parameterSet: try values.integer(5))
    }

    /// The mean of the image in a buffer, A if not said otherwise.
    public func reportMeanCounts(_ buffer: String? = nil) async throws(SerialEMError) -> Double {
        try await read("ReportMeanCounts", [.text(buffer)]).number(0)
    }

    /// Aligns A to a buffer and applies the shift as image shift unless told not to; false when no peak was accepted.
    @discardableResult
    public func alignTo(
        _ buffer: String, noImageShift: Bool = false, noTrim: Bool? = nil
    ) async throws(SerialEMError) -> Bool {
        let values = try await run(
            "AlignTo", [.text(buffer), .flag(noImageShift), .flag(noTrim)], kind: .exposing, deadline: Deadline.movement)
        return try values.optional(0, values.number).map { $0 >= 0 } ?? true
    }

    /// Aligns A to an image of another magnification. The maximum shift is in micrometres, or negative in fields of view;
    /// the range of sizes in per cent and that of rotations in degrees.
    public func alignBetweenMags(
        _ buffer: String, centerX: Double = -1, centerY: Double = -1, maximumShift: Double, sizeRange: Double? = nil,
        rotationRange: Double? = nil, noImageShift: Bool? = nil
    ) async throws(SerialEMError) -> (scale: Double, rotation: Degrees) {
        let values = try await run(
            "AlignBetweenMags",
            [
                .text(buffer), .number(centerX), .number(centerY), .number(maximumShift), .number(sizeRange),
                .number(rotationRange), .flag(noImageShift),
            ], kind: .exposing, deadline: Deadline.task)
        return (try values.number(0), Degrees(try values.number(1)))
    }

    /// Moves the height of the stage so that tilting does not shift the image: 1 rough, 2 fine, 3 both.
    public func eucentricity(_ mode: Int = 2, useView: Bool? = nil) async throws(SerialEMError) {
        try await run("Eucentricity", [.integer(mode), .flag(useView)], kind: .exposing, deadline: Deadline.task)
    }

    /// Focuses (1), or only measures (-1). A focus that failed is no error: read ``reportAutoFocus()``.
    public func autoFocus(_ mode: Int = 1, area: Int? = nil) async throws(SerialEMError) {
        try await run("G", [.integer(mode), .integer(area)], kind: .exposing, deadline: Deadline.task)
    }

    /// The outcome of the last autofocus.
    public func reportAutoFocus() async throws(SerialEMError) -> AutoFocusResult {
        let values = try await read("ReportAutoFocus")
        return AutoFocusResult(defocus: try values.micrometers(0), status: try values.integer(1))
    }
}
