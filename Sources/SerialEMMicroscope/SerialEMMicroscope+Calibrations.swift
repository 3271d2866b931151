import Geometry
public import Microscope
import SerialEMClient

extension SerialEMMicroscope {
    public func calibrations(of states: [ImagingStateRequirement]) async throws -> Calibrations {
        let c = connection
        var found: [StateCalibration] = []
        for wanted in states {
            guard let state = try await Self.wording({ try await c.imagingStateProperties(wanted.state) }) else { continue }
            found.append(try await calibration(of: state, wanted))
        }
        // Not all versions tell the offset.
        let axis = try await told("tilt-axis offset") { try await c.reportTiltAxisOffset() }
        return Calibrations(states: found, tiltAxisOffset: axis?.offset)
    }

    private func calibration(of state: ImagingState, _ wanted: ImagingStateRequirement) async throws -> StateCalibration {
        let c = connection
        let index = state.magIndex
        // 0 would stand for the present magnification.
        let hasIndex = index > 0
        return try await Self.wording {
            StateCalibration(
                key: wanted.key, state: wanted.state, name: state.name, type: state.type, camera: state.camera, magIndex: index,
                pixelSize: hasIndex ? try await c.cameraProperties(camera: state.camera, magIndex: index).pixelSize : nil,
                cameraToSpecimen: hasIndex ? try await c.cameraToSpecimenMatrix(magIndex: index).map(Self.linear) : nil,
                imageShiftToSpecimen: hasIndex ? try await c.isToSpecimenMatrix(magIndex: index).map(Self.linear) : nil,
                stageToSpecimen: hasIndex ? try await c.stageToSpecimenMatrix(magIndex: index).map(Self.linear) : nil)
        }
    }

    static func linear<From, To>(_ m: CalibrationMatrix) -> LinearMap<From, To> {
        LinearMap(xpx: m.xpx, xpy: m.xpy, ypx: m.ypx, ypy: m.ypy)
    }
}
