import Foundation
public import Geometry
public import Raster
public import Targets
public import Units

/// What is known of a lamella for its picture.
public struct LamellaScene: Sendable {
    /// Of any size; it is stretched over the labels.
    public var map: Raster<UInt8>
    /// The segmentation; its pixels are the geometry's. All 0 before level 3.
    public var labels: Raster<UInt8>
    /// Names of the labels.
    public var classes: [String]
    /// The model's own colours by class; a class without one has that of its name.
    public var colours: [String: RGB]
    public var areas: [TargetArea]
    public var geometry: LamellaGeometry
    public var maximumTilt: Degrees
    /// How much longer than wide a beam is on the sample at that tilt; a pretilt makes it longer.
    public var beamStretch: Double
    var isInclined: Bool { abs(beamStretch * cosine(maximumTilt) - 1) > 1e-6 }
    /// Drawn about the tracking target of each area.
    public var imageShiftLimit: Micrometers?
    /// Of the camera's field in Record against the map's columns.
    public var recordFieldRotation: Degrees
    /// The measured centre of the lamella, shown as long as there are no targets.
    public var centre: Point<Frame.MapPixels>?
    /// The first line is the largest.
    public var heading: [String]

    public init(
        map: Raster<UInt8>, labels: Raster<UInt8>, classes: [String], areas: [TargetArea], geometry: LamellaGeometry,
        maximumTilt: Degrees, beamStretch: Double? = nil, imageShiftLimit: Micrometers? = nil, recordFieldRotation: Degrees = .zero,
        centre: Point<Frame.MapPixels>? = nil, colours: [String: RGB] = [:], heading: [String]
    ) {
        self.map = map
        self.labels = labels
        self.classes = classes
        self.colours = colours
        self.areas = areas
        self.geometry = geometry
        self.maximumTilt = maximumTilt
        self.beamStretch = beamStretch ?? 1 / cosine(maximumTilt)
        self.imageShiftLimit = imageShiftLimit
        self.recordFieldRotation = recordFieldRotation
        self.centre = centre
        self.heading = heading
    }
}

extension OverviewPicture {
    /// A lamella map with its segmentation and all that will be exposed: for each target the camera's field, the beam's
    /// footprint at the largest tilt and its number in its area; geo points; the tilt axis through each tracking target and
    /// the image-shift limit about it.
    ///
    /// - Parameter maximumSide: the longer side of the drawn map in pixels.
    public static func lamella(_ scene: LamellaScene, maximumSide: Int = 1600) -> Raster<RGB> {
        let colours = scene.classes.enumerated().map { Palette.of(class: $0.element, index: $0.offset, given: scene.colours[$0.element]) }
        let tones = Tones.lamella(scene.map, labels: scene.labels, shown: colours.map { $0 != nil })
        var sheet = Sheet(
            Sheet.Contents(
                map: scene.map, tones: tones, frameWidth: scene.labels.width, frameHeight: scene.labels.height,
                heading: scene.heading, legend: legend(of: scene, colours: colours), maximumSide: maximumSide))
        tint(&sheet, labels: scene.labels, colours: colours)
        let marks = TargetMarks(scene: scene)
        marks.draw(on: &sheet)
        sheet.addScaleBar(scene.geometry.mapPixelSize)
        return sheet.picture
    }

    private static func legend(of scene: LamellaScene, colours: [RGB?]) -> [LegendEntry] {
        var counts = [Int](repeating: 0, count: 256)
        for label in scene.labels.pixels { counts[Int(label)] += 1 }
        let pixel = scene.geometry.mapPixelSize.value / 1000
        var legend: [LegendEntry] = []
        for (index, name) in scene.classes.enumerated() where index < 256 && counts[index] > 0 {
            let area = Double(counts[index]) * pixel * pixel
            // A handful of pixels is a mistake of the network rather than something to look at.
            guard let colour = colours[index], area >= 0.05 else { continue }
            legend.append(LegendEntry("\(name) \(areaText(area))", colour))
        }
        guard scene.areas.contains(where: { !$0.targets.isEmpty }) else { return legend }
        legend += [
            LegendEntry("tracking target (camera's field)", Palette.tracking, .box), LegendEntry("target", Palette.target, .box),
            LegendEntry("beam at \(Int(scene.maximumTilt.value.rounded()))\u{B0}\(scene.isInclined ? " on the inclined lamella" : "")", Palette.target, .ellipse),
        ]
        if scene.areas.contains(where: { !$0.geoPoints.isEmpty }) {
            legend.append(LegendEntry("geo point", Palette.geo, .cross))
        }
        legend.append(LegendEntry("tilt axis", Palette.tiltAxis, .dashes))
        if let limit = scene.imageShiftLimit {
            legend.append(
                LegendEntry("image shift limit \(String(format: "%.1f", limit.value)) \u{B5}m", Palette.limit, .dashedCircle))
        }
        return legend
    }

    private static func areaText(_ area: Double) -> String {
        String(format: area < 9.95 ? "%.1f" : "%.0f", area) + " \u{B5}m\u{B2}"
    }

    /// The classes in their colours: a light tint and a clear border, so that the map stays visible.
    private static func tint(_ sheet: inout Sheet, labels: Raster<UInt8>, colours: [RGB?]) {
        guard labels.width > 0, labels.height > 0 else { return }
        let (scale, top, width, height) = (sheet.scale, sheet.top, sheet.mapWidth, sheet.mapHeight)
        func label(_ x: Int, _ y: Int) -> Int {
            Int(
                labels[
                    min(labels.width - 1, Int((Double(x) + 0.5) / scale)),
                    min(labels.height - 1, Int((Double(y) + 0.5) / scale))])
        }
        sheet.draw { canvas in
            for y in 0 ..< height {
                var here = label(0, y)
                for x in 0 ..< width {
                    let next = x + 1 < width ? label(x + 1, y) : here
                    let below = y + 1 < height ? label(x, y + 1) : here
                    let colour = here < colours.count ? colours[here] : nil
                    if next != here || below != here {
                        let other = next != here ? next : below
                        if let edge = colour ?? (other < colours.count ? colours[other] : nil) {
                            canvas.blend(x, top + y, edge, opacity: 0.85)
                        }
                    } else if let colour {
                        canvas.blend(x, top + y, colour, opacity: 0.14)
                    }
                    here = next
                }
            }
        }
    }
}
