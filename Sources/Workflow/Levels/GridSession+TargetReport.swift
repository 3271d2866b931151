import Foundation
import Geometry
import ImageFiles
import InferenceWire
import Microscope
import Targets
import Units

/// What the targets of a lamella ask of image shift, how well its plane will be known, and what was exposed before.
extension GridSession {
    /// Writes the sidecar `<grid>_L<nn>_targets.json` about targets as they stand in their points files.
    ///
    /// Tilts are taken to go up to `max_tilt` both ways from 0, and the lamella to lie level: what is planned here is
    /// known to PACEtomo's script alone.
    nonisolated func writeTargetReport(of targeted: TargetedLamella, on map: LamellaMap, geometry: LowDoseGeometry) throws {
        let areas = try targeted.areas.map { try PointsFile(data: Data(contentsOf: URL(fileURLWithPath: $0.pointsFile))).area }
        let lamella = Self.geometry(of: map, in: geometry)
        let exposures = PlannedExposures(
            areas, geometry: lamella, plane: TiltedPlane(tilts: -settings.maximumTilt ... settings.maximumTilt),
            viewBeam: geometry.view.beamDiameter)
        let coverage = coverage(of: areas.flatMap(\.targets), onLamella: targeted.number, geometry: lamella)
        let report = TargetReport(exposures, geometry: lamella, settings: targetSettings, coverage: coverage)
        try AtomicFile.write(report.data(), to: folder.mediumStem(targeted.number) + "_targets.json")
    }

    /// nil where the lamella was not segmented, for targets may be set by hand alone, and where its segmentation cannot be used: that is no
    /// reason to leave targets out.
    private nonisolated func coverage(of targets: [Target], onLamella number: Int, geometry: LamellaGeometry) -> Coverage? {
        let file = folder.mediumStem(number) + "_seg.png"
        guard let classes = context.models.segmenterDescription?.classes, FileManager.default.fileExists(atPath: file) else { return nil }
        do {
            return try TargetSelection.coverage(
                of: targets, labels: PNGFile.readGrey(file), classes: classes, geometry: geometry, settings: targetSettings)
        } catch {
            engine.note(.warning("how much the targets of lamella \(number) see is not told: \(file): \(error)"))
            return nil
        }
    }
}
