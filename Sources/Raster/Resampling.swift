/// How a pixel type turns into a number and back.
public protocol NumericPixel: Sendable {
    var asFloat: Float { get }
}
extension UInt8: NumericPixel { @inlinable public var asFloat: Float { Float(self) } }
extension Int16: NumericPixel { @inlinable public var asFloat: Float { Float(self) } }
extension UInt16: NumericPixel { @inlinable public var asFloat: Float { Float(self) } }
extension Float: NumericPixel { @inlinable public var asFloat: Float { self } }

extension Raster where Pixel: NumericPixel {
    /// The image at another size: reduction averages over the area that a new pixel covers (antialiased), enlargement
    /// is bilinear. Half-pixel convention: the corners of both images coincide.
    ///
    /// Works row by row; apart from the result it holds one row of sums.
    @inlinable public func resized(width w: Int, height h: Int) -> Raster<Float> {
        guard w > 0, h > 0, width > 0, height > 0 else { return Raster<Float>(width: w, height: h, filledWith: 0) }
        return resized(columns: ResamplingWeights(from: width, to: w), rows: ResamplingWeights(from: height, to: h))
    }

    /// The image resampled by weights that were made before, which must be for images of this size.
    @inlinable public func resized(columns: ResamplingWeights, rows: ResamplingWeights) -> Raster<Float> {
        let w = columns.ranges.count
        var out = Raster<Float>(width: w, height: rows.ranges.count, filledWith: 0)
        var sums = [Float](repeating: 0, count: width)
        pixels.withUnsafeBufferPointer { source in
            out.pixels.withUnsafeMutableBufferPointer { target in
                for y in rows.ranges.indices {
                    for x in 0 ..< width { sums[x] = 0 }
                    for k in rows.ranges[y] {
                        let weight = rows.weights[k]
                        let row = rows.indices[k] * width
                        for x in 0 ..< width { sums[x] += weight * source[row + x].asFloat }
                    }
                    for x in 0 ..< w {
                        var value: Float = 0
                        for k in columns.ranges[x] { value += columns.weights[k] * sums[columns.indices[k]] }
                        target[y * w + x] = value
                    }
                }
            }
        }
        return out
    }

    /// The grey levels below which the given fractions of the pixels lie, measured on at most 250 000 of them.
    /// Pixels for which `counts` is false do not count (the fill of a montage, for instance).
    public func percentiles(_ fractions: [Double], where counts: (Pixel) -> Bool = { _ in true }) -> [Float] {
        let step = Swift.max(1, pixels.count / 250_000)
        var values: [Float] = []
        for i in stride(from: 0, to: pixels.count, by: step) where counts(pixels[i]) {
            let v = pixels[i].asFloat
            if v.isFinite { values.append(v) }
        }
        values.sort()
        guard !values.isEmpty else { return fractions.map { _ in 0 } }
        return fractions.map { values[Swift.min(values.count - 1, Swift.max(0, Int($0 * Double(values.count - 1) + 0.5)))] }
    }

    /// Eight-bit grey: `black` becomes 0, `white` becomes 255, linear between and cut outside.
    public func byteScaled(black: Float, white: Float) -> Raster<UInt8> {
        let scale = white > black ? 255 / (white - black) : 0
        return map { UInt8(Swift.max(0, Swift.min(255, (($0.asFloat - black) * scale).rounded()))) }
    }
}

/// Which source pixels make a new pixel, and by how much, along one axis.
public struct ResamplingWeights: Sendable {
    public let ranges: [Range<Int>]
    public let indices: [Int]
    public let weights: [Float]

    public init(from source: Int, to target: Int) {
        var ranges: [Range<Int>] = []
        var indices: [Int] = []
        var weights: [Float] = []
        let step = Double(source) / Double(target)
        for i in 0 ..< target {
            let start = indices.count
            if step > 1 {
                let low = Double(i) * step
                let high = low + step
                var k = Int(low)
                while k < source, Double(k) < high - 1e-9 {
                    let part = Swift.min(high, Double(k + 1)) - Swift.max(low, Double(k))
                    if part > 1e-9 {
                        indices.append(k)
                        weights.append(Float(part / step))
                    }
                    k += 1
                }
            } else {
                let center = (Double(i) + 0.5) * step - 0.5
                let base = center.rounded(.down)
                let fraction = center - base
                for (k, weight) in [(Int(base), 1 - fraction), (Int(base) + 1, fraction)] where weight > 0 {
                    indices.append(Swift.max(0, Swift.min(source - 1, k)))
                    weights.append(Float(weight))
                }
            }
            ranges.append(start ..< indices.count)
        }
        self.ranges = ranges
        self.indices = indices
        self.weights = weights
    }
    private init(ranges: [Range<Int>], indices: [Int], weights: [Float]) {
        self.ranges = ranges
        self.indices = indices
        self.weights = weights
    }

    /// The source pixels that some of the new ones need, and their weights on an image that is cut down to those.
    public func part(_ targets: Range<Int>) -> (source: Range<Int>, weights: ResamplingWeights) {
        guard let first = targets.first, let last = targets.last else {
            return (0 ..< 0, ResamplingWeights(ranges: [], indices: [], weights: []))
        }
        let used = ranges[first].lowerBound ..< ranges[last].upperBound
        let low = indices[used].min() ?? 0
        let high = indices[used].max() ?? 0
        return (
            low ..< high + 1,
            ResamplingWeights(
                ranges: ranges[targets].map { $0.lowerBound - used.lowerBound ..< $0.upperBound - used.lowerBound },
                indices: indices[used].map { $0 - low }, weights: Array(weights[used]))
        )
    }
}
