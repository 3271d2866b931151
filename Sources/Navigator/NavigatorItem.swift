import Foundation
public import Geometry
import ImageFiles
public import Units

/// The colours of the Navigator's table.
public enum NavigatorColor: Int, Sendable, Hashable, CaseIterable, Codable {
    case red = 0
    case green = 1
    case blue = 2
    case yellow = 3
    case magenta = 4
    /// Drawn for points that are not to be realigned to.
    case noRealign = 5
}

/// A line of the Navigator's table. Keys that have no property here are reached by their name.
public struct NavigatorItem: Sendable, Hashable {
    public enum Kind: Int, Sendable, Hashable, CaseIterable {
        case point = 0
        case polygon = 1
        case map = 2
        case anchor = 3
    }

    var section: Autodoc.Section

    init(section: Autodoc.Section) { self.section = section }

    /// An item with the keys that each item has.
    init(label: String, kind: Kind, stage: Point<Frame.Stage>, z: Micrometers, color: Int) {
        section = Autodoc.Section(kind: "Item", name: label)
        self.color = color
        setPosition(stage, z)
        self["NumPts"] = "1"
        registration = 1
        self.kind = kind
    }

    /// The keys in the order of the file.
    public var keys: [String] { section.entries.keys }

    /// The value of any key as text. Setting changes the line in place or adds one; nil removes it.
    public subscript(key: String) -> String? {
        get { section.entries[key] }
        set { section.entries[key] = newValue }
    }

    /// The numbers of a key's value; nil unless all of it is numbers.
    public func numbers(_ key: String) -> [Double]? { section.entries.doubles(key) }
    /// Sets a key to numbers, printed as SerialEM does.
    public mutating func set(_ key: String, numbers: [Double]) { section.entries.set(key, numbers) }

    private func whole(_ key: String) -> Int? { section.entries.integer(key) }
    private mutating func set(_ key: String, _ value: Int?) { self[key] = value.map(String.init) }
}

extension NavigatorItem {
    /// The name in the table; not unique.
    public var label: String {
        get { section.name }
        set {
            section.name = singleLine(newValue)
            section.headLine = "[Item = \(section.name)]"
        }
    }

    public var kind: Kind {
        get { whole("Type").flatMap { Kind(rawValue: $0) } ?? .point }
        set { set("Type", newValue.rawValue) }
    }

    /// Where the stage goes; the centre of a map.
    public var stage: Point<Frame.Stage> {
        get {
            guard let xyz = numbers("StageXYZ"), xyz.count >= 2 else { return .origin }
            return Point(x: xyz[0], y: xyz[1])
        }
        set { setPosition(newValue, z) }
    }

    /// Stage height.
    public var z: Micrometers {
        get {
            guard let xyz = numbers("StageXYZ"), xyz.count >= 3 else { return .zero }
            return Micrometers(xyz[2])
        }
        set { setPosition(stage, newValue) }
    }

    private mutating func setPosition(_ stage: Point<Frame.Stage>, _ z: Micrometers) {
        set("StageXYZ", numbers: [stage.x, stage.y, z.value])
    }

    public var note: String {
        get { self["Note"] ?? "" }
        set { self["Note"] = newValue.isEmpty ? nil : newValue }
    }

    /// A number of ``NavigatorColor``, or another that SerialEM may know.
    public var color: Int {
        get { whole("Color") ?? 0 }
        set { set("Color", newValue) }
    }

    /// Whether the item is marked for acquisition.
    public var acquire: Bool {
        get { (whole("Acquire") ?? 0) != 0 }
        set { self["Acquire"] = newValue ? "1" : nil }
    }

    /// Whether the item is drawn on maps.
    public var draw: Bool {
        get { whole("Draw") != 0 }
        set { self["Draw"] = newValue ? nil : "0" }
    }

    /// The number of the coordinate registration.
    public var registration: Int {
        get { whole("Regis") ?? 1 }
        set { set("Regis", newValue) }
    }

    /// The image file of a map, as SerialEM named it (often a Windows path).
    public var mapFile: String? {
        get { self["MapFile"] }
        set { self["MapFile"] = newValue }
    }

    /// The identifier of the item (of any kind) that others refer to; 0 where there is none.
    public var mapID: Int {
        get { whole("MapID") ?? 0 }
        set { set("MapID", newValue) }
    }

    /// Points of one group share it.
    public var groupID: Int? {
        get { whole("GroupID") }
        set { set("GroupID", newValue) }
    }

    /// The identifier of the map that the item was drawn on.
    public var drawnID: Int? {
        get { whole("DrawnID") }
        set { set("DrawnID", newValue) }
    }

