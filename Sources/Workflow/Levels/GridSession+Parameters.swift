import InferenceWire
import Microscope
import Targets

/// The parameter files that SPACEtomo users and tools read (spec 2.7).
extension GridSession {
    func microscopeParameters(_ geometry: LowDoseGeometry) -> MicroscopeParameters {
        func state(_ name: String) -> MicroscopeParameters.ImagingState { Int(name).map { .number($0) } ?? .name(name) }
        func area(_ area: LowDoseGeometry.Area) -> MicroscopeParameters.Area {
            MicroscopeParameters.Area(
                pixelSize: area.pixelSize, cameraToSpecimen: area.cameraToSpecimen,
                specimenToImageShift: area.specimenToImageShift, beamDiameter: area.beamDiameter)
        }
        return MicroscopeParameters(
            wholeGridState: state(settings.wholeGridState), intermediateState: state(settings.intermediateState),
            mediumStates: settings.mediumStates.map(state), imageShiftLimit: context.facts.imageShiftLimit,
            cameraSize: [geometry.cameraWidth, geometry.cameraHeight], wholeGridPixelSize: nil,
            intermediatePixelSize: nil, stageToSpecimen: geometry.stageToSpecimen, view: area(geometry.view),
            record: area(geometry.record))
    }

    func targetParameters(_ geometry: LamellaGeometry) throws -> TargetParameters {
        try TargetParameters(
            settings: targetSettings, classes: context.models.segmenterDescription?.classes ?? [], geometry: geometry)
    }
}
