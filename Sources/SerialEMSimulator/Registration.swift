internal import Geometry
internal import Raster

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Where one image lies in another: phase-insensitive cross-correlation over a small Fourier transform.
enum Registration {
    struct Peak: Sendable {
        /// Pixels to add to positions in the first image to get positions in the second, y down.
        var dx: Double
        var dy: Double
        /// Height of the peak in standard deviations of the correlation.
        var strength: Double
    }

    /// The shift that lays `image` on `reference`; both at one pixel size. Searched up to `limit` pixels.
    static func shift(of image: Raster<Float>, onto reference: Raster<Float>, limit: Double) -> Peak? {
        let longest = max(image.width, image.height, reference.width, reference.height)
        let reduction = max(1, Double(longest) / 256)
        let small = image.reduced(by: reduction).flattened()
        let model = reference.reduced(by: reduction).flattened()
        guard small.width > 8, small.height > 8, model.width > 8, model.height > 8 else { return nil }
        let side = 512
        var a = Spectrum(small, side: side)
        var b = Spectrum(model, side: side)
        a.transform(inverse: false)
        b.transform(inverse: false)
        a.multiplyConjugated(by: b)
        a.transform(inverse: true)
        // The correlation at (x, y) tells how well image(p + (x, y)) matches reference(p), both about their middles.
        let reach = limit / reduction
        var best = (value: -Double.infinity, x: 0, y: 0)
        var sum = 0.0
        var squares = 0.0
        var count = 0.0
        let span = min(side / 2 - 1, Int(reach.rounded(.up)))
        for y in -span ... span {
            for x in -span ... span where Double(x * x + y * y) <= reach * reach + 1 {
                let value = a.real[a.place(x, y)]
                sum += value
                squares += value * value
                count += 1
                if value > best.value { best = (value, x, y) }
            }
        }
        guard count > 9 else { return nil }
        let deviation = max(1e-30, (squares / count - (sum / count) * (sum / count))).squareRoot()
        let strength = (best.value - sum / count) / deviation
        func vertex(_ before: Double, _ at: Double, _ after: Double) -> Double {
            let curve = before - 2 * at + after
            return curve < 0 ? max(-0.5, min(0.5, 0.5 * (before - after) / curve)) : 0
        }
        let x = Double(best.x) + vertex(
            a.real[a.place(best.x - 1, best.y)], best.value, a.real[a.place(best.x + 1, best.y)])
        let y = Double(best.y) + vertex(
            a.real[a.place(best.x, best.y - 1)], best.value, a.real[a.place(best.x, best.y + 1)])
        return Peak(dx: -x * reduction, dy: -y * reduction, strength: strength)
    }
}

extension Raster where Pixel == Float {
    func reduced(by factor: Double) -> Raster<Float> {
        factor <= 1 ? self : resized(width: max(1, Int(Double(width) / factor)), height: max(1, Int(Double(height) / factor)))
    }

    /// Without gradient of brightness (a wide mean taken off), scaled to its deviation, and faded out at the edges.
    func flattened() -> Raster<Float> {
        let coarse = resized(width: Swift.max(1, width / 32), height: Swift.max(1, height / 32))
        let background = coarse.resized(width: width, height: height)
        // A light smoothing first: single-pixel noise of both images has nothing in common.
        let smooth = reduced(by: 2).resized(width: width, height: height)
        var out = self
        var squares: Float = 0
        for i in pixels.indices {
            out.pixels[i] = smooth.pixels[i] - background.pixels[i]
            squares += out.pixels[i] * out.pixels[i]
        }
        let deviation = Swift.max(1e-6, (squares / Float(Swift.max(1, pixels.count))).squareRoot())
        for y in 0 ..< height {
            for x in 0 ..< width {
                let edge = Float(Swift.min(Swift.min(x, width - 1 - x), Swift.min(y, height - 1 - y)))
                let fade = Swift.min(1, edge / 16)
                let value = out.pixels[y * width + x] / deviation
                out.pixels[y * width + x] = Swift.max(-4, Swift.min(4, value)) * fade
            }
        }
        return out
    }
}

/// A square complex image in double precision with its Fourier transform.
struct Spectrum {
    let side: Int
    var real: [Double]
    var imaginary: [Double]

    /// Lays the image with its middle at the origin.
    init(_ image: Raster<Float>, side: Int) {
        self.side = side
        real = [Double](repeating: 0, count: side * side)
        imaginary = real
        for y in 0 ..< min(side, image.height) {
            for x in 0 ..< min(side, image.width) {
                real[place(x - image.width / 2, y - image.height / 2)] = Double(image[x, y])
            }
        }
    }

    func place(_ x: Int, _ y: Int) -> Int { ((y + 2 * side) % side) * side + (x + 2 * side) % side }

    mutating func multiplyConjugated(by other: Spectrum) {
        for i in real.indices {
            let r = real[i] * other.real[i] + imaginary[i] * other.imaginary[i]
            let m = imaginary[i] * other.real[i] - real[i] * other.imaginary[i]
            real[i] = r
            imaginary[i] = m
        }
    }

    mutating func transform(inverse: Bool) {
        var lineR = [Double](repeating: 0, count: side)
        var lineI = lineR
        let tables = Twiddles(side: side, inverse: inverse)
        for row in 0 ..< side {
            for k in 0 ..< side { lineR[k] = real[row * side + k]; lineI[k] = imaginary[row * side + k] }
            tables.transform(&lineR, &lineI)
            for k in 0 ..< side { real[row * side + k] = lineR[k]; imaginary[row * side + k] = lineI[k] }
        }
        for column in 0 ..< side {
            for k in 0 ..< side { lineR[k] = real[k * side + column]; lineI[k] = imaginary[k * side + column] }
            tables.transform(&lineR, &lineI)
            for k in 0 ..< side { real[k * side + column] = lineR[k]; imaginary[k * side + column] = lineI[k] }
        }
    }
}

/// Factors of a radix-2 transform (Cooley and Tukey) of one length.
struct Twiddles {
    private let side: Int
    private var cosines: [Double] = []
    private var sines: [Double] = []
    private var order: [Int] = []

    init(side: Int, inverse: Bool) {
        self.side = side
        let turn = (inverse ? 2.0 : -2.0) * Double.pi / Double(side)
        for k in 0 ..< side / 2 {
            cosines.append(cos(turn * Double(k)))
            sines.append(sin(turn * Double(k)))
        }
        var reversed = 0
        for _ in 0 ..< side {
            order.append(reversed)
            var bit = side >> 1
            while bit > 0, reversed & bit != 0 { reversed ^= bit; bit >>= 1 }
            reversed |= bit
        }
    }

    func transform(_ real: inout [Double], _ imaginary: inout [Double]) {
        for i in 0 ..< side where order[i] > i {
            real.swapAt(i, order[i])
            imaginary.swapAt(i, order[i])
        }
        var length = 2
        while length <= side {
            let half = length / 2
            let step = side / length
            var start = 0
            while start < side {
                for k in 0 ..< half {
                    let c = cosines[k * step]
                    let s = sines[k * step]
                    let r = real[start + k + half] * c - imaginary[start + k + half] * s
                    let m = real[start + k + half] * s + imaginary[start + k + half] * c
                    real[start + k + half] = real[start + k] - r
                    imaginary[start + k + half] = imaginary[start + k] - m
                    real[start + k] += r
                    imaginary[start + k] += m
                }
                start += length
            }
            length *= 2
        }
    }
}
