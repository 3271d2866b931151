import Foundation
import Geometry
import ImageFiles
package import Navigator
import Raster
package import Units

/// Where the pixels of a saved map lie on the stage; the map itself is the PNG beside it.
package struct MapPicture: Codable, Sendable, Hashable {
    let png: String
    package let width: Int
    package let height: Int
    let pixelSize: PixelSize
    let pixelToStage: AffineMap<Frame.MapPixels, Frame.Stage>
    let z: Micrometers

    var center: Point<Frame.MapPixels> { Point(x: Double(width) / 2, y: Double(height) / 2) }

    /// Saves a montage at a pixel size as PNG with its sidecar, without ever holding the map whole.
    package static func save(
        montage path: String, item: NavigatorItem, at wanted: PixelSize, stem: String
    ) throws -> MapPicture {
        let montage = try Montage(path: path)
        let factor = wanted / montage.pixelSize
        let pixels = try montage.picture(reducedBy: factor)
        let picture = MapPicture(
            png: stem + ".png", width: pixels.width, height: pixels.height, pixelSize: wanted,
            pixelToStage: try placement(
                item: item, fullWidth: pixels.fullWidth, reducedBy: factor, width: pixels.width, height: pixels.height),
            z: item.z)
        do {
            try pixels.write(to: picture.png, read: montage.read)
        } catch MontageError.noContrast {
            throw WorkflowError.badImage("The map \(path) has no contrast; was the beam on and were the valves open?")
        }
        try picture.sidecar(originalMap: path).write(to: stem + ".json")
        return picture
    }

    /// From a picture of a map to the stage, through the navigator item of the map: centre to centre, scaled by the reduction.
    static func placement(
        item: NavigatorItem, fullWidth: Int, reducedBy factor: Double, width: Int, height: Int
    ) throws -> AffineMap<Frame.MapPixels, Frame.Stage> {
        guard let toStage = item.stageToMap?.inverse, let mapWidth = item.mapWidth, let mapHeight = item.mapHeight, mapWidth > 0
        else { throw WorkflowError.badImage("The navigator item '\(item.label)' of a map has no scale matrix.") }
        // SerialEM keeps the overview of a large montage binned.
        let binning = max(1, (Double(fullWidth) / Double(mapWidth)).rounded())
        let scale = factor / binning
        let m = toStage.linear
        let linear = LinearMap<Frame.MapPixels, Frame.Stage>(
            xpx: m.xpx * scale, xpy: m.xpy * scale, ypx: m.ypx * scale, ypy: m.ypy * scale)
        return AffineMap(
            linear: linear, sending: Point(x: Double(width) / 2, y: Double(height) / 2),
            to: toStage(Point(x: Double(mapWidth) / 2, y: Double(mapHeight) / 2)))
    }

    /// The sidecar of spec 2.2.
    func sidecar(originalMap: String?) -> JSONValue {
        let stage = pixelToStage(center)
        var entries: JSONObject = [
            "datetime": .string(timestamp()),
            "img_size": .tagged(array: [.integer(height), .integer(width)]),
            "pix_size": .number(pixelSize.value),
            "stage_coords": .tagged(array: [.string("\(stage.x)"), .string("\(stage.y)"), .string("\(z.value)")]),
        ]
        if let m = pixelToStage.linear.inverse {
            entries["s2img_matrix"] = .tagged(
                array: [[.number(m.xpx), .number(m.xpy)], [.number(m.ypx), .number(m.ypy)]])
        }
        if let originalMap { entries["original_map"] = .string(originalMap) }
        return .object(entries)
    }
}

extension MapPicture {
    /// A picture that an earlier run saved, by its sidecar; nil where either cannot be read.
    init?(stem: String, width: Int, height: Int) {
        // Who deleted or changed a sidecar does without the picture.
        guard let sidecar = try? JSONValue.read(stem + ".json"), let pixelSize = sidecar["pix_size"]?.double,
            let stage = sidecar["stage_coords"]?.doubles, stage.count == 3, let rows = sidecar["s2img_matrix"]?.doubles2D,
            rows.count == 2, rows.allSatisfy({ $0.count == 2 }),
            let toStage = LinearMap<Frame.Stage, Frame.MapPixels>(xpx: rows[0][0], xpy: rows[0][1], ypx: rows[1][0], ypy: rows[1][1]).inverse
        else { return nil }
        self.init(
            png: stem + ".png", width: width, height: height, pixelSize: PixelSize(pixelSize),
            pixelToStage: AffineMap(
                linear: toStage, sending: Point(x: Double(width) / 2, y: Double(height) / 2), to: Point(x: stage[0], y: stage[1])),
            z: Micrometers(stage[2]))
    }
}
