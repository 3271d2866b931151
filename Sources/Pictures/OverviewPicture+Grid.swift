import Foundation
import Geometry
public import Raster
public import Units

extension OverviewPicture {
    /// A grid map with the boxes that were found, coloured by class, each with its label, class and score.
    ///
    /// - Parameter maximumSide: the longer side of the drawn map in pixels.
    public static func grid(
        map: Raster<UInt8>, pixelSize: PixelSize, boxes: [GridBox], title: String, maximumSide: Int = 1600
    ) -> Raster<RGB> {
        let counts = Dictionary(grouping: boxes, by: \.className).mapValues(\.count)
        let legend = counts.sorted { $0.key < $1.key }.map { ("\($0.value) \($0.key)", Palette.of(lamella: $0.key)) }
        var sheet = Sheet(
            map: map, frameWidth: map.width, frameHeight: map.height, title: title, maximumSide: maximumSide,
            legend: legend)
        for box in boxes {
            let colour = Palette.of(lamella: box.className)
            let low = sheet.place(Point(x: box.rectangle.minX, y: box.rectangle.minY))
            let high = sheet.place(Point(x: box.rectangle.maxX, y: box.rectangle.maxY))
            guard low.x.isFinite, low.y.isFinite, high.x.isFinite, high.y.isFinite else { continue }
            let text = box.label.isEmpty ? box.className : box.label
            let detail = "\(box.className) \(String(format: "%.2f", box.score))"
            let (size, thin) = (sheet.fontSize, sheet.thin)
            let left = clamped(low.x, Canvas.width(of: detail, size: size), sheet.mapWidth)
            let above = low.y - Double(20 * size) >= Double(sheet.top)
            let y = above ? Int(low.y) - 19 * size : min(Int(high.y.rounded()) + 3 * size, sheet.mapHeight + sheet.top)
            sheet.draw { canvas in
                canvas.outline(
                    [(low.x, low.y), (high.x, low.y), (high.x, high.y), (low.x, high.y)], colour, thickness: 1.5 * thin)
                canvas.text(text, x: left, y: y, colour, size: size)
                canvas.text(detail, x: left, y: y + 9 * size, colour, size: size)
            }
        }
        sheet.addScaleBar(pixelSize)
        return sheet.picture
    }

    /// Moves a text so that it ends inside the map.
    static func clamped(_ x: Double, _ width: Int, _ limit: Int) -> Int {
        max(0, min(Int(max(-1e6, min(1e6, x))), limit - width))
    }
}
