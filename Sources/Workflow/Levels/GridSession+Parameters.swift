import Foundation
import Geometry
import ImageFiles
import Microscope
import Units

/// The parameter files that SPACEtomo users and tools read (spec 2.7).
extension GridSession {
    func microscopeParameters(_ geometry: LowDoseGeometry) -> JSONValue {
        func state(_ name: String) -> JSONValue { Int(name).map { .integer($0) } ?? .string(name) }
        func matrix<A, B>(_ m: LinearMap<A, B>) -> JSONValue {
            .tagged(array: [[.number(m.xpx), .number(m.xpy)], [.number(m.ypx), .number(m.ypy)]])
        }
        var entries: JSONObject = [
            "WG_image_state": state(settings.wholeGridState), "IM_image_state": state(settings.intermediateState),
            "MM_image_state": .array(settings.mediumStates.map(state)),
            "IS_limit": .number(context.facts.imageShiftLimit.value),
            "cam_dims": .tagged(array: [.integer(geometry.cameraWidth), .integer(geometry.cameraHeight)]),
            "WG_pix_size": .null, "IM_pix_size": .null, "s2ss_matrix": matrix(geometry.stageToSpecimen),
        ]
        for (prefix, area) in [("view", geometry.view), ("rec", geometry.record), ("focus", geometry.record)] {
            let c = area.cameraToSpecimen
            // The principal value, as SPACEtomo has it: between 0 and 180 degrees.
            let rotation = 90 - atan2(c.xpy, c.xpx).truncatedToPrincipal * 180 / .pi
            let r = rotation * .pi / 180
            entries[prefix + "_pix_size"] = .number(area.pixelSize.value)
            entries[prefix + "_c2ss_matrix"] = matrix(c)
            entries[prefix + "_ss2is_matrix"] = matrix(area.specimenToImageShift)
            entries[prefix + "_ta_rotation"] = .number(rotation)
            entries[prefix + "_rotM"] = .tagged(
                array: [[.number(cos(r)), .number(sin(r))], [.number(-sin(r)), .number(cos(r))]])
            entries[prefix + "_beam_diameter"] = .number(area.beamDiameter.value)
        }
        return .object(entries)
    }

    func targetParameters() -> JSONValue {
        .object([
            "target_list": .array(settings.targetClasses.map { .string($0) }),
            "penalty_list": .array(settings.avoidedClasses.map { .string($0) }),
            "sparse": .bool(settings.sparseTargets), "edge": .bool(settings.targetEdge), "weight": .null,
            "edge_weights": .null, "penalty": .number(settings.penaltyWeight),
            "threshold": .number(settings.scoreThreshold), "max_tilt": .number(settings.maximumTilt.value),
            "extra_track": .bool(settings.extraTracking), "max_it": .integer(10),
        ])
    }
}

extension Double {
    /// An angle in radians brought to the range of the arctangent of a ratio, -π/2 to π/2.
    fileprivate var truncatedToPrincipal: Double {
        if self > .pi / 2 { return self - .pi }
        if self < -.pi / 2 { return self + .pi }
        return self
    }
}
