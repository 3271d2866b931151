import Foundation
import Geometry
import Raster
import Targets
import Units

/// Draws what will be exposed on a lamella: beams first, then fields, then numbers, so that nothing hides a number.
struct TargetMarks {
    let scene: LamellaScene

    private var geometry: LamellaGeometry { scene.geometry }

    /// The direction of the tilt axis on the map.
    private var axis: Vector<Frame.MapPixels> {
        Vector(dx: -sine(geometry.tiltAxisAngle), dy: cosine(geometry.tiltAxisAngle))
    }

    func draw(on sheet: inout Sheet) {
        for area in scene.areas { drawLimits(of: area, on: &sheet) }
        if scene.areas.allSatisfy(\.targets.isEmpty), let centre = scene.centre {
            cross(at: centre, Palette.tracking, on: &sheet)
        }
        for area in scene.areas { drawBeams(of: area, on: &sheet) }
        for (index, area) in scene.areas.enumerated() {
            drawFields(of: area, number: scene.areas.count > 1 ? index + 1 : nil, on: &sheet)
        }
    }

    /// The tilt axis through the tracking target, and how far image shift reaches from it.
    private func drawLimits(of area: TargetArea, on sheet: inout Sheet) {
        guard let tracking = area.targets.first?.position else { return }
        let reach = 2 * Double(scene.labels.width + scene.labels.height)
        let ends = [tracking - reach * axis, tracking + reach * axis].map(sheet.place)
        sheet.dashedLine(ends, closed: false, Palette.tiltAxis)
        guard let limit = scene.imageShiftLimit?.value,
            let toMap = geometry.mapToStage.linear.then(geometry.stageToSpecimen).inverse
        else { return }
        let circle = (0 ..< 180).map { step in
            let angle = 2 * .pi * Double(step) / 180
            return sheet.place(tracking + toMap(Vector(dx: limit * cos(angle), dy: limit * sin(angle))))
        }
        sheet.dashedLine(circle, closed: true, Palette.limit)
    }

    private func drawBeams(of area: TargetArea, on sheet: inout Sheet) {
        let radius = geometry.beamOnMap.value / 2
        let across = Vector<Frame.MapPixels>(dx: axis.dy, dy: -axis.dx)
        let long = sheet.arrow((radius * scene.beamStretch) * across)
        let short = sheet.arrow(radius * axis)
        let thin = sheet.thin
        for (index, target) in area.targets.enumerated() {
            let centre = sheet.place(target.position)
            guard centre.x.isFinite, centre.y.isFinite else { continue }
            let beam = Canvas.ellipse(centre: centre, short, long)
            let colour = colour(index)
            sheet.draw { canvas in
                canvas.outline(beam, Palette.paper, thickness: 2.6 * thin)
                canvas.outline(beam, colour, thickness: 1.4 * thin)
            }
        }
        for point in area.geoPoints { cross(at: point, Palette.geo, on: &sheet) }
    }

    private func drawFields(of area: TargetArea, number: Int?, on sheet: inout Sheet) {
        let size = sheet.fontSize
        for (index, target) in area.targets.enumerated() {
            let field = corners(of: target.position).map(sheet.place)
            guard field.allSatisfy({ abs($0.x) < 1e6 && abs($0.y) < 1e6 }) else { continue }
            let (colour, thin) = (colour(index), sheet.thin)
            let text = (number.map { "\($0)." } ?? "") + String(index + 1)
            let plate = Canvas.plateSize(of: text, size: size)
            let x = Int(sheet.place(target.position).x) - plate.width / 2
            let y = Int((field.map(\.y).min() ?? 0) - 2 * thin) - plate.height
            sheet.draw { canvas in
                // A dark seam keeps the field visible on bright ground.
                canvas.outline(field, Palette.paper, thickness: 3.4 * thin)
                canvas.outline(field, colour, thickness: 1.8 * thin)
                canvas.plate(text, x: x, y: y, colour, size: size)
            }
        }
    }

    private func colour(_ index: Int) -> RGB { index == 0 ? Palette.tracking : Palette.target }

    private func cross(at position: Point<Frame.MapPixels>, _ colour: RGB, on sheet: inout Sheet) {
        let (centre, thin) = (sheet.place(position), sheet.thin)
        let reach = 5 * Double(sheet.fontSize)
        sheet.draw { canvas in
            for (shade, thickness) in [(Palette.paper, 3.2 * thin), (colour, 1.6 * thin)] {
                for (dx, dy) in [(reach, 0.0), (0.0, reach)] {
                    canvas.line(
                        from: (centre.x - dx, centre.y - dy), to: (centre.x + dx, centre.y + dy), shade, thickness: thickness)
                }
            }
        }
    }

    /// The camera's field about a position, turned with the camera.
    private func corners(of position: Point<Frame.MapPixels>) -> [Point<Frame.MapPixels>] {
        let halfWidth = (geometry.recordFieldWidth.inNanometers / geometry.mapPixelSize).value / 2
        let halfHeight = (geometry.recordFieldHeight.inNanometers / geometry.mapPixelSize).value / 2
        let (c, s) = (cosine(scene.recordFieldRotation), sine(scene.recordFieldRotation))
        return [(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)].map { x, y in
            position + Vector(dx: c * x * halfWidth - s * y * halfHeight, dy: s * x * halfWidth + c * y * halfHeight)
        }
    }
}
