import Foundation
import Geometry
import Raster
import Units

extension TrainingSet {
    /// Side of a crop, in pixels of 20 nm.
    private static var cropSide: Int { 640 }

    func writeSegmenterSamples(seed: UInt64) throws -> Int {
        let grid = SpecimenGrid(seed: seed)
        var random = RandomSource(seed: seed).fork(72)
        var count = 0
        for lamella in grid.lamellae where lamella.kind != .gone {
            let center = Point<Frame.Grid>(
                x: lamella.center.x + random.uniform(-1 ... 1), y: lamella.center.y + random.uniform(-1 ... 1))
            let rotation = Self.rotation(&random)
            let width = 1152
            let height = 896
            // A map is made of images of 10 nm pixels and reduced to the pixel size of the network.
            let fine = FieldOfView(
                width: 2 * width, height: 2 * height, center: center, pixelSize: PixelSize(10), rotation: rotation)
            let coarse = FieldOfView(
                width: width, height: height, center: center, pixelSize: PixelSize(20), rotation: rotation)
            let electrons = 15 * random.uniform(0.7 ... 1.4)
            let map = grid.image(
                of: fine, electronsPerPixel: electrons, defocus: Micrometers(-50), damage: 0, noiseSeed: random.next()
            ).resized(width: width, height: height)
            let levels = map.percentiles([0.001, 0.999])
            let scaled = map.byteScaled(black: levels[0], white: levels[1])
            let labels = grid.labels(of: coarse)
            for part in 0 ..< 2 {
                let x = Int(random.uniform() * Double(width - Self.cropSide))
                let y = Int(random.uniform() * Double(height - Self.cropSide))
                let name = "s\(seed)_\(String(format: "%02d", lamella.id))_\(part)"
                try write(
                    scaled.cropped(x: x, y: y, width: Self.cropSide, height: Self.cropSide, fill: 0), name,
                    folder: "images")
                try write(
                    labels.cropped(x: x, y: y, width: Self.cropSide, height: Self.cropSide, fill: 0), name,
                    folder: "labels")
                count += 1
            }
        }
        return count
    }
}