    /// One of the user's numbers, `UserValue1`...
    public mutating func setUserValue(_ number: Int, _ value: Double?) {
        self["UserValue\(number)"] = value.map(autodocNumber)
    }

    /// The corners in the order of the file; an outline that SerialEM closed repeats the first at the end.
    public var points: [Point<Frame.Stage>] {
        get {
            guard let x = numbers("PtsX"), let y = numbers("PtsY") else { return [] }
            return zip(x, y).map { Point(x: $0, y: $1) }
        }
        set {
            set("NumPts", newValue.count)
            set("PtsX", numbers: newValue.map(\.x))
            set("PtsY", numbers: newValue.map(\.y))
        }
    }

    /// The outline, no corner repeated.
    public var polygon: Polygon<Frame.Stage> {
        var corners = points
        if corners.count > 1, corners.first == corners.last { corners.removeLast() }
        return Polygon(corners)
    }

    /// Moves the item, its outline with it.
    public mutating func move(by shift: Vector<Frame.Stage>) {
        let corners = points
        stage = stage + shift
        if !corners.isEmpty { points = corners.map { $0 + shift } }
        if let raw = numbers("RawStageXY"), raw.count == 2 {
            set("RawStageXY", numbers: [raw[0] + shift.dx, raw[1] + shift.dy])
        }
    }
}

extension NavigatorItem {
    /// Puts the item where it lies after the grid was turned and shifted; a map's pixels turn with it.
    public mutating func move(by map: AffineMap<Frame.Stage, Frame.Stage>) {
        let corners = points
        stage = map(stage)
        if !corners.isEmpty { points = corners.map { map($0) } }
        if let raw = numbers("RawStageXY"), raw.count == 2 {
            let moved = map(Point(x: raw[0], y: raw[1]))
            set("RawStageXY", numbers: [moved.x, moved.y])
        }
        guard kind == .map, let matrix = mapScaleMatrix, let back = map.linear.inverse else { return }
        mapScaleMatrix = back.then(matrix)
    }

    /// Notes on a map that the grid was loaded again since it was taken, and lies otherwise now.
    public mutating func noteReload(_ map: AffineMap<Frame.Stage, Frame.Stage>) {
        guard kind == .map else { return }
        let all = sinceTaken?.then(map) ?? map
        let m = all.linear
        set("GridMapXform", numbers: [m.xpx, m.xpy, m.ypx, m.ypy, all.offset.dx, all.offset.dy])
    }

    /// Where the places that a map was taken at are now; nil where the grid was not loaded again since.
    public var sinceTaken: AffineMap<Frame.Stage, Frame.Stage>? {
        guard let x = numbers("GridMapXform"), x.count == 6 else { return nil }
        return AffineMap(
            linear: LinearMap(xpx: x[0], xpy: x[1], ypx: x[2], ypy: x[3]), sending: .origin, to: Point(x: x[4], y: x[5]))
    }
}

extension NavigatorItem {
    /// The size of the map's image as SerialEM loads it (a montage is reduced by ``mapBinning``).
    public var mapWidth: Int? { numbers("MapWidthHeight").flatMap { $0.count == 2 ? Int(exactly: $0[0]) : nil } }
    public var mapHeight: Int? { numbers("MapWidthHeight").flatMap { $0.count == 2 ? Int(exactly: $0[1]) : nil } }
    /// Binning of the map's image, a montage's overview with its reduction.
    public var mapBinning: Int? { whole("MapBinning") }
    /// Binning of the camera for the pieces of a montage.
    public var montageBinning: Int? { whole("MontBinning") }

    /// Stage displacement in micrometres to displacement in pixels of the image of ``mapWidth`` x ``mapHeight``, y down.
    public var mapScaleMatrix: LinearMap<Frame.Stage, Frame.MapPixels>? {
        get {
            guard let m = numbers("MapScaleMat"), m.count == 4 else { return nil }
            return LinearMap(xpx: m[0], xpy: m[1], ypx: m[2], ypy: m[3])
        }
        set {
            guard let m = newValue else {
                self["MapScaleMat"] = nil
                return
            }
            set("MapScaleMat", numbers: [m.xpx, m.xpy, m.ypx, m.ypy])
        }
    }

    /// Stage position to pixel of the map's image, origin in its top left corner; the centre is at ``stage``.
    public var stageToMap: AffineMap<Frame.Stage, Frame.MapPixels>? {
        guard let matrix = mapScaleMatrix, let mapWidth, let mapHeight else { return nil }
        return AffineMap(
            linear: matrix, sending: stage, to: Point(x: Double(mapWidth) / 2, y: Double(mapHeight) / 2))
    }
}
