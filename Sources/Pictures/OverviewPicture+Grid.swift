import Foundation
public import Geometry
public import Raster
public import Units

extension OverviewPicture {
    /// A grid map with the boxes that were found, coloured by class, each lamella with its name; below it every lamella
    /// enlarged, with class, score and what became of it. What is left out has a broken frame.
    ///
    /// - Parameters:
    ///   - stageLimit: corners of the part of the grid to which the stage may go; drawn where it crosses the map.
    ///   - maximumSide: the longer side of the drawn map in pixels.
    public static func grid(
        map: Raster<UInt8>, pixelSize: PixelSize, boxes: [GridBox], heading: [String],
        stageLimit: [Point<Frame.MapPixels>] = [], maximumSide: Int = 2000
    ) -> Raster<RGB> {
        let tones = Tones.grid(map)
        let gallery = Gallery(map: map, tones: tones, boxes: boxes.filter { !$0.label.isEmpty })
        var legend = legend(of: boxes)
        if crosses(stageLimit, width: map.width, height: map.height) {
            legend.append(LegendEntry("stage limit", Palette.limit, .dashes))
        }
        var contents = Sheet.Contents(
            map: map, tones: tones, frameWidth: map.width, frameHeight: map.height, heading: heading, legend: legend,
            maximumSide: maximumSide)
        contents.room = { gallery.height(width: $0, size: $1) }
        var sheet = Sheet(contents)
        sheet.dashedLine(stageLimit.map(sheet.place), closed: true, Palette.limit)
        draw(boxes, on: &sheet)
        sheet.addScaleBar(pixelSize)
        let (end, width, size) = (sheet.end, sheet.mapWidth, sheet.fontSize)
        sheet.draw { gallery.draw(on: &$0, top: end, width: width, size: size) }
        return sheet.picture
    }

    /// Whether some of a closed line lies on a map.
    private static func crosses(_ line: [Point<Frame.MapPixels>], width: Int, height: Int) -> Bool {
        zip(line, line.dropFirst() + line.prefix(1)).contains { a, b in
            (0 ..< 200).contains { step in
                let place = a + (Double(step) / 200) * (b - a)
                return place.x > 0 && place.y > 0 && place.x < Double(width) && place.y < Double(height)
            }
        }
    }

    private static func legend(of boxes: [GridBox]) -> [LegendEntry] {
        let processed = Dictionary(grouping: boxes.filter { $0.leftOut == nil }, by: \.className)
        let leftOut = Dictionary(grouping: boxes.compactMap(\.leftOut)) { $0 }.mapValues(\.count)
        return processed.sorted { $0.key < $1.key }.map { LegendEntry("\($0.value.count) \($0.key)", $0.value.first?.colour ?? Palette.of(lamella: $0.key)) }
            + leftOut.sorted { $0.key < $1.key }.map { LegendEntry("\($0.value) left out: \($0.key)", Palette.leftOut, .dashedBox) }
    }

    private static func draw(_ boxes: [GridBox], on sheet: inout Sheet) {
        let frames = boxes.map { frame(of: $0.rectangle, on: sheet) }
        // No name may hide another lamella, found earlier or later.
        var taken = frames.compactMap { $0 }
        for (box, frame) in zip(boxes, frames) {
            guard let frame else { continue }
            let corners = [
                (x: frame.minX, y: frame.minY), (frame.maxX, frame.minY), (frame.maxX, frame.maxY), (frame.minX, frame.maxY),
            ]
            let (size, thin) = (sheet.fontSize, sheet.thin)
            sheet.draw { canvas in
                if box.leftOut == nil {
                    canvas.outline(corners, box.colour, thickness: 1.4 * thin)
                } else {
                    canvas.dashedOutline(corners, box.colour, thickness: 1.2 * thin, dash: 3 * thin)
                }
            }
            guard !box.label.isEmpty else { continue }
            let place = freePlace(beside: frame, for: Canvas.plateSize(of: box.label, size: size), sheet, &taken)
            sheet.draw { $0.plate(box.label, x: place.x, y: place.y, box.colour, size: size) }
        }
    }

    /// The frame of a box in the picture, a little outside of it so that the lamella stays visible.
    private static func frame(
        of rectangle: Rectangle<Frame.MapPixels>, on sheet: Sheet
    ) -> Rectangle<Frame.MapPixels>? {
        let low = sheet.place(Point(x: rectangle.minX, y: rectangle.minY))
        let high = sheet.place(Point(x: rectangle.maxX, y: rectangle.maxY))
        guard [low.x, low.y, high.x, high.y].allSatisfy({ abs($0) < 1e6 }) else { return nil }
        let margin = 2 * sheet.thin
        return Rectangle(minX: low.x - margin, minY: low.y - margin, maxX: high.x + margin, maxY: high.y + margin)
    }

    /// Above, below, right or left of a box, wherever nothing stands yet and the map does not end.
    private static func freePlace(
        beside box: Rectangle<Frame.MapPixels>, for plate: (width: Int, height: Int), _ sheet: Sheet,
        _ taken: inout [Rectangle<Frame.MapPixels>]
    ) -> (x: Int, y: Int) {
        let gap = sheet.fontSize
        let (middle, centre) = (Int(box.center.x) - plate.width / 2, Int(box.center.y) - plate.height / 2)
        let (left, right) = (Int(box.minX) - plate.width - gap, Int(box.maxX) + gap)
        let (above, below) = (Int(box.minY) - plate.height - gap, Int(box.maxY) + gap)
        let wanted = [
            (middle, above), (right, centre), (middle, below), (left, centre), (right, above), (right, below), (left, below),
            (left, above),
        ]
        let places = wanted.map { x, y in
            (
                x: max(0, min(x, sheet.mapWidth - plate.width)),
                y: max(sheet.top, min(y, sheet.top + sheet.mapHeight - plate.height))
            )
        }
        func frame(_ place: (x: Int, y: Int)) -> Rectangle<Frame.MapPixels> {
            Rectangle(
                minX: Double(place.x), minY: Double(place.y), maxX: Double(place.x + plate.width),
                maxY: Double(place.y + plate.height))
        }
        let free = places.first { place in taken.allSatisfy { $0.overlap(with: frame(place)) == 0 } }
        let place = free ?? places[0]
        taken.append(frame(place))
        return place
    }
}
