import Foundation
import Geometry
import Raster

/// Every lamella of a grid enlarged, side by side in the order of their numbers.
struct Gallery {
    let map: Raster<UInt8>
    let tones: Tones
    let boxes: [GridBox]

    private func side(_ size: Int) -> Int { 84 * size }
    private func gap(_ size: Int) -> Int { 6 * size }
    private func tileHeight(_ size: Int) -> Int { side(size) + 42 * size }
    private func columns(width: Int, size: Int) -> Int { max(1, (width - gap(size)) / (side(size) + gap(size))) }

    func height(width: Int, size: Int) -> Int {
        guard !boxes.isEmpty else { return 0 }
        let columns = columns(width: width, size: size)
        return (boxes.count + columns - 1) / columns * tileHeight(size) + gap(size)
    }

    func draw(on canvas: inout Canvas, top: Int, width: Int, size: Int) {
        let columns = columns(width: width, size: size)
        for (index, box) in boxes.enumerated() {
            let x = gap(size) + index % columns * (side(size) + gap(size))
            let y = top + gap(size) + index / columns * tileHeight(size)
            drawTile(box, on: &canvas, x: x, y: y, size: size)
        }
    }

    private func drawTile(_ box: GridBox, on canvas: inout Canvas, x: Int, y: Int, size: Int) {
        let side = side(size)
        let field = min(1e4, max(8, 1.8 * max(box.rectangle.width, box.rectangle.height)))
        let centre = box.rectangle.center
        guard field.isFinite, abs(centre.x) < 1e6, abs(centre.y) < 1e6 else { return }
        let pixels = max(1, Int(field.rounded()))
        let part = map.cropped(
            x: Int(centre.x) - pixels / 2, y: Int(centre.y) - pixels / 2, width: pixels, height: pixels, fill: 0
        ).resized(width: side, height: side)
        for row in 0 ..< side {
            for column in 0 ..< side { canvas.blend(x + column, y + row, RGB(grey: tones(part[column, row]))) }
        }
        let (low, high) = ((x: Double(x), y: Double(y)), (x: Double(x + side), y: Double(y + side)))
        let frame = [(x: low.x, y: low.y), (x: high.x, y: low.y), (x: high.x, y: high.y), (x: low.x, y: high.y)]
        if box.leftOut == nil {
            canvas.outline(frame, box.colour, thickness: Double(size))
        } else {
            canvas.dashedOutline(frame, box.colour, thickness: Double(size), dash: 5 * Double(size))
        }
        let lines = [
            ("\(box.label)  \(String(format: "%.2f", box.score))", Palette.ink), (box.className, box.colour),
            (box.leftOut ?? box.reached, box.leftOut == nil ? Palette.ink : Palette.leftOut),
        ]
        for (index, line) in lines.enumerated() {
            canvas.text(line.0, x: x, y: y + side + (4 + 12 * index) * size, line.1, size: size)
        }
    }
}
