import Foundation
import Geometry
import Raster
import Units

/// A map enlarged or reduced for looking at, with a title above and a legend and a scale bar below.
struct Sheet {
    private(set) var canvas: Canvas
    /// Picture pixels per map pixel.
    let scale: Double
    /// Dots of the font in pixels.
    let fontSize: Int
    let mapWidth: Int
    let mapHeight: Int
    let top: Int

    /// - Parameter frame: the size of the coordinate system; the map is stretched over it.
    init(map: Raster<UInt8>, frameWidth: Int, frameHeight: Int, title: String, maximumSide: Int, legend: [(String, RGB)]) {
        let longest = Double(max(1, frameWidth, frameHeight))
        // Small maps are enlarged, or the labels would hide them.
        scale = min(Double(max(64, maximumSide)) / longest, 4)
        mapWidth = max(1, Int((Double(frameWidth) * scale).rounded()))
        mapHeight = max(1, Int((Double(frameHeight) * scale).rounded()))
        fontSize = max(1, min(mapWidth, mapHeight) / 450)
        let line = 11 * fontSize
        let lines = Self.wrap(legend, width: mapWidth, size: fontSize)
        top = line + 4 * fontSize
        canvas = Canvas(
            width: mapWidth, height: top + mapHeight + line * (lines.count + 1) + 6 * fontSize, colour: Palette.paper)
        canvas.text(title, x: 4 * fontSize, y: 4 * fontSize, Palette.ink, size: fontSize, seam: false)
        let grey = map.resized(width: mapWidth, height: mapHeight)
        for y in 0 ..< mapHeight {
            for x in 0 ..< mapWidth {
                canvas.blend(x, top + y, RGB(grey: UInt8(max(0, min(255, grey[x, y].rounded())))))
            }
        }
        for (index, entries) in lines.enumerated() {
            var x = 4 * fontSize
            let y = top + mapHeight + line * (index + 1) + 5 * fontSize
            for (name, colour) in entries {
                canvas.fill(x: x, y: y, width: 7 * fontSize, height: 7 * fontSize, colour)
                canvas.text(name, x: x + 10 * fontSize, y: y, Palette.ink, size: fontSize, seam: false)
                x += Self.legendWidth(name, size: fontSize)
            }
        }
    }

    private static func legendWidth(_ name: String, size: Int) -> Int { 18 * size + Canvas.width(of: name, size: size) }

    private static func wrap(_ legend: [(String, RGB)], width: Int, size: Int) -> [[(String, RGB)]] {
        var lines: [[(String, RGB)]] = []
        var used = width
        for entry in legend {
            let wanted = legendWidth(entry.0, size: size)
            if used + wanted > width || lines.isEmpty {
                lines.append([])
                used = 4 * size
            }
            lines[lines.count - 1].append(entry)
            used += wanted
        }
        return lines
    }

    /// A map position in the picture.
    func place(_ position: Point<Frame.MapPixels>) -> (x: Double, y: Double) {
        (position.x * scale, position.y * scale + Double(top))
    }

    /// A map displacement in the picture.
    func arrow(_ vector: Vector<Frame.MapPixels>) -> (x: Double, y: Double) { (vector.dx * scale, vector.dy * scale) }

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
        canvas.fill(x: 4 * fontSize, y: y + 2 * fontSize, width: bar, height: 2 * fontSize, Palette.ink)
        let text = (length >= 1 ? String(Int(length.rounded())) : String(format: "%g", length)) + " \u{B5}m"
        canvas.text(text, x: 8 * fontSize + bar, y: y, Palette.ink, size: fontSize, seam: false)
    }

    var picture: Raster<RGB> { canvas.picture }
}
