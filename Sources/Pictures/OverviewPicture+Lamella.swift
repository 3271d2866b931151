import Foundation
import Geometry
public import Raster
public import Targets
public import Units

extension OverviewPicture {
    /// A lamella map with its segmentation and all that will be exposed: for each target the camera's field, the beam's
    /// footprint at the largest tilt and its number in its area; geo points; the tilt axis through each tracking target.
    ///
    /// - Parameters:
    ///   - map: of any size; it is stretched over `labels`, whose pixels are the geometry's.
    ///   - recordFieldRotation: of the camera's field in Record against the map's columns.
    ///   - maximumSide: the longer side of the drawn map in pixels.
    public static func lamella(
        map: Raster<UInt8>, labels: Raster<UInt8>, classes: [String], areas: [TargetArea], geometry: LamellaGeometry,
        maximumTilt: Degrees, title: String, recordFieldRotation: Degrees = .zero, maximumSide: Int = 1600
    ) -> Raster<RGB> {
        let present = Set(labels.pixels).sorted().map(Int.init).filter { $0 > 0 && $0 < classes.count }
        var legend = present.map { (classes[$0], Palette.of(class: $0)) }
        if areas.contains(where: { !$0.targets.isEmpty }) {
            legend += [
                ("tracking", Palette.tracking), ("target", Palette.target), ("geo", Palette.geo),
                ("beam at \(Int(maximumTilt.value.rounded()))\u{B0}", Palette.beam), ("tilt axis", Palette.tiltAxis),
            ]
        }
        var sheet = Sheet(
            map: map, frameWidth: labels.width, frameHeight: labels.height, title: title, maximumSide: maximumSide,
            legend: legend)
        tint(&sheet, labels: labels, classes: classes)
        let marks = TargetMarks(geometry: geometry, maximumTilt: maximumTilt, rotation: recordFieldRotation)
        for area in areas { marks.drawAxis(of: area, on: &sheet) }
        for (index, area) in areas.enumerated() {
            marks.draw(area, number: areas.count > 1 ? index + 1 : nil, on: &sheet)
        }
        sheet.addScaleBar(geometry.mapPixelSize)
        return sheet.picture
    }

    /// The classes in their colours over the grey map, a quarter opaque; background is left as it is.
    private static func tint(_ sheet: inout Sheet, labels: Raster<UInt8>, classes: [String]) {
        guard labels.width > 0, labels.height > 0 else { return }
        let (scale, top, width, height) = (sheet.scale, sheet.top, sheet.mapWidth, sheet.mapHeight)
        sheet.draw { canvas in
            for y in 0 ..< height {
                let row = min(labels.height - 1, Int((Double(y) + 0.5) / scale))
                for x in 0 ..< width {
                    let label = Int(labels[min(labels.width - 1, Int((Double(x) + 0.5) / scale)), row])
                    if label > 0 { canvas.blend(x, top + y, Palette.of(class: label), opacity: 0.25) }
                }
            }
        }
    }
}

/// Draws targets and geo points.
private struct TargetMarks {
    let geometry: LamellaGeometry
    let maximumTilt: Degrees
    let rotation: Degrees

    private var axis: Vector<Frame.MapPixels> {
        Vector(dx: -sine(geometry.tiltAxisAngle), dy: cosine(geometry.tiltAxisAngle))
    }

    func drawAxis(of area: TargetArea, on sheet: inout Sheet) {
        guard let tracking = area.targets.first else { return }
        let middle = sheet.place(tracking.position)
        let reach = Double(sheet.mapWidth + sheet.mapHeight)
        let (top, bottom, right) = (Double(sheet.top), Double(sheet.top + sheet.mapHeight), Double(sheet.mapWidth))
        let (axis, thin) = (axis, sheet.thin)
        sheet.draw { canvas in
            // Dashes, so that the line does not hide the lamella; only on the map.
            for step in stride(from: -reach, to: reach, by: 16 * thin) {
                let a = (x: middle.x + step * axis.dx, y: middle.y + step * axis.dy)
                let b = (x: a.x + 9 * thin * axis.dx, y: a.y + 9 * thin * axis.dy)
                guard min(a.x, b.x) >= 0, max(a.x, b.x) < right, min(a.y, b.y) > top, max(a.y, b.y) < bottom else { continue }
                canvas.line(from: a, to: b, Palette.tiltAxis, thickness: thin)
            }
        }
    }

    func draw(_ area: TargetArea, number: Int?, on sheet: inout Sheet) {
        let radius = geometry.beamOnMap.value / 2
        let across = Vector<Frame.MapPixels>(dx: axis.dy, dy: -axis.dx)
        let long = sheet.arrow((radius / cosine(maximumTilt)) * across)
        let short = sheet.arrow(radius * axis)
        let thin = sheet.thin
        for (index, target) in area.targets.enumerated() {
            let colour = index == 0 ? Palette.tracking : Palette.target
            let centre = sheet.place(target.position)
            guard centre.x.isFinite, centre.y.isFinite else { continue }
            let field = corners(of: target.position).map(sheet.place)
            let text = (number.map { "\($0)." } ?? "") + String(index + 1)
            let size = sheet.fontSize
            let left = Int(max(-1e6, min(1e6, centre.x))) - Canvas.width(of: text, size: size) / 2
            let y = Int(max(-1e6, min(1e6, centre.y))) - 3 * size
            sheet.draw { canvas in
                canvas.ellipse(centre: centre, short, long, Palette.beam, thickness: thin)
                canvas.outline(field, colour, thickness: 1.8 * thin)
                canvas.text(text, x: left, y: y, Palette.ink, size: size)
            }
        }
        for point in area.geoPoints {
            let centre = sheet.place(point)
            let reach = 4 * Double(sheet.fontSize)
            // The beam at zero tilt, where the plane is measured.
            let circle = sheet.arrow(radius * Vector<Frame.MapPixels>(dx: 1, dy: 0)).x
            sheet.draw { canvas in
                canvas.ellipse(centre: centre, (circle, 0), (0, circle), Palette.geo, thickness: thin)
                for (dx, dy) in [(reach, 0.0), (0.0, reach)] {
                    canvas.line(
                        from: (centre.x - dx, centre.y - dy), to: (centre.x + dx, centre.y + dy), Palette.geo,
                        thickness: 1.8 * thin)
                }
            }
        }
    }

    /// The camera's field about a position, turned with the camera.
    private func corners(of position: Point<Frame.MapPixels>) -> [Point<Frame.MapPixels>] {
        let halfWidth = (geometry.recordFieldWidth.inNanometers / geometry.mapPixelSize).value / 2
        let halfHeight = (geometry.recordFieldHeight.inNanometers / geometry.mapPixelSize).value / 2
        let (c, s) = (cosine(rotation), sine(rotation))
        return [(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)].map { x, y in
            position + Vector(dx: c * x * halfWidth - s * y * halfHeight, dy: s * x * halfWidth + c * y * halfHeight)
        }
    }
}
