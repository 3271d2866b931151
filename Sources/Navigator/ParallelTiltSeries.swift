import Foundation
public import Geometry
public import Units

/// Targets that SerialEM 4.3 itself acquires in parallel, as its Navigator keeps them: `IStargets` and `TargetMag` of an
/// item, and a section `ParallelTSParam`.
///
/// Names, units and rules are from SerialEM's help (`about_formats`, `hidd_paralleltiltseries`) and source as of August
/// 2026. Experimental: nothing of it was tried against SerialEM itself.
public struct ParallelTiltSeries: Sendable, Hashable {
    /// From the first target, in SerialEM's units of image shift at ``magnificationIndex``; the first is 0, 0.
    public var imageShifts: [Vector<Frame.ImageShift>]
    /// SerialEM's number of the magnification at which the shifts hold.
    public var magnificationIndex: Int
    /// Where the targets lie on the map that the item is drawn on, in pixels of its image without reduction, y down; SerialEM
    /// cuts the references out there. Empty for none, so that image shift alone leads to the targets.
    public var positionsInMap: [Point<Frame.MapPixels>]
    /// At which the specimen is level, and at which the series starts.
    public var levelTilt: Degrees
    /// By which the specimen is turned about the microscope's y axis: its height is -x tan(pitch).
    public var pitch: Degrees
    /// At which the map was taken.
    public var mappingTilt: Degrees
    /// How far is tilted to either side of ``levelTilt``.
    public var maximumTilt: Degrees

    public init(
        imageShifts: [Vector<Frame.ImageShift>], magnificationIndex: Int, positionsInMap: [Point<Frame.MapPixels>], levelTilt: Degrees = .zero,
        pitch: Degrees = .zero, mappingTilt: Degrees = .zero, maximumTilt: Degrees
    ) {
        self.imageShifts = imageShifts
        self.magnificationIndex = magnificationIndex
        self.positionsInMap = positionsInMap
        self.levelTilt = levelTilt
        self.pitch = pitch
        self.mappingTilt = mappingTilt
        self.maximumTilt = maximumTilt
    }

    /// Tilt of the series' start and pitch of a lamella as PACEtomo describes it.
    ///
    /// A height of `tan(pretilt) · (cos(rotation) y - sin(rotation) x)` is level in y at minus its slope there; what is
    /// left in x is the pitch. Both programs count focus against height, from which the signs follow; not tried.
    public static func angles(pretilt: Degrees, rotation: Degrees) -> (levelTilt: Degrees, pitch: Degrees) {
        let slope = sine(pretilt) / cosine(pretilt)
        let level = -atan(slope * cosine(rotation))
        let pitch = atan(slope * sine(rotation) * cos(level))
        return (Degrees(level * 180 / .pi), Degrees(pitch * 180 / .pi))
    }

    /// Why SerialEM would not acquire it, as a part of a sentence; nil where it would.
    public var refusal: String? {
        if imageShifts.count < 2 { return "it has \(imageShifts.count) target\(imageShifts.count == 1 ? "" : "s"), and SerialEM wants two" }
        if let first = imageShifts.first, abs(first.dx) > 1e-3 || abs(first.dy) > 1e-3 { return "the image shift of its first target is not 0" }
        if !positionsInMap.isEmpty, positionsInMap.count < imageShifts.count { return "it has fewer places on the map than targets" }
        if magnificationIndex <= 0 { return "the magnification of its image shifts is not known" }
        let numbers = imageShifts.flatMap { [$0.dx, $0.dy] } + positionsInMap.flatMap { [$0.x, $0.y] } + [levelTilt.value, pitch.value, mappingTilt.value]
        return numbers.allSatisfy(\.isFinite) ? nil : "it has a position that is no number"
    }
}

extension NavigatorFile {
    private static let kind = "ParallelTSParam"

