public import Geometry
public import Units

extension NavigatorItem {
    /// A point.
    public static func point(
        label: String, stage: Point<Frame.Stage>, z: Micrometers, note: String = "", color: NavigatorColor = .red,
        registration: Int = 1, mapID: Int, groupID: Int? = nil, drawnID: Int? = nil
    ) -> NavigatorItem {
        var item = NavigatorItem(label: label, kind: .point, stage: stage, z: z, color: color.rawValue)
        item.registration = registration
        item.note = note
        item.groupID = groupID
        item.drawnID = drawnID
        item.mapID = mapID
        item.points = [stage]
        return item
    }

    /// A polygon. The outline is closed as SerialEM does; the item's position is the mean of the vertices.
    public static func polygon(
        label: String, vertices: [Point<Frame.Stage>], z: Micrometers, note: String = "", color: NavigatorColor = .red,
        registration: Int = 1, mapID: Int, drawnID: Int? = nil, userValue1: Double? = nil
    ) -> NavigatorItem {
        var corners = vertices
        if corners.count > 1, corners.first == corners.last { corners.removeLast() }
        let center = Polygon(corners).vertexMean ?? .origin
        var item = NavigatorItem(label: label, kind: .polygon, stage: center, z: z, color: color.rawValue)
        item.registration = registration
        item.note = note
        item.drawnID = drawnID
        item.setUserValue(1, userValue1)
        item.mapID = mapID
        item.points = corners + corners.prefix(1)
        return item
    }

    /// A map: an image on disk with its place on the stage.
    ///
    /// `width` and `height` are those of the image as SerialEM loads it, and `scaleMatrix` is for its pixels, y down.
    public static func map(
        label: String, stage: Point<Frame.Stage>, z: Micrometers, note: String = "", file: String, section: Int = 0,
        width: Int, height: Int, scaleMatrix: LinearMap<Frame.Stage, Frame.MapPixels>, mapID: Int,
        magnificationIndex: Int, camera: Int = 0, binning: Int = 1, montage: Bool = false, montageBinning: Int = 1,
        frames: (x: Int, y: Int) = (0, 0), minimum: Double, maximum: Double, registration: Int = 1,
        color: NavigatorColor = .blue
    ) -> NavigatorItem {
        var item = NavigatorItem(label: label, kind: .map, stage: stage, z: z, color: color.rawValue)
        item.registration = registration
        item.note = note
        item.set("RawStageXY", numbers: [stage.x, stage.y])
        item.mapFile = file
        item.mapID = mapID
        item["MapMontage"] = montage ? "1" : "0"
        item["MapSection"] = String(section)
        item["MapBinning"] = String(binning)
        item["MapMagInd"] = String(magnificationIndex)
        item["MapCamera"] = String(camera)
        item.mapScaleMatrix = scaleMatrix
        item["MapWidthHeight"] = "\(width) \(height)"
        item.set("MapMinMaxScale", numbers: [minimum, maximum])
        item["MapFramesXY"] = "\(frames.x) \(frames.y)"
        item["MontBinning"] = String(montageBinning)
        item["ImageType"] = "0"
        item.points = corners(width: width, height: height, stage: stage, scaleMatrix: scaleMatrix)
        return item
    }

    /// A map of an image that was cut out of this map, with the same conditions of exposure.
    ///
    /// The image has the pixels of the camera, that is, this map's scale matrix undone of the overview's reduction.
    public func virtualMap(
        label: String, stage: Point<Frame.Stage>, file: String, width: Int, height: Int, minimum: Double,
        maximum: Double, mapID: Int, note: String = ""
    ) -> NavigatorItem {
        let own = mapScaleMatrix ?? LinearMap(xpx: 0, xpy: 0, ypx: 0, ypy: 0)
        let scale = Double(mapBinning ?? 1) / Double(Swift.max(1, montageBinning ?? 1))
        let matrix = LinearMap<Frame.Stage, Frame.MapPixels>(
            xpx: own.xpx * scale, xpy: own.xpy * scale, ypx: own.ypx * scale, ypy: own.ypy * scale)
        var item = NavigatorItem.map(
            label: label, stage: stage, z: z, note: note, file: file, width: width, height: height, scaleMatrix: matrix,
            mapID: mapID, magnificationIndex: self["MapMagInd"].flatMap { Int($0) } ?? 0,
            camera: self["MapCamera"].flatMap { Int($0) } ?? 0, minimum: minimum, maximum: maximum,
            registration: registration)
        item["SamePosId"] = String(mapID)
        for key in [
            "MapExposure", "MapSpotSize", "MapIntensity", "MapSlitIn", "MapSlitWidth", "DefocusOffset", "K2ReadMode",
            "NetViewShiftXY", "ViewBeamShiftXY", "ViewBeamTiltXY", "MapProbeMode", "MapLDConSet", "MapTiltAngle",
        ] {
            if let value = self[key] { item[key] = value }
        }
        return item
    }

    /// The corners of an image on the stage, closed: top left, top right, bottom right, bottom left, top left.
    private static func corners(
        width: Int, height: Int, stage: Point<Frame.Stage>, scaleMatrix: LinearMap<Frame.Stage, Frame.MapPixels>
    ) -> [Point<Frame.Stage>] {
        // Without a calibration the map has a place but no extent.
        guard let back = scaleMatrix.inverse else { return Array(repeating: stage, count: 5) }
        let x = Double(width) / 2
        let y = Double(height) / 2
        return [(-x, -y), (x, -y), (x, y), (-x, y), (-x, -y)].map { stage + back(Vector(dx: $0.0, dy: $0.1)) }
    }
}
