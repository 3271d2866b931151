/// The index 0 stands for the current magnification. Without calibration SerialEM reports zeros, here `nil`. Camera
/// pixels are unbinned, with Y up; stage and specimen are in micrometres, image shift in the microscope's units.
extension SerialEMConnection {
    /// From stage to specimen; the same at every magnification.
    public func stageToSpecimenMatrix(magIndex: Int = 0) async throws(SerialEMError) -> CalibrationMatrix? {
        try await matrix("StageToSpecimenMatrix", magIndex)
    }

    /// From specimen to stage; the same at every magnification.
    public func specimenToStageMatrix(magIndex: Int = 0) async throws(SerialEMError) -> CalibrationMatrix? {
        try await matrix("SpecimenToStageMatrix", magIndex)
    }

    /// From camera to specimen.
    public func cameraToSpecimenMatrix(magIndex: Int = 0) async throws(SerialEMError) -> CalibrationMatrix? {
        try await matrix("CameraToSpecimenMatrix", magIndex)
    }

    /// From specimen to camera.
    public func specimenToCameraMatrix(magIndex: Int = 0) async throws(SerialEMError) -> CalibrationMatrix? {
        try await matrix("SpecimenToCameraMatrix", magIndex)
    }

    /// From image shift to specimen.
    public func isToSpecimenMatrix(magIndex: Int = 0) async throws(SerialEMError) -> CalibrationMatrix? {
        try await matrix("ISToSpecimenMatrix", magIndex)
    }

    /// From specimen to image shift.
    public func specimenToISMatrix(magIndex: Int = 0) async throws(SerialEMError) -> CalibrationMatrix? {
        try await matrix("SpecimenToISMatrix", magIndex)
    }

    private func matrix(_ name: String, _ magIndex: Int) async throws(SerialEMError) -> CalibrationMatrix? {
        let values = try await read(name, [.integer(magIndex)])
        // Without calibration only the first number is defined, and it is zero.
        if try values.number(0) == 0, values.count < 4 { return nil }
        let matrix = CalibrationMatrix(
            xpx: try values.number(0), xpy: try values.number(1), ypx: try values.number(2), ypy: try values.number(3))
        return matrix.xpx == 0 ? nil : matrix
    }
}
