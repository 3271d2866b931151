import Foundation
import Geometry
import Raster

/// A picture that is being drawn: lines, ellipses, letters, in pixels of the picture. What lies outside is cut off.
struct Canvas {
    private(set) var picture: Raster<RGB>

    init(width: Int, height: Int, colour: RGB) {
        picture = Raster(width: max(1, width), height: max(1, height), filledWith: colour)
    }

    var width: Int { picture.width }
    var height: Int { picture.height }

    mutating func blend(_ x: Int, _ y: Int, _ colour: RGB, opacity: Double = 1) {
        guard x >= 0, y >= 0, x < width, y < height else { return }
        picture[x, y] = opacity >= 1 ? colour : picture[x, y].under(colour, opacity: opacity)
    }

    mutating func fill(x: Int, y: Int, width w: Int, height h: Int, _ colour: RGB, opacity: Double = 1) {
        for row in max(0, y) ..< max(max(0, y), min(height, y + h)) {
            for column in max(0, x) ..< max(max(0, x), min(width, x + w)) {
                blend(column, row, colour, opacity: opacity)
            }
        }
    }

    /// A line of a thickness, its border smoothed over one pixel.
    mutating func line(from a: (x: Double, y: Double), to b: (x: Double, y: Double), _ colour: RGB, thickness: Double) {
        guard a.x.isFinite, a.y.isFinite, b.x.isFinite, b.y.isFinite else { return }
        let reach = thickness / 2 + 1
        let columns = clipped(min(a.x, b.x) - reach, max(a.x, b.x) + reach, width)
        let rows = clipped(min(a.y, b.y) - reach, max(a.y, b.y) + reach, height)
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let length = dx * dx + dy * dy
        for row in rows {
            for column in columns {
                let (px, py) = (Double(column) + 0.5 - a.x, Double(row) + 0.5 - a.y)
                let t = length > 0 ? max(0, min(1, (px * dx + py * dy) / length)) : 0
                let (ex, ey) = (px - t * dx, py - t * dy)
                let cover = thickness / 2 + 0.5 - (ex * ex + ey * ey).squareRoot()
                if cover > 0 { blend(column, row, colour, opacity: min(1, cover)) }
            }
        }
    }

    private func clipped(_ low: Double, _ high: Double, _ count: Int) -> Range<Int> {
        let first = Int(max(0, min(Double(count), low.rounded(.down))))
        return first ..< max(first, Int(max(0, min(Double(count), high.rounded(.up)))))
    }

    /// A closed outline.
    mutating func outline(_ points: [(x: Double, y: Double)], _ colour: RGB, thickness: Double) {
        guard var previous = points.last else { return }
        for point in points {
            line(from: previous, to: point, colour, thickness: thickness)
            previous = point
        }
    }

    /// A broken line: dashes of a length with gaps of the same length between them.
    mutating func dashes(
        from a: (x: Double, y: Double), to b: (x: Double, y: Double), _ colour: RGB, thickness: Double, dash: Double
    ) {
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let length = (dx * dx + dy * dy).squareRoot()
        guard length.isFinite, length > 0, dash > 0, length / dash < 1e5 else { return }
        for begin in stride(from: 0, to: length, by: 2 * dash) {
            let (f, g) = (begin / length, min(1, (begin + dash) / length))
            line(from: (a.x + f * dx, a.y + f * dy), to: (a.x + g * dx, a.y + g * dy), colour, thickness: thickness)
        }
    }

    /// A closed outline of dashes.
    mutating func dashedOutline(_ points: [(x: Double, y: Double)], _ colour: RGB, thickness: Double, dash: Double) {
        guard var previous = points.last else { return }
        for point in points {
            dashes(from: previous, to: point, colour, thickness: thickness, dash: dash)
            previous = point
        }
    }

    /// Points of an ellipse that is given by its two half axes as vectors.
    static func ellipse(
        centre: (x: Double, y: Double), _ a: (x: Double, y: Double), _ b: (x: Double, y: Double), points: Int = 72
    ) -> [(x: Double, y: Double)] {
        (0 ..< points).map { step in
            let angle = 2 * .pi * Double(step) / Double(points)
            return (
                x: centre.x + cos(angle) * a.x + sin(angle) * b.x, y: centre.y + cos(angle) * a.y + sin(angle) * b.y
            )
        }
    }

    /// Text with its top left corner at a place.
    mutating func text(_ text: String, x: Int, y: Int, _ colour: RGB, size: Int) {
        let dot = Double(size)
        for (index, letter) in text.enumerated() {
            let (left, top) = (Double(x) + Double(6 * index) * dot, Double(y))
            for stroke in PixelFont.strokes(of: letter) {
                let from = (x: left + (Double(stroke.from.x) + 0.5) * dot, y: top + (Double(stroke.from.y) + 0.5) * dot)
                let to = (x: left + (Double(stroke.to.x) + 0.5) * dot, y: top + (Double(stroke.to.y) + 0.5) * dot)
                line(from: from, to: to, colour, thickness: max(1, 0.95 * dot))
            }
        }
    }

    /// Text on a dark plate, readable on any ground.
    mutating func plate(_ text: String, x: Int, y: Int, _ colour: RGB, size: Int) {
        let frame = Self.plateSize(of: text, size: size)
        fill(x: x, y: y, width: frame.width, height: frame.height, Palette.paper, opacity: 0.72)
        self.text(text, x: x + 2 * size, y: y + 2 * size, colour, size: size)
    }

    static func plateSize(of text: String, size: Int) -> (width: Int, height: Int) {
        (width(of: text, size: size) + 4 * size, 11 * size)
    }

    /// The width of a text in pixels.
    static func width(of text: String, size: Int) -> Int { max(0, 6 * text.count - 1) * size }
}
