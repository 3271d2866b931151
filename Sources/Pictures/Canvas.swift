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

    /// An ellipse given by its two half axes as vectors.
    mutating func ellipse(
        centre: (x: Double, y: Double), _ a: (x: Double, y: Double), _ b: (x: Double, y: Double), _ colour: RGB,
        thickness: Double
    ) {
        let points = (0 ..< 72).map { step in
            let angle = Double(step) * .pi / 36
            return (
                x: centre.x + cos(angle) * a.x + sin(angle) * b.x, y: centre.y + cos(angle) * a.y + sin(angle) * b.y
            )
        }
        outline(points, colour, thickness: thickness)
    }

    /// Text with its top left corner at a place; a dark seam keeps it readable on any ground.
    mutating func text(_ text: String, x: Int, y: Int, _ colour: RGB, size: Int, seam: Bool = true) {
        if seam {
            for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1), (1, 1)] {
                glyphs(text, x: x + dx * max(1, size / 2), y: y + dy * max(1, size / 2), RGB(grey: 0), size: size)
            }
        }
        glyphs(text, x: x, y: y, colour, size: size)
    }

    private mutating func glyphs(_ text: String, x: Int, y: Int, _ colour: RGB, size: Int) {
        for (index, letter) in text.enumerated() {
            let rows = PixelFont.rows(of: letter)
            for (row, bits) in rows.enumerated() {
                for column in 0 ..< 5 where bits >> (4 - column) & 1 == 1 {
                    fill(
                        x: x + (6 * index + column) * size, y: y + row * size, width: size, height: size, colour)
                }
            }
        }
    }

    /// The width of a text in pixels.
    static func width(of text: String, size: Int) -> Int { max(0, 6 * text.count - 1) * size }
}
