import Foundation
public import Geometry
public import Raster
import Units

/// Changes targets as people do, one step at a time.
///
/// Every function takes areas and returns others, or throws one sentence that says what keeps the step from being done.
/// What held before holds afterwards: a Record field lies on acquired pixels of the map; two Record targets keep their
/// ``HandSpacing``; every target and geo point is within the image-shift limit of its tracking target; no geo point is
/// measured inside of a field. Limits of the automatic selection (`max_targets` and such) do not bind people.
public struct TargetEditor: Sendable {
    let map: PreparedMap

    /// - Parameters:
    ///   - labels: the segmentation, all 0 where there is none; label `i` means `classes[i]`.
    ///   - acquired: false where the map has no image; all of it was acquired if nil.
    ///   - probabilities: as in ``TargetSelection``.
    /// - Throws: ``TargetsError`` where they do not fit together.
    public init(
        labels: Raster<UInt8>, classes: [String], acquired: Raster<Bool>? = nil,
        probabilities: [String: Raster<Float>] = [:], geometry: LamellaGeometry, settings: TargetSettings
    ) throws(TargetsError) {
        map = try PreparedMap(
            labels: labels, classes: classes, acquired: acquired, probabilities: probabilities, geometry: geometry,
            settings: settings)
    }

    /// What a target at a position scores, also below the threshold or near avoided classes; 0 where its field leaves the map.
    public func score(at position: Point<Frame.MapPixels>) -> Double { map.exactScore(at: position) }

    /// The score of a target that a person has set, in SPACEtomo's files.
    public static let scoreByHand = 100.0

    /// Adds a target, its score being ``scoreByHand``.
    ///
    /// - Parameter spacing: how near to other Record targets it may be.
    public func adding(
        _ position: Point<Frame.MapPixels>, lowDoseArea: LowDoseArea = .record, to destination: TargetDestination = .nearest,
        spacing: HandSpacing = .beams, in areas: [TargetArea]
    ) throws(TargetsError) -> [TargetArea] {
        let target = Target(position: position, score: Self.scoreByHand, lowDoseArea: lowDoseArea)
        try check(target, among: areas, spacing: spacing)
        return try placing(target, in: destination, of: areas)
    }

    /// Moves a target; it stays in its area, and its score becomes ``scoreByHand``.
    public func moving(
        _ reference: TargetReference, to position: Point<Frame.MapPixels>, spacing: HandSpacing = .beams, in areas: [TargetArea]
    ) throws(TargetsError) -> [TargetArea] {
        var target = try self.target(reference, in: areas)
        target.position = position
        target.score = Self.scoreByHand
        return try replacing(reference, by: target, spacing: spacing, in: areas)
    }

    /// Images a target in another Low Dose area.
    public func imaging(
        _ reference: TargetReference, in lowDoseArea: LowDoseArea, spacing: HandSpacing = .beams, of areas: [TargetArea]
    ) throws(TargetsError) -> [TargetArea] {
        var target = try self.target(reference, in: areas)
        target.lowDoseArea = lowDoseArea
        return try replacing(reference, by: target, spacing: spacing, in: areas)
    }

    /// Takes a target away. The last of an area takes the area with it; after a tracking target, the one that reaches
    /// all others with the least shift takes its place, and geo points beyond its reach go.
    public func deleting(_ reference: TargetReference, in areas: [TargetArea]) throws(TargetsError) -> [TargetArea] {
        _ = try target(reference, in: areas)
        var changed = areas
        var area = areas[reference.area]
        area.targets.remove(at: reference.target)
        if area.targets.isEmpty {
            changed.remove(at: reference.area)
            return changed
        }
        if reference.target == 0 { try elect(&area, number: reference.area + 1) }
        changed[reference.area] = area
        return changed
    }

