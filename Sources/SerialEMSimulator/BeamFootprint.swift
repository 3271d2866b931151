internal import Geometry
internal import Raster
internal import Specimen
internal import Units

extension VirtualMicroscope {
    /// Darkens what the beam leaves out, and the spots where long exposures have left a film of contamination.
    func shaded(
        _ image: Raster<UInt16>, magnification: Magnification, binning: Double, place: Point<Frame.Stage>
    ) -> Raster<UInt16> {
        var shaded = image
        let middle = Point<Frame.MapPixels>(x: Double(image.width) / 2, y: Double(image.height) / 2)
        let pixel = magnification.pixelSize.value * binning / 1000
        guard pixel > 0 else { return image }
        // A beam is round on the camera, whatever the tilt of the specimen.
        let toPixels = magnification.specimenToCamera
            .then(LinearMap<Frame.Camera, Frame.MapPixels>(xpx: 1 / binning, xpy: 0, ypx: 0, ypy: -1 / binning))
        let radius = column.beamDiameter(magnification).value / 2 / pixel
        shaded.keepLight(in: middle + toPixels(beamCenter), radius: radius)

        guard let spots = grid.flatMap({ doseMaps[$0.cartridge]?.darkSpots }) else { return shaded }
        let shrink = cosine(stage.tilt)
        for spot in spots {
            var way = Magnifications.stageToSpecimen(spot.center - place)
            way.dy *= shrink
            shaded.dim(about: middle + toPixels(way), radius: spot.radius / pixel, by: 1 - spot.contamination)
        }
        return shaded
    }
}

extension Raster where Pixel == UInt16 {
    /// Without light the camera still counts this.
    private static var dark: Float { 2 }

    /// Leaves the light inside a circle; it falls off over the outermost twenty-fifth of the radius.
    fileprivate mutating func keepLight(in center: Point<Frame.MapPixels>, radius: Double) {
        let inner = 0.96 * radius
        let corners = [(0.0, 0.0), (Double(width), 0), (0, Double(height)), (Double(width), Double(height))]
        guard corners.contains(where: { center.distance(to: Point(x: $0.0, y: $0.1)) > inner }) else { return }
        for y in 0 ..< height {
            for x in 0 ..< width {
                let distance = center.distance(to: Point(x: Double(x) + 0.5, y: Double(y) + 0.5))
                guard distance > inner else { continue }
                let part = Float(Swift.max(0, 1 - (distance - inner) / Swift.max(1e-6, radius - inner)))
                self[x, y] = UInt16(Self.dark + part * Swift.max(0, Float(self[x, y]) - Self.dark))
            }
        }
    }
    /// Multiplies what lies inside a circle.
    fileprivate mutating func dim(about center: Point<Frame.MapPixels>, radius: Double, by factor: Double) {
        let columns = Self.span(center.x - radius, center.x + radius + 1, within: width)
        let rows = Self.span(center.y - radius, center.y + radius + 1, within: height)
        for y in rows {
            for x in columns where center.distance(to: Point(x: Double(x) + 0.5, y: Double(y) + 0.5)) <= radius {
                self[x, y] = UInt16(Double(self[x, y]) * factor)
            }
        }
    }
    private static func span(_ first: Double, _ end: Double, within size: Int) -> Range<Int> {
        let start = Swift.max(0, Swift.min(size, Int(clamped: first)))
        return start ..< Swift.max(start, Swift.min(size, Int(clamped: end)))
    }
}
