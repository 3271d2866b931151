import Raster

/// The smallest rectangle that holds all pixels other than 0 of some channel: nnU-Net crops to it before it measures grey values.
struct FilledPart: Sendable, Hashable {
    let x: Int
    let y: Int
    let width: Int
    let height: Int

    /// The whole of an image.
    init(width: Int, height: Int) { (x, y, self.width, self.height) = (0, 0, width, height) }

    /// nil where all channels, which are of one size, are 0.
    init?<Pixel: NumericPixel>(of channels: [Raster<Pixel>]) {
        var (minX, minY, maxX, maxY) = (Int.max, Int.max, -1, -1)
        for image in channels {
            for row in 0 ..< image.height {
                let start = row * image.width
                guard let first = (start ..< start + image.width).first(where: { image.pixels[$0].asFloat != 0 }),
                    let last = (start ..< start + image.width).last(where: { image.pixels[$0].asFloat != 0 })
                else { continue }
                minX = min(minX, first - start)
                maxX = max(maxX, last - start)
                minY = min(minY, row)
                maxY = max(maxY, row)
            }
        }
        guard maxX >= 0 else { return nil }
        (x, y, width, height) = (minX, minY, maxX - minX + 1, maxY - minY + 1)
    }

    /// Calls a function with the place in the image and the value of each pixel of the part.
    func forEachPixel<Pixel: NumericPixel>(of image: Raster<Pixel>, _ body: (Int, Float) -> Void) {
        image.pixels.withUnsafeBufferPointer { pixels in
            for row in y ..< y + height {
                let start = row * image.width
                for place in start + x ..< start + x + width { body(place, pixels[place].asFloat) }
            }
        }
    }
}
