import Foundation
public import Geometry
import Raster
public import Units

/// A regular arrangement of targets that a person asks for.
public enum TargetPattern: Hashable, Sendable {
    /// The holes of a support film: the two vectors from one hole to its neighbours, on the map.
    case holes(Vector<Frame.MapPixels>, Vector<Frame.MapPixels>)
    /// As close as beams may lie that reach to the next field of view but not into it: rows along the tilt axis, every
    /// other one shifted by half, with a margin between beam and field (5 % of the beam where it is nil).
    case dense(margin: Micrometers?)
}

extension TargetEditor {
    /// More places than this on one map are a slip in a vector.
    private static let mostPlaces = 20_000

    /// Where a pattern would put targets: from the first target of the first area outwards (a dense pattern of a map
    /// without targets from its middle), only where a Record target may be added, and none that keeps another from being
    /// accepted.
    ///
    /// - Parameter polygons: only places inside of one of them; everywhere if there is none.
    public func suggestions(
        _ pattern: TargetPattern, inside polygons: [Polygon<Frame.MapPixels>] = [], spacing: HandSpacing = .fields, in areas: [TargetArea]
    ) throws(TargetsError) -> [Point<Frame.MapPixels>] {
        let first = areas.first?.targets.first?.position
        let middle = Point<Frame.MapPixels>(x: Double(map.labels.width) / 2, y: Double(map.labels.height) / 2)
        let places: [Point<Frame.MapPixels>]
        switch pattern {
        case .holes(let a, let b):
            guard let first else { throw .edit("A hole pattern begins with a target: set the first one on a hole.") }
            places = try lattice(a, b, through: first)
        case .dense(let margin):
            let (a, b) = try denseVectors(margin: margin)
            places = try lattice(a, b, through: first ?? middle)
        }
        let anchor = first ?? middle
        var free: [Point<Frame.MapPixels>] = []
        for place in places.enumerated().sorted(by: { ($0.element.distance(to: anchor), $0.offset) < ($1.element.distance(to: anchor), $1.offset) }).map(\.element) {
            guard polygons.isEmpty || polygons.contains(where: { $0.contains(place) }) else { continue }
            let target = Target(position: place, score: Self.scoreByHand)
            guard (try? check(target, among: areas, spacing: spacing)) != nil else { continue }
            if free.allSatisfy({ areApart($0, place, spacing) }) { free.append(place) }
        }
        return free
    }

    /// Adds suggestions as targets, each to the nearest area that reaches it, or to a new one. What meanwhile has no room
    /// is left out.
    public func accepting(
        _ suggestions: [Point<Frame.MapPixels>], spacing: HandSpacing = .fields, in areas: [TargetArea]
    ) -> [TargetArea] {
        suggestions.reduce(areas) { areas, place in
            (try? adding(place, spacing: spacing, in: areas)) ?? (try? adding(place, to: .new, spacing: spacing, in: areas)) ?? areas
        }
    }

    /// Along a row half a beam and half a field, from one row to the next the same across the axis, where the beam's
    /// footprint is longer by the tilt.
    private func denseVectors(margin: Micrometers?) throws(TargetsError) -> (Vector<Frame.MapPixels>, Vector<Frame.MapPixels>) {
        let plane = map.field.plane
        let beam = map.field.spacing
        let (columns, rows) = (Double(map.field.scores.columns), Double(map.field.scores.rows))
        // How far a field that is not parallel to the axis reaches along it and across.
        let fieldAlong = abs(plane.axisColumn) * columns + abs(plane.axisRow) * rows
        let fieldAcross = abs(plane.axisRow) * columns + abs(plane.axisColumn) * rows
        let gap = margin.map { ($0.inNanometers / map.geometry.mapPixelSize).value } ?? 0.05 * beam
        guard gap.isFinite, gap >= 0 else { throw .edit("The margin of a dense pattern is \(gap) pixels: it must be 0 or more.") }
        let along = (beam + fieldAlong) / 2 + gap
        let across = (beam / plane.factor + fieldAcross) / 2 + gap
        let row = plane.unsqueezed(along: along, across: 0) - .origin
        let next = plane.unsqueezed(along: along / 2, across: across * plane.factor) - .origin
        return (row, next)
    }

    /// All places of a lattice on the map.
    private func lattice(
        _ a: Vector<Frame.MapPixels>, _ b: Vector<Frame.MapPixels>, through anchor: Point<Frame.MapPixels>
    ) throws(TargetsError) -> [Point<Frame.MapPixels>] {
        let cell = abs(a.dx * b.dy - a.dy * b.dx)
        let (width, height) = (Double(map.labels.width), Double(map.labels.height))
        guard cell.isFinite, cell * Double(Self.mostPlaces) > width * height, cell > 1e-3 * a.length * b.length else {
            throw .edit(
                String(format: "The vectors (%.1f, %.1f) and (%.1f, %.1f) make no pattern: name two from one place to its neighbours, in pixels.", a.dx, a.dy, b.dx, b.dy))
        }
        let inverse = LinearMap<Frame.MapPixels, Frame.MapPixels>(xpx: a.dx, xpy: b.dx, ypx: a.dy, ypy: b.dy).inverse
        let corners = [(0.0, 0.0), (width, 0), (width, height), (0, height)]
            .compactMap { inverse?(Point(x: $0.0, y: $0.1) - anchor) }
        let (rows, columns) = (corners.map(\.dx), corners.map(\.dy))
        guard let lowest = rows.min(), let highest = rows.max(), let left = columns.min(), let right = columns.max() else { return [] }
        var places: [Point<Frame.MapPixels>] = []
        for i in Int(lowest.rounded(.down)) ... Int(highest.rounded(.up)) {
            for j in Int(left.rounded(.down)) ... Int(right.rounded(.up)) {
                let place = anchor + Double(i) * a + Double(j) * b
                if isOnMap(place) { places.append(place) }
            }
        }
        return places
    }
}
