import Geometry
import Raster
import Targets
import Units

/// Made-up lamellae for the tests of this module.
enum SampleMaps {
    static let classes = ["background", "white", "black", "crack", "ice", "cell", "nucleus", "mitos", "lipiddroplets"]

    /// The labels within a distance of a position, in pixels.
    static func labels(within distance: Int, of position: Point<Frame.MapPixels>, in map: Raster<UInt8>) -> [UInt8] {
        let (column, row) = (Int(position.x), Int(position.y))
        return (-distance ... distance).flatMap { y in
            (-distance ... distance).compactMap { x in
                let inside = 0 ..< map.width ~= column + x && 0 ..< map.height ~= row + y
                return inside && x * x + y * y <= distance * distance ? map[column + x, row + y] : nil
            }
        }
    }

    /// A lamella of about 14 x 9 um of cell with mitochondria, ice and a crack, in a black frame.
    static func lamella(seed: UInt64, width: Int = 900, height: Int = 640, pixelSize: Double = 20) -> Raster<UInt8> {
        var random = RandomSource(seed: seed)
        var map = Raster<UInt8>(width: width, height: height, filledWith: 2)
        let border = width / 10
        for y in border ..< height - border {
            for x in border ..< width - border { map[x, y] = 5 }
        }
        func blobs(_ count: Int, label: UInt8, radius: ClosedRange<Double>) {
            for _ in 0 ..< count {
                let (cx, cy) = (random.uniform() * Double(width), random.uniform() * Double(height))
                let (rx, ry) = (random.uniform(radius) * 1000 / pixelSize, random.uniform(radius) * 1000 / pixelSize)
                for y in max(0, Int(cy - ry)) ..< min(height, max(0, Int(cy + ry))) {
                    for x in max(0, Int(cx - rx)) ..< min(width, max(0, Int(cx + rx))) where map[x, y] != 2 {
                        let (dx, dy) = ((Double(x) - cx) / rx, (Double(y) - cy) / ry)
                        if dx * dx + dy * dy < 1 { map[x, y] = label }
                    }
                }
            }
        }
        blobs(12, label: 7, radius: 0.2 ... 0.7)
        blobs(8, label: 4, radius: 0.1 ... 0.6)
        let crack = Int(random.uniform(0.3 ... 0.7) * Double(width))
        for y in border ..< height - border {
            for x in crack ..< crack + 6 { map[x, y] = 3 }
        }
        return map
    }

    static func geometry(
        tiltAxis angle: Double = 85, pixelSize: Double = 20, beam: Double = 1.2
    ) -> LamellaGeometry {
        // Specimen x along the axis direction (-sin t, cos t), y at right angles; the stage is turned by 180 degrees.
        let (s, c) = (sine(Degrees(angle)) * pixelSize / 1000, cosine(Degrees(angle)) * pixelSize / 1000)
        let linear = LinearMap<Frame.MapPixels, Frame.Stage>(xpx: s, xpy: -c, ypx: -c, ypy: -s)
        return LamellaGeometry(
            mapPixelSize: PixelSize(pixelSize), beamDiameter: Micrometers(beam), recordFieldWidth: Micrometers(0.936),
            recordFieldHeight: Micrometers(0.666),
            mapToStage: AffineMap(linear: linear, sending: .origin, to: Point(x: -112.4, y: 87.9)),
            stageToSpecimen: LinearMap(xpx: -1, xpy: 0, ypx: 0, ypy: -1))
    }

    /// Least distance of two beam centres over the beam's diameter, both in the plane squeezed for the largest tilt.
    ///
    /// Computed on the specimen, where x lies along the tilt axis, and so independently of the map's rotation.
    static func closestApproach(_ areas: [TargetArea], geometry: LamellaGeometry, maximumTilt: Degrees) -> Double {
        let positions = areas.flatMap { $0.targets.map(\.position) }
        var closest = Double.infinity
        for (i, a) in positions.enumerated() {
            for b in positions[(i + 1)...] {
                let shift = geometry.specimenShift(from: a, to: b)
                let squeezed = Vector<Frame.Specimen>(dx: shift.dx, dy: shift.dy * cosine(maximumTilt))
                closest = min(closest, squeezed.length / geometry.beamDiameter.value)
            }
        }
        return closest
    }
}
