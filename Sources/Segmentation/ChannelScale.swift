import InferenceWire
import Raster

/// How one channel's grey values become numbers, once its normalisation and its grey values are known.
struct ChannelScale: Sendable, Hashable {
    private var lower = -Float.infinity
    private var upper = Float.infinity
    private var offset: Float = 0
    private var divisor: Float = 1
    /// Whether pixels at which all channels are 0 stay 0.
    let keepsEmpty: Bool

    /// Leaves values as they are.
    init() { keepsEmpty = false }

    /// - Parameters:
    ///   - image: a channel.
    ///   - part: where its grey values count.
    ///   - isFilled: whether a pixel, by its place in the image, is other than 0 in some channel.
    init<Pixel: NumericPixel>(_ normalisation: Normalisation, of image: Raster<Pixel>, in part: FilledPart, isFilled: (Int) -> Bool) {
        keepsEmpty = normalisation == .zScoreOfFilled
        switch normalisation {
        case .unit: divisor = 255
        case .asIs: break
        case .fixed(let levels):
            (lower, upper) = (Float(levels.lower), Float(levels.upper))
            (offset, divisor) = (Float(levels.mean), Float(max(levels.deviation, 1e-8)))
        case .range:
            var (least, most) = (Float.infinity, -Float.infinity)
            part.forEachPixel(of: image) { _, value in
                least = min(least, value)
                most = max(most, value)
            }
            (offset, divisor) = (least, max(most - least, 1e-8))
        case .zScore, .zScoreOfFilled:
            let all = normalisation == .zScore
            var (sum, count) = (0.0, 0.0)
            part.forEachPixel(of: image) { place, value in
                guard all || isFilled(place) else { return }
                sum += Double(value)
                count += 1
            }
            let mean = sum / max(1, count)
            var squares = 0.0
            part.forEachPixel(of: image) { place, value in
                guard all || isFilled(place) else { return }
                squares += (Double(value) - mean) * (Double(value) - mean)
            }
            offset = Float(mean)
            divisor = Float(max((squares / max(1, count)).squareRoot(), 1e-8))
        }
    }

    func callAsFunction(_ value: Float) -> Float { (min(max(value, lower), upper) - offset) / divisor }
}
