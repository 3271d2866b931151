public import Geometry
public import Microscope
import Raster
import SerialEMClient
import SerialEMProtocol
public import Units

extension SerialEMMicroscope {
    /// How near the stage must come to where it was sent, in micrometres.
    private static var stageTolerance: Double { 1.0 }

    public func stagePosition() async throws -> StageLocation {
        let c = connection
        return try await Self.wording {
            let at = try await c.reportStageXYZ()
            return StageLocation(point: Point(x: at.x.value, y: at.y.value), z: at.z)
        }
    }

    public func moveStage(to position: Point<Frame.Stage>, z: Micrometers?) async throws {
        let c = connection
        try await confirm("Stage at \(short(position.x)), \(short(position.y)) µm\(z.map { ", z \(short($0.value)) µm" } ?? "")") {
            try await c.moveStageTo(x: Micrometers(position.x), y: Micrometers(position.y), z: z)
        } reads: {
            let at = try await c.reportStageXYZ()
            let isThere = Point<Frame.Stage>(x: at.x.value, y: at.y.value).distance(to: position) < Self.stageTolerance
            return isThere && z.map { (at.z - $0).value.magnitude < Self.stageTolerance } ?? true
        }
    }

    public func findRoughEucentricity() async throws -> StageLocation {
        let c = connection
        let marks = try await bufferMarks()
        try await exposed { try await c.eucentricity(1) }
        await noteExposures(since: marks)
        return try await stagePosition()
    }

    public func takeImage(savingTo file: String) async throws -> StageImage {
        let c = connection
        let path = folder + "/" + file
        let overwrite = fileExists(path)
        try await exposed { try await c.record() }
        await noteExposure()
        let stage = try await stagePosition()
        try await confirm("The file \(file)") {
            if overwrite { try await c.allowFileOverwrite(true) }
            try await c.openNewFile(path)
            // Allowed for this file only: a map must never replace another.
            if overwrite { try await c.allowFileOverwrite(false) }
        } reads: {
            try await self.isCurrent(path)
        }
        try await confirm("The image in \(file)") {
            try await c.save()
        } reads: {
            try await c.reportFileZsize().sections == 1
        }
        try await closeCurrent(path)
        return try await Self.wording {
            guard let buffer = try await c.bufferImage("A") else {
                throw MicroscopeError(.missing, "SerialEM took an image for \(file), but buffer A is empty.")
            }
            let properties = try await c.imageProperties("A")
            guard let pixelSize = properties.pixelSize else {
                throw MicroscopeError(.missing, "SerialEM does not know the pixel size of the image for \(file).")
            }
            // SerialEM's own answer for three pixels holds rotation, binning and image shift as they are now.
            func place(_ x: Double, _ y: Double) async throws(SerialEMError) -> Point<Frame.Stage> {
                let at = try await c.bufImagePosToStagePos("A", x: x, y: y)
                return Point(x: at.x.value, y: at.y.value)
            }
            let step = Double(min(buffer.width, buffer.height))
            let origin = try await place(0, 0)
            let right = try await place(step, 0) - origin
            let down = try await place(0, step) - origin
            let linear = LinearMap<Frame.MapPixels, Frame.Stage>(
                xpx: right.dx / step, xpy: down.dx / step, ypx: right.dy / step, ypy: down.dy / step)
            return StageImage(
                image: Raster(width: buffer.width, height: buffer.height, pixels: buffer.samples()),
                pixelSize: pixelSize, stage: stage,
                pixelToStage: AffineMap(linear: linear, sending: .origin, to: origin))
        }
    }

    public func realignReloadedGrid(toMapWithNote note: String) async throws {
        let c = connection
        guard let map = try await Self.wording({ try await c.navIndexWithNote(note) }) else {
            throw MicroscopeError(.missing, "The navigator has no map '\(note)' to realign the grid to.")
        }
        let marks = try await bufferMarks()
        try await exposed { try await c.realignReloadedGrid(toMap: map) }
        await noteExposures(since: marks)
    }

    public func lowDoseGeometry() async throws -> LowDoseGeometry {
        let view = try await area(.view)
        let record = try await area(.record)
        let c = connection
        let camera = try await Self.wording { try await c.cameraProperties() }
        let stage = try await Self.wording { try await c.stageToSpecimenMatrix() }
        try await goTo(.view)
        return LowDoseGeometry(
            cameraWidth: camera.width, cameraHeight: camera.height, view: view, record: record,
            stageToSpecimen: try calibrated(stage, "stage to specimen"))
    }

    private func area(_ area: LowDoseArea) async throws -> LowDoseGeometry.Area {
        try await goTo(area)
        let c = connection
        let read = try await Self.wording {
            (
                camera: try await c.cameraProperties(), toSpecimen: try await c.cameraToSpecimenMatrix(),
                toShift: try await c.specimenToISMatrix(), beam: try await c.reportIlluminatedArea(),
                magIndex: try await c.reportMagIndex().index, spot: try await c.reportSpotSize()
            )
        }
        guard read.beam.value > 0 else {
            throw MicroscopeError(.missing, "SerialEM reports no illuminated area in Low Dose \(area.letter).")
        }
        guard let pixelSize = read.camera.pixelSize else {
            throw MicroscopeError(.missing, "SerialEM does not know the pixel size of Low Dose \(area.letter).")
        }
        return LowDoseGeometry.Area(
            pixelSize: pixelSize, cameraToSpecimen: try calibrated(read.toSpecimen, "camera to specimen"),
            specimenToImageShift: try calibrated(read.toShift, "specimen to image shift"), beamDiameter: read.beam,
            magIndex: read.magIndex, spotSize: read.spot)
    }

    func calibrated<From, To>(_ matrix: CalibrationMatrix?, _ name: String) throws -> LinearMap<From, To> {
        guard let m = matrix else {
            throw MicroscopeError(.missing, "SerialEM has no calibration from \(name) at this magnification; calibrate it first.")
        }
        return Self.linear(m)
    }
}
