internal import Geometry
internal import SerialEMProtocol

extension CommandTable {
    static let matrixCommands: [String: CommandHandler] = [
        "CameraToSpecimenMatrix": { try await $0.matrix($1, scaledBy: $0.fromCameraScale) { $0.cameraToSpecimen } },
        "SpecimenToCameraMatrix": { try await $0.matrix($1, scaledBy: 1 / $0.fromCameraScale) { $0.specimenToCamera } },
        "ISToSpecimenMatrix": { try await $0.matrix($1) { _ in Magnifications.imageShiftToSpecimen } },
        "SpecimenToISMatrix": { try await $0.matrix($1) { _ in Magnifications.specimenToImageShift } },
        "StageToSpecimenMatrix": { try await $0.matrix($1) { _ in Magnifications.stageToSpecimen } },
        "SpecimenToStageMatrix": { try await $0.matrix($1) { _ in Magnifications.specimenToStage } },
        "ISToStageMatrix": { try await $0.matrix($1) { _ in Magnifications.imageShiftToSpecimen.then(Magnifications.specimenToStage) } },
        "StageToISMatrix": { try await $0.matrix($1) { _ in Magnifications.stageToSpecimen.then(Magnifications.specimenToImageShift) } },
        "ISToCameraMatrix": { try await $0.matrix($1, scaledBy: 1 / $0.fromCameraScale) { Magnifications.imageShiftToSpecimen.then($0.specimenToCamera) } },
        "CameraToISMatrix": { try await $0.matrix($1, scaledBy: $0.fromCameraScale) { $0.cameraToSpecimen.then(Magnifications.specimenToImageShift) } },
        "StageToCameraMatrix": { try await $0.matrix($1, scaledBy: 1 / $0.fromCameraScale) { Magnifications.stageToSpecimen.then($0.specimenToCamera) } },
        "CameraToStageMatrix": { try await $0.matrix($1, scaledBy: $0.fromCameraScale) { $0.cameraToSpecimen.then(Magnifications.specimenToStage) } },
        "BinningForCameraMatrix": { try await $0.setCameraMatrixBinning($1.number(1)) },
    ]
}

extension VirtualMicroscope {
    /// Unbinned pixels in one pixel that the camera's side of a matrix counts.
    var fromCameraScale: Double { cameraMatrixBinning > 0 ? cameraMatrixBinning : 1 }
    func setCameraMatrixBinning(_ binning: Double) throws -> [ReportedValue] {
        guard binning >= 0, binning <= 64 else { throw CommandFailure("A binning of \(binning) is not possible.") }
        cameraMatrixBinning = binning
        return []
    }
    func matrix<From, To>(
        _ a: CommandArguments, scaledBy scale: Double = 1, of map: (Magnification) -> LinearMap<From, To>
    ) throws -> [ReportedValue] {
        let index = a.integer(1)
        guard let magnification = index == 0 ? column.currentMagnification : Magnifications.entry(index) else {
            throw CommandFailure("There is no magnification with the index \(index).")
        }
        let m = map(magnification)
        // The simulator counts image shift in one unit; what the column calls it depends on its kind.
        let units = configuration.kind.imageShiftUnits
        let unitScale = From.self == Frame.ImageShift.self ? 1 / units : To.self == Frame.ImageShift.self ? units : 1
        return [m.xpx, m.xpy, m.ypx, m.ypy].map { .number($0 * scale * unitScale) }
    }
}