    /// Puts a series into the file: a point at its first target, drawn on its map, and a section of parameters.
    ///
    /// The point is not marked for acquisition, because SerialEM lets nobody turn a marked item into a tilt series.
    ///
    /// - Parameter map: the map that the positions are on.
    public mutating func add(_ series: ParallelTiltSeries, at stage: Point<Frame.Stage>, label: String, note: String, drawnOn map: NavigatorItem) {
        let identifier = unusedMapID()
        var item = NavigatorItem.point(
            label: label, stage: stage, z: map.z, note: note, color: .yellow, registration: map.registration, mapID: identifier, drawnID: map.mapID)
        let same = parameters.indices.filter { parameters[$0].kind == Self.kind }
        item["ParallelTSIndex"] = String(same.count)
        item.set("IStargets", numbers: series.imageShifts.flatMap { [$0.dx, $0.dy] })
        item["TargetMag"] = String(series.magnificationIndex)
        items.append(item)
        var section = NavigatorParameters(kind: Self.kind, name: String(same.count))
        if !series.positionsInMap.isEmpty {
            section.set("XinAreaMap", numbers: series.positionsInMap.map(\.x))
            section.set("YinAreaMap", numbers: series.positionsInMap.map(\.y))
        }
        section.set("PreTilt", numbers: [series.levelTilt.value])
        section.set("XPitchAngle", numbers: [series.pitch.value])
        section.set("MappingTilt", numbers: [series.mappingTilt.value])
        section.set("MaxTilt", numbers: [series.maximumTilt.value])
        section["NavID"] = String(unusedMapID())
        // SerialEM writes these before the parameters of tilt series.
        parameters.insert(section, at: same.last.map { $0 + 1 } ?? 0)
    }

    /// The series of an item; nil where it has none, or where the file does not hold all of it.
    public func parallelTiltSeries(of item: NavigatorItem) -> ParallelTiltSeries? {
        let sections = parameters.filter { $0.kind == Self.kind }
        guard let place = item["ParallelTSIndex"].flatMap({ Int($0) }), sections.indices.contains(place), let shifts = item.numbers("IStargets"),
            let magnification = item["TargetMag"].flatMap({ Int($0) })
        else { return nil }
        let section = sections[place]
        func angle(_ key: String) -> Degrees { Degrees(section.numbers(key)?.first ?? 0) }
        let places = zip(section.numbers("XinAreaMap") ?? [], section.numbers("YinAreaMap") ?? [])
        return ParallelTiltSeries(
            imageShifts: stride(from: 0, to: shifts.count - 1, by: 2).map { Vector(dx: shifts[$0], dy: shifts[$0 + 1]) },
            magnificationIndex: magnification, positionsInMap: places.map { Point(x: $0, y: $1) }, levelTilt: angle("PreTilt"),
            pitch: angle("XPitchAngle"), mappingTilt: angle("MappingTilt"), maximumTilt: angle("MaxTilt"))
    }

    /// Removes items, and with those that are series their parameters; the others are counted anew, as SerialEM does.
    public mutating func removeItems(where isUnwanted: (NavigatorItem) throws -> Bool) rethrows {
        var unwanted: Set<Int> = []
        try items.removeAll { item in
            guard try isUnwanted(item) else { return false }
            if let place = item["ParallelTSIndex"].flatMap({ Int($0) }) { unwanted.insert(place) }
            return true
        }
        // Another item may go by the same parameters.
        unwanted.subtract(items.compactMap { $0["ParallelTSIndex"].flatMap { Int($0) } })
        guard !unwanted.isEmpty else { return }
        var place = -1
        parameters.removeAll { section in
            guard section.kind == Self.kind else { return false }
            place += 1
            return unwanted.contains(place)
        }
        for index in items.indices {
            guard let place = items[index]["ParallelTSIndex"].flatMap({ Int($0) }) else { continue }
            items[index]["ParallelTSIndex"] = String(place - unwanted.count { $0 < place })
        }
        var count = 0
        for index in parameters.indices where parameters[index].kind == Self.kind {
            parameters[index].rename(String(count))
            count += 1
        }
    }
}
