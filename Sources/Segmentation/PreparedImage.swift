import InferenceWire
import Raster

/// An image as the network is going to see it: cut to what is not empty, and normalised where a piece of it is asked for, so that no second
/// copy of a large map is needed.
struct PreparedImage<Pixel: NumericPixel>: Sendable {
    /// One raster for each channel, or one for all.
    private let channels: [Raster<Pixel>]
    private let scales: [ChannelScale]
    /// The part of the image that is not 0.
    let part: FilledPart
    var width: Int { part.width }
    var height: Int { part.height }

    init(_ channels: [Raster<Pixel>], part: FilledPart, normalisations: [Normalisation]) {
        self.part = part
        self.channels = channels
        scales = normalisations.enumerated().map { number, normalisation in
            ChannelScale(normalisation, of: channels[channels.count == 1 ? 0 : number], in: part) { place in channels.contains { $0.pixels[place].asFloat != 0 } }
        }
    }

    private init(whole channels: [Raster<Pixel>], width: Int, height: Int) {
        self.channels = channels
        scales = channels.map { _ in ChannelScale() }
        part = FilledPart(width: width, height: height)
    }

    /// A rectangle of all channels, `[channel][row][column]`; what lies outside is 0.
    func piece(x: Int, y: Int, width pieceWidth: Int, height pieceHeight: Int) -> [Float] {
        var values = [Float](repeating: 0, count: scales.count * pieceWidth * pieceHeight)
        let columns = max(0, x) ..< max(max(0, x), min(width, x + pieceWidth))
        let rows = max(0, y) ..< max(max(0, y), min(height, y + pieceHeight))
        for (number, scale) in scales.enumerated() {
            let image = channels[channels.count == 1 ? 0 : number]
            image.pixels.withUnsafeBufferPointer { pixels in
                for row in rows {
                    let source = (part.y + row) * image.width + part.x
                    let target = (number * pieceHeight + row - y) * pieceWidth - x
                    for column in columns { values[target + column] = scale(pixels[source + column].asFloat) }
                    guard scale.keepsEmpty else { continue }
                    for column in columns where !channels.contains(where: { $0.pixels[source + column].asFloat != 0 }) { values[target + column] = 0 }
                }
            }
        }
        return values
    }

    /// The image at another size, normalised before it is resampled, as nnU-Net does it.
    func resampled(width newWidth: Int, height newHeight: Int) -> PreparedImage<Float> {
        let whole = scales.count * width * height
        var all = piece(x: 0, y: 0, width: width, height: height)
        var made: [Raster<Float>] = []
        for _ in 0 ..< scales.count {
            let channel = Raster(width: width, height: height, pixels: Array(all.suffix(whole / scales.count)))
            all.removeLast(whole / scales.count)
            made.append(SplineResampling.cubic(channel, width: newWidth, height: newHeight))
        }
        return PreparedImage<Float>(whole: made.reversed(), width: newWidth, height: newHeight)
    }
}
