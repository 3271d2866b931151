public import Units

extension SerialEMConnection {
    /// A camera by its number, the current one if not said otherwise, at a magnification, the current one likewise.
    public func cameraProperties(camera: Int? = nil, magIndex: Int? = nil) async throws(SerialEMError) -> CameraProperties {
        let number = camera ?? (magIndex == nil ? nil : 0)
        let values = try await read("CameraProperties", [.integer(number), .integer(magIndex)])
        let pixelSize = try values.number(4)
        return CameraProperties(
            width: try values.integer(0), height: try values.integer(1), rotationFlip: try values.integer(2),
            chipPixel: try values.micrometers(3), pixelSize: pixelSize > 0 ? PixelSize(pixelSize) : nil,
            number: try values.integer(5))
    }

    /// The binning of a parameter set such as "R".
    public func reportBinning(_ set: String) async throws(SerialEMError) -> Double {
        try await read("ReportBinning", [.text(set)]).number(0)
    }

    /// The exposure and the settling time of a parameter set such as "R".
    public func reportExposure(_ set: String) async throws(SerialEMError) -> (exposure: Seconds, settling: Seconds) {
        let values = try await read("ReportExposure", [.text(set)])
        return (Seconds(try values.number(0)), Seconds(try values.number(1)))
    }

    /// The size of a pixel at the binning of a parameter set and the magnification now or of its area.
    public func reportCurrentPixelSize(_ set: String) async throws(SerialEMError) -> PixelSize {
        PixelSize(try await read("ReportCurrentPixelSize", [.text(set)]).number(0))
    }

    /// Takes a Record image into A; in Low Dose SerialEM goes to the area first.
    public func record() async throws(SerialEMError) { try await run("R", kind: .exposing, deadline: Deadline.exposure) }

    /// Takes a View image into A; in Low Dose SerialEM goes to the area first.
    public func view() async throws(SerialEMError) { try await run("V", kind: .exposing, deadline: Deadline.exposure) }
}