    /// Makes a target the one that its area is tracked on. Geo points beyond its reach go.
    public func makingTracking(_ reference: TargetReference, in areas: [TargetArea]) throws(TargetsError) -> [TargetArea] {
        let target = try target(reference, in: areas)
        var changed = areas
        changed[reference.area].targets.remove(at: reference.target)
        changed[reference.area].targets.insert(target, at: 0)
        try checkReach(of: changed[reference.area], number: reference.area + 1)
        changed[reference.area].geoPoints.removeAll { !isReachable($0, from: target.position) }
        return changed
    }

    /// Puts a target into another area, or into one of its own, where it is the tracking target.
    public func transferring(
        _ reference: TargetReference, to destination: TargetDestination, in areas: [TargetArea]
    ) throws(TargetsError) -> [TargetArea] {
        let target = try target(reference, in: areas)
        if case .area(reference.area) = destination { return areas }
        let isAlone = areas[reference.area].targets.count == 1
        if case .new = destination, isAlone { return areas }
        let placed = try placing(target, in: destination, of: areas)
        // New areas come last, new targets at the end of their area: the reference is still right, unless the nearest area is its own.
        guard placed[reference.area].targets.count == areas[reference.area].targets.count else { return areas }
        return try deleting(reference, in: placed)
    }

    /// Moves a target to where it scores more, within the longer side of the field, and gives it its score there.
    ///
    /// Looks at a raster of positions, then goes uphill from the best one to single pixels. A target that nothing
    /// nearby betters stays as it is.
    public func optimising(_ reference: TargetReference, in areas: [TargetArea]) throws(TargetsError) -> [TargetArea] {
        let target = try target(reference, in: areas)
        guard target.lowDoseArea == .record else {
            throw .edit("\(name(reference)) is not imaged in Record, and scores are those of Record fields: change its Low Dose area first.")
        }
        let field = map.field
        func worth(_ position: Point<Frame.MapPixels>) -> Double? {
            guard let worth = field.worth(at: position), (try? moving(reference, to: position, in: areas)) != nil else { return nil }
            return worth
        }
        let reach = Double(max(field.scores.columns, field.scores.rows))
        var best: (worth: Double, position: Point<Frame.MapPixels>)?
        if let here = worth(target.position) { best = (here, target.position) }
        func consider(_ position: Point<Frame.MapPixels>) {
            guard let found = worth(position), found > (best?.worth ?? -.infinity) + 1e-9 else { return }
            best = (found, position)
        }
        var step = max(1, (reach / 12).rounded())
        for y in stride(from: -reach, through: reach, by: step) {
            for x in stride(from: -reach, through: reach, by: step) { consider(target.position + Vector(dx: x, dy: y)) }
        }
        while let summit = best?.position {
            for (x, y) in [(1.0, 0.0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)] {
                consider(summit + Vector(dx: x * step, dy: y * step))
            }
            guard best?.position == summit else { continue }
            if step <= 1 { break }
            step = max(1, (step / 2).rounded(.down))
        }
        guard let best, best.position != target.position else { return areas }
        var moved = try moving(reference, to: best.position, in: areas)
        moved[reference.area].targets[reference.target].score = map.exactScore(at: best.position)
        return moved
    }
}

/// Which target: both counted from 0. Sentences count from 1.
public struct TargetReference: Hashable, Sendable {
    public var area: Int
    public var target: Int
    public init(area: Int, target: Int) {
        self.area = area
        self.target = target
    }
}

/// The area that a target comes into.
public enum TargetDestination: Hashable, Sendable {
    /// The one with the nearest tracking target; a new one where there is none.
    case nearest
    /// A new one, of which it is the tracking target.
    case new
    /// By its place in the list, counted from 0.
    case area(Int)
}

/// How near to each other people may set two Record targets.
public enum HandSpacing: Hashable, Sendable {
    /// No place is exposed for both at any tilt, as in a selection.
    case beams
    /// The beam of each may reach to the other's field of view, not into it.
    case fields
}
