import Geometry
import ImageFiles
import Units

/// How a grid lies on the stage against how it lay when it was mapped.
///
/// All positions that a session keeps are those of the loading in which the grid was mapped; a placement turns them into
/// what the stage reads now.
struct Placement: Codable, Sendable, Hashable {
    /// From positions of the session to the stage; a rotation and a shift.
    let map: AffineMap<Frame.Stage, Frame.Stage>
    /// How much higher the specimen lies.
    let rise: Micrometers

    /// The grid was not loaded again since.
    static let asMapped = Placement(
        map: AffineMap(linear: LinearMap(xpx: 1, xpy: 0, ypx: 0, ypy: 1), sending: .origin, to: .origin), rise: .zero)

    /// The way back; a rotation always has one.
    var back: AffineMap<Frame.Stage, Frame.Stage> { map.inverse ?? map }
    var rotation: Degrees { angle(across: map.linear.ypx, along: map.linear.xpx) }
    /// Where the middle of the stage came to.
    var shift: Vector<Frame.Stage> { map.offset }
}

/// What is found out about a grid that was loaded again.
struct Realignment: Codable, Sendable, Hashable {
    /// A lamella that was looked at.
    struct Sighting: Codable, Sendable, Hashable {
        let number: Int
        /// Where it was, by the session's positions.
        let before: Point<Frame.Stage>
        /// Where it is now.
        let after: Point<Frame.Stage>
        /// How well its image agrees with the one of before, -1 to 1.
        let correlation: Double
    }
    /// What the rotation and the shift were measured on.
    enum Basis: String, Codable, Sendable {
        /// On lamellae far enough from each other.
        case lamellae
        /// The shift on lamellae, the rotation by the grid map: they are too near to each other, or there is but one.
        case shiftOnLamellae
        /// By the grid map alone: no lamella was recentred yet.
        case gridMap
    }

    /// Loadings are counted from 1.
    let loading: Int
    let placement: Placement
    /// What SerialEM found with the pieces of the grid map.
    let coarse: Placement
    let basis: Basis
    let sightings: [Sighting]
    /// Mean distance between where lamellae are and where the placement puts them; nil where it was not fitted to any.
    let residual: Micrometers?

    /// The limits of SerialEM's multi-grid operations (`CMultiGridTasks`: `mRRGShiftLimitForXform`,
    /// `mRRGRotLimitForXform`, `mRRGResidLimitForXform`), beyond which it transforms nothing.
    static let largestShift = Micrometers(70)
    static let largestRotation = Degrees(17)
    static let largestResidual = Micrometers(7.5)

    /// What is beyond the limits, in words; nil where nothing is.
    static func excess(of placement: Placement, residual: Micrometers?) -> String? {
        var parts: [String] = []
        if placement.shift.length > largestShift.value {
            parts.append("it lies \(tenths(placement.shift.length)) µm off (limit \(tenths(largestShift.value)))")
        }
        if placement.rotation.magnitude > largestRotation {
            parts.append("it is turned by \(tenths(placement.rotation.value)) degrees (limit \(tenths(largestRotation.value)))")
        }
        if let residual, residual > largestResidual {
            parts.append("its lamellae are \(tenths(residual.value)) µm from where they should be (limit \(tenths(largestResidual.value)))")
        }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// For the log and the report.
    var words: String {
        let basis =
            switch basis {
            case .lamellae: "measured on \(sightings.count) lamellae"
            case .shiftOnLamellae where sightings.count == 1: "the shift measured on 1 lamella, the rotation by the grid map"
            case .shiftOnLamellae: "the shift measured on \(sightings.count) lamellae near to each other, the rotation by the grid map"
            case .gridMap: "by the grid map alone, as no lamella has been recentred"
            }
        return "shift \(tenths(placement.shift.length)) µm, rotation \(hundredths(placement.rotation.value)) degrees, "
            + "residual \(residual.map { "\(hundredths($0.value)) µm" } ?? "unknown"), \(basis)"
    }
}

extension Realignment {
    /// Micrometres and degrees.
    var json: JSONValue {
        func place(_ point: Point<Frame.Stage>) -> JSONValue { .array([.number(point.x), .number(point.y)]) }
        func placement(_ placement: Placement) -> JSONObject {
            let m = placement.map.linear
            return [
                "shift": .array([.number(placement.shift.dx), .number(placement.shift.dy)]), "rotation": .number(placement.rotation.value),
                "rise": .number(placement.rise.value), "matrix": .array([.number(m.xpx), .number(m.xpy), .number(m.ypx), .number(m.ypy)]),
            ]
        }
        var entries = placement(self.placement)
        entries["loading"] = .integer(loading)
        entries["residual"] = residual.map { .number($0.value) } ?? .null
        entries["basis"] = .string(basis.rawValue)
        entries["lamellae"] = .array(
            sightings.map {
                .object([
                    "number": .integer($0.number), "before": place($0.before), "after": place($0.after),
                    "residual": .number(self.placement.map($0.before).distance(to: $0.after)), "correlation": .number($0.correlation),
                ])
            })
        entries["by_grid_map"] = .object(placement(coarse))
        return .object(entries)
    }
}

private func tenths(_ x: Double) -> String { "\((x * 10).rounded() / 10)" }
private func hundredths(_ x: Double) -> String { "\((x * 100).rounded() / 100)" }
