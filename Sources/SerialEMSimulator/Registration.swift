internal import Geometry
internal import Raster

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Where one image lies in another: normalised cross-correlation of what overlaps.
enum Registration {
    struct Peak: Sendable {
        /// Pixels to add to positions in the first image to get positions in the second, y down.
        var dx: Double
        var dy: Double
        /// Correlation coefficient of what both images show, 0 to 1.
        var strength: Double
    }

    /// The shift that lays `image` on `reference`; both at one pixel size. Searched up to `limit` pixels.
    static func shift(of image: Raster<Float>, onto reference: Raster<Float>, limit: Double) -> Peak? {
        let longest = max(image.width, image.height, reference.width, reference.height)
        let reduction = max(1, Double(longest) / 256)
        let small = image.reduced(by: reduction)
        let model = reference.reduced(by: reduction)
        guard small.width > 8, small.height > 8, model.width > 8, model.height > 8 else { return nil }
        let scores = Scores(small, model)
        // The score at (x, y) tells how well image(p + (x, y)) matches reference(p), both about their middles.
        let reach = limit / reduction
        var best = (value: -Double.infinity, x: 0, y: 0)
        let span = min(Scores.side / 2 - 2, Int(clamped: reach.rounded(.up)))
        for y in -span ... span {
            for x in -span ... span where Double(x * x + y * y) <= reach * reach {
                let value = scores[x, y]
                if value > best.value { best = (value, x, y) }
            }
        }
        guard best.value > 0 else { return nil }
        func vertex(_ before: Double, _ at: Double, _ after: Double) -> Double {
            let curve = before - 2 * at + after
            return curve < 0 ? max(-0.5, min(0.5, 0.5 * (before - after) / curve)) : 0
        }
        let x = Double(best.x) + vertex(
            scores[best.x - 1, best.y], best.value, scores[best.x + 1, best.y])
        let y = Double(best.y) + vertex(
            scores[best.x, best.y - 1], best.value, scores[best.x, best.y + 1])
        return Peak(dx: -x * reduction, dy: -y * reduction, strength: best.value)
    }
}

extension Raster where Pixel == Float {
    func reduced(by factor: Double) -> Raster<Float> {
        factor <= 1 ? self : resized(width: max(1, Int(clamped: Double(width) / factor)), height: max(1, Int(clamped: Double(height) / factor)))
    }
}

/// Correlation coefficients of two images for every displacement, taken over their overlap only (Padfield 2012).
private struct Scores {
    static let side = 512
    private var values: [Double]
    private let frame: Spectrum

    init(_ image: Raster<Float>, _ reference: Raster<Float>) {
        func spectrum(_ r: Raster<Float>) -> Spectrum {
            var s = Spectrum(r, side: Scores.side)
            s.transform(inverse: false)
            return s
        }
        func correlation(_ a: Spectrum, _ b: Spectrum) -> [Double] {
            var product = a
            product.multiplyConjugated(by: b)
            product.transform(inverse: true)
            let scale = 1 / Double(Scores.side * Scores.side)
            return product.real.map { $0 * scale }
        }
        // Means taken off first keep the sums small beside their differences.
        let a = image.centred
        let b = reference.centred
        let (sa, sb) = (spectrum(a), spectrum(b))
        let (ma, mb) = (spectrum(a.map { _ in 1 }), spectrum(b.map { _ in 1 }))
        let overlap = correlation(ma, mb)
        let product = correlation(sa, sb)
        let sumA = correlation(sa, mb)
        let sumB = correlation(ma, sb)
        let squaresA = correlation(spectrum(a.map { $0 * $0 }), mb)
        let squaresB = correlation(ma, spectrum(b.map { $0 * $0 }))
        let least = 0.35 * Double(min(a.pixels.count, b.pixels.count))
        values = [Double](repeating: 0, count: overlap.count)
        for i in overlap.indices where overlap[i] >= least {
            let n = overlap[i]
            let va = squaresA[i] - sumA[i] * sumA[i] / n
            let vb = squaresB[i] - sumB[i] * sumB[i] / n
            guard va > 1e-6 * n, vb > 1e-6 * n else { continue }
            values[i] = (product[i] - sumA[i] * sumB[i] / n) / (va * vb).squareRoot()
        }
        frame = ma
    }
    subscript(x: Int, y: Int) -> Double { values[frame.place(x, y)] }
}

extension Raster where Pixel == Float {
    /// Without its mean, in units of its deviation.
    fileprivate var centred: Raster<Float> {
        let count = Double(Swift.max(1, pixels.count))
        let mean = pixels.reduce(0.0) { $0 + Double($1) } / count
        let variance = pixels.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        let scale = 1 / Swift.max(1e-9, variance.squareRoot())
        return map { Float((Double($0) - mean) * scale) }
    }
}

/// A square complex image in double precision with its Fourier transform.
struct Spectrum {
    let side: Int
    var real: [Double]
    var imaginary: [Double]

    /// Nothing but zeros.
    init(side: Int) {
        self.side = side
        real = [Double](repeating: 0, count: side * side)
        imaginary = real
    }

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
