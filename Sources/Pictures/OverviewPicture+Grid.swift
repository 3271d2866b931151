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
        var taken: [Rectangle<Frame.MapPixels>] = []
        for box in boxes {
            let colour = Palette.of(lamella: box.className)
            let low = sheet.place(Point(x: box.rectangle.minX, y: box.rectangle.minY))
            let high = sheet.place(Point(x: box.rectangle.maxX, y: box.rectangle.maxY))
            guard [low.x, low.y, high.x, high.y].allSatisfy({ abs($0) < 1e6 }) else { continue }
            let text = box.label.isEmpty ? box.className : box.label
            let detail = "\(box.className) \(String(format: "%.2f", box.score))"
            let (size, thin) = (sheet.fontSize, sheet.thin)
            let place = freePlace(low: low, high: high, wide: Canvas.width(of: detail, size: size), sheet, &taken)
            sheet.draw { canvas in
                canvas.outline(
                    [(low.x, low.y), (high.x, low.y), (high.x, high.y), (low.x, high.y)], colour, thickness: 1.5 * thin)
                canvas.text(text, x: place.x, y: place.y, colour, size: size)
                canvas.text(detail, x: place.x, y: place.y + 9 * size, colour, size: size)
            }
        }
        sheet.addScaleBar(pixelSize)
        return sheet.picture
    }

    /// Above, below, right or left of a box, wherever no other text stands yet and the map does not end.
    private static func freePlace(
        low: (x: Double, y: Double), high: (x: Double, y: Double), wide: Int, _ sheet: Sheet,
        _ taken: inout [Rectangle<Frame.MapPixels>]
    ) -> (x: Int, y: Int) {
        let (size, tall) = (sheet.fontSize, 17 * sheet.fontSize)
        let (left, right) = (Int(low.x), Int(high.x) + 3 * size)
        let (above, below) = (Int(low.y) - tall - 2 * size, Int(high.y) + 4 * size)
        let inside = { (x: Int, y: Int) in
            (
                x: max(0, min(x, sheet.mapWidth - wide - size)),
                y: max(sheet.top, min(y, sheet.top + sheet.mapHeight - tall - size))
            )
        }
        let places = [
            inside(left, above), inside(left, below), inside(right, Int(low.y)), inside(Int(low.x) - wide - 3 * size, Int(low.y)),
        ]
        func frame(_ place: (x: Int, y: Int)) -> Rectangle<Frame.MapPixels> {
            Rectangle(
                minX: Double(place.x), minY: Double(place.y), maxX: Double(place.x + wide), maxY: Double(place.y + tall))
        }
        let box = Rectangle<Frame.MapPixels>(minX: low.x, minY: low.y, maxX: high.x, maxY: high.y)
        let free = places.first { place in (taken + [box]).allSatisfy { $0.overlap(with: frame(place)) == 0 } }
        let place = free ?? places[0]
        taken.append(frame(place))
        return place
    }
}
