import Geometry
import Microscope
import Targets

/// Geometry on a grid that was loaded again.
extension LowDoseGeometry {
    /// For positions of the session: the grid is turned against the stage since they were measured.
    func turned(by placement: Placement) -> Self {
        guard placement != .asMapped else { return self }
        return LowDoseGeometry(
            cameraWidth: cameraWidth, cameraHeight: cameraHeight, view: view, record: record,
            stageToSpecimen: placement.map.linear.then(stageToSpecimen))
    }
}

extension LamellaGeometry {
    /// For the stage as it reads now, where this one is for positions of the session.
    func placed(by placement: Placement) -> Self {
        guard placement != .asMapped else { return self }
        var geometry = self
        geometry.mapToStage = mapToStage.then(placement.map)
        geometry.stageToSpecimen = placement.back.linear.then(stageToSpecimen)
        return geometry
    }
}
