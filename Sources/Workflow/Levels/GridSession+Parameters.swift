import Foundation
import Geometry
import ImageFiles
import InferenceWire
package import Microscope
package import Targets
package import Units

/// The parameter files that SPACEtomo users and tools read (spec 2.7).
extension GridSession {
    /// Writes `mic_params.json` and `tgt_params.json` into the grid's folder and beside the maps.
    ///
    /// - Parameter intermediateImages: images of which any tells the intermediate pixel size.
    func writeParameters(_ geometry: LowDoseGeometry, intermediateImages: [String]) throws {
        let microscope = try microscopeParameters(
            geometry, wholeGrid: pixelSize(of: [folder.wholeGridFile]), intermediate: pixelSize(of: intermediateImages)
        ).data()
        let target = try context.models.segmenterDescription.map { try targetParameters(geometry, model: $0).data() }
        for folder in [folder.path, folder.maps] {
            try AtomicFile.write(microscope, to: folder + "/mic_params.json")
            if let target { try AtomicFile.write(target, to: folder + "/tgt_params.json") }
        }
        guard let model = context.models.segmenterDescription else { return }
        try AtomicFile.write(
            TargetSettingsFile(settings: targetSettings, classes: model.classes).data(), to: folder.inMaps(TargetSettingsFile.name))
    }

    /// The pixel size of the first of these images that has one.
    private nonisolated func pixelSize(of files: [String]) -> PixelSize? {
        files.lazy.compactMap { try? MRCFile.header(self.folder.inFolder($0)).pixelSize }.first { $0.value > 0 }
    }

    private func microscopeParameters(
        _ geometry: LowDoseGeometry, wholeGrid: PixelSize?, intermediate: PixelSize?
    ) -> MicroscopeParameters {
        func state(_ name: String) -> MicroscopeParameters.ImagingState { Int(name).map { .number($0) } ?? .name(name) }
        func area(_ area: LowDoseGeometry.Area) -> MicroscopeParameters.Area {
            MicroscopeParameters.Area(
                pixelSize: area.pixelSize, cameraToSpecimen: area.cameraToSpecimen,
                specimenToImageShift: area.specimenToImageShift, beamDiameter: area.beamDiameter)
        }
        return MicroscopeParameters(
            wholeGridState: state(settings.wholeGridState), intermediateState: state(settings.intermediateState),
            mediumStates: settings.mediumStates.map(state), imageShiftLimit: context.facts.imageShiftLimit,
            cameraSize: [geometry.cameraWidth, geometry.cameraHeight], wholeGridPixelSize: wholeGrid,
            intermediatePixelSize: intermediate, stageToSpecimen: geometry.stageToSpecimen, view: area(geometry.view),
            record: area(geometry.record))
    }

    private func targetParameters(_ geometry: LowDoseGeometry, model: ModelDescription) throws -> TargetParameters {
        try TargetParameters(
            settings: targetSettings, classes: model.classes, geometry: geometry.expectedOfMaps(at: model.pixelSize))
    }
}

extension LowDoseGeometry {
    /// How a map in View will lie, by View's calibration, while there is none to measure it on.
    package func expectedOfMaps(at pixelSize: PixelSize) -> LamellaGeometry {
        let scale = pixelSize / view.pixelSize
        // Rows of a map run down, those of the camera up.
        let toCamera = LinearMap<Frame.MapPixels, Frame.Camera>(xpx: scale, xpy: 0, ypx: 0, ypy: -scale)
        let toSpecimen = toCamera.then(view.cameraToSpecimen)
        return LamellaGeometry(
            mapPixelSize: pixelSize, beamDiameter: record.beamDiameter,
            recordFieldWidth: (Pixels(Double(cameraWidth)) * record.pixelSize).inMicrometers,
            recordFieldHeight: (Pixels(Double(cameraHeight)) * record.pixelSize).inMicrometers,
            mapToStage: AffineMap(
                linear: stageToSpecimen.inverse.map(toSpecimen.then) ?? LinearMap(xpx: 0, xpy: 0, ypx: 0, ypy: 0),
                sending: .origin, to: .origin),
            stageToSpecimen: stageToSpecimen)
    }
}
