import Foundation
import Geometry
import Raster
import Units

/// A map enlarged or reduced for looking at: a heading above it; a scale bar, a legend and room for more below.
struct Sheet {
    private(set) var canvas: Canvas
    /// Picture pixels per map pixel.
    let scale: Double
    /// Dots of the font in pixels.
    let fontSize: Int
    let mapWidth: Int
    let mapHeight: Int
    let top: Int
    /// The first row below the legend.
    let end: Int

    /// What a sheet is made of.
    struct Contents {
        var map: Raster<UInt8>
        var tones: Tones
        /// The size of the coordinate system; the map is stretched over it.
        var frameWidth: Int
        var frameHeight: Int
        /// The first line is the largest.
        var heading: [String]
        var legend: [LegendEntry]
        var maximumSide: Int
        /// Height of the room below the legend, by the width of the sheet and the size of the font.
        var room: (_ width: Int, _ fontSize: Int) -> Int = { _, _ in 0 }
    }

    init(_ contents: Contents) {
        let longest = Double(max(1, contents.frameWidth, contents.frameHeight))
        // Small maps are enlarged, or the labels would hide them.
        scale = min(Double(max(64, contents.maximumSide)) / longest, 4)
        mapWidth = max(1, Int((Double(contents.frameWidth) * scale).rounded()))
        mapHeight = max(1, Int((Double(contents.frameHeight) * scale).rounded()))
        fontSize = max(1, Int((Double(max(mapWidth, mapHeight)) / 750).rounded()))
        let size = fontSize
        let line = 13 * size
        let lines = LegendEntry.lines(contents.legend, width: mapWidth, size: size)
        top = 4 * size + contents.heading.enumerated().reduce(0) { $0 + ($1.offset == 0 ? line + 4 * size : line) }
        end = top + mapHeight + line * (lines.count + 1) + 8 * size
        canvas = Canvas(
            width: mapWidth, height: end + contents.room(mapWidth, size), colour: Palette.paper)
        var y = 5 * size
        for (index, text) in contents.heading.enumerated() {
            canvas.text(text, x: 4 * size, y: y, Palette.ink, size: index == 0 ? size + (size + 1) / 2 : size)
            y += index == 0 ? line + 4 * size : line
        }
        drawMap(contents)
        for (index, entries) in lines.enumerated() {
            var x = 4 * size
            for entry in entries {
                entry.draw(on: &canvas, x: x, y: top + mapHeight + line * (index + 1) + 7 * size, size: size)
                x += entry.width(size: size)
            }
        }
    }

    private mutating func drawMap(_ contents: Contents) {
        let grey = contents.map.resized(width: mapWidth, height: mapHeight)
        for y in 0 ..< mapHeight {
            for x in 0 ..< mapWidth { canvas.blend(x, top + y, RGB(grey: contents.tones(grey[x, y]))) }
        }
    }

    /// A map position in the picture.
    func place(_ position: Point<Frame.MapPixels>) -> (x: Double, y: Double) {
        (position.x * scale, position.y * scale + Double(top))
    }

    /// A map displacement in the picture.
    func arrow(_ vector: Vector<Frame.MapPixels>) -> (x: Double, y: Double) { (vector.dx * scale, vector.dy * scale) }

    /// Whether a place of the picture lies on the map.
    func isOnMap(_ place: (x: Double, y: Double)) -> Bool {
        place.x >= 0 && place.x < Double(mapWidth) && place.y >= Double(top) && place.y < Double(top + mapHeight)
    }

    /// A broken line, drawn on the map only: what leaves the map is cut off.
    mutating func dashedLine(_ points: [(x: Double, y: Double)], closed: Bool, _ colour: RGB) {
        guard var previous = closed ? points.last : points.first else { return }
        let step = 9 * thin
        var travelled = 0.0
        for point in points {
            let length = ((point.x - previous.x) * (point.x - previous.x) + (point.y - previous.y) * (point.y - previous.y)).squareRoot()
            guard length.isFinite, length < 1e6 else { return }
            let pieces = max(1, Int((length / step).rounded(.up)))
            for piece in 0 ..< pieces {
                let (f, g) = (Double(piece) / Double(pieces), Double(piece + 1) / Double(pieces))
                let a = (x: previous.x + f * (point.x - previous.x), y: previous.y + f * (point.y - previous.y))
                let b = (x: previous.x + g * (point.x - previous.x), y: previous.y + g * (point.y - previous.y))
                let isDash = Int(travelled / step) % 2 == 0
                travelled += length / Double(pieces)
                if isDash, isOnMap(a), isOnMap(b) { canvas.line(from: a, to: b, colour, thickness: thin) }
            }
            previous = point
        }
    }

    /// Width of a thin line.
    var thin: Double { max(1, Double(fontSize) * 0.6) }

    mutating func draw(_ change: (inout Canvas) -> Void) { change(&canvas) }

    /// A round length of about a fifth of the map, below it on the left.
    mutating func addScaleBar(_ pixelSize: PixelSize) {
        let perPixel = pixelSize.value / scale / 1000
        guard perPixel.isFinite, perPixel > 0 else { return }
        let wanted = perPixel * Double(mapWidth) / 5
        let decade = pow(10, log10(wanted).rounded(.down))
        let length = decade * (wanted / decade >= 5 ? 5 : wanted / decade >= 2 ? 2 : 1)
        let y = top + mapHeight + 6 * fontSize
        let bar = max(1, Int((length / perPixel).rounded()))
        canvas.fill(x: 4 * fontSize, y: y + 2 * fontSize, width: bar, height: 3 * fontSize, Palette.ink)
        let text = (length >= 1 ? String(Int(length.rounded())) : String(format: "%g", length)) + " \u{B5}m"
        canvas.text(text, x: 8 * fontSize + bar, y: y, Palette.ink, size: fontSize)
    }

    var picture: Raster<RGB> { canvas.picture }
}
