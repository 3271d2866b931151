import Foundation

/// Complex values on a grid whose sides are powers of two, and their discrete Fourier transform.
struct FourierGrid {
    let width: Int
    let height: Int
    var real: [Double]
    var imaginary: [Double]

    init(width: Int, height: Int) {
        precondition(width > 0 && height > 0 && width & (width - 1) == 0 && height & (height - 1) == 0)
        self.width = width
        self.height = height
        real = [Double](repeating: 0, count: width * height)
        imaginary = real
    }

    /// The transform with exp(-2 pi i k n / N); with exp(+...) and not divided by the number of places if `inverse`.
    mutating func transform(inverse: Bool = false) {
        Self.transformColumns(&real, &imaginary, width: width, height: height, inverse: inverse)
        Self.transpose(&real, width: width, height: height)
        Self.transpose(&imaginary, width: width, height: height)
        Self.transformColumns(&real, &imaginary, width: height, height: width, inverse: inverse)
        Self.transpose(&real, width: height, height: width)
        Self.transpose(&imaginary, width: height, height: width)
    }

    private static func transpose(_ values: inout [Double], width: Int, height: Int) {
        var out = [Double](repeating: 0, count: values.count)
        out.withUnsafeMutableBufferPointer { out in
            values.withUnsafeBufferPointer { values in
                for y in 0 ..< height {
                    for x in 0 ..< width { out[x * height + y] = values[y * width + x] }
                }
            }
        }
        values = out
    }

    /// All columns at once (Cooley and Tukey 1965, radix 2): a butterfly is one of two whole rows.
    private static func transformColumns(
        _ real: inout [Double], _ imaginary: inout [Double], width: Int, height: Int, inverse: Bool
    ) {
        real.withUnsafeMutableBufferPointer { real in
            imaginary.withUnsafeMutableBufferPointer { imaginary in
                var reversed = 0
                for row in 1 ..< max(1, height) {
                    var bit = height >> 1
                    while reversed & bit != 0 {
                        reversed ^= bit
                        bit >>= 1
                    }
                    reversed |= bit
                    guard row < reversed else { continue }
                    for x in 0 ..< width {
                        real.swapAt(row * width + x, reversed * width + x)
                        imaginary.swapAt(row * width + x, reversed * width + x)
                    }
                }
                var span = 1
                while span < height {
                    for offset in 0 ..< span {
                        let angle = (inverse ? 1 : -1) * .pi * Double(offset) / Double(span)
                        let (c, s) = (cos(angle), sin(angle))
                        for start in stride(from: offset, to: height, by: 2 * span) {
                            let (upper, lower) = (start * width, (start + span) * width)
                            for x in 0 ..< width {
                                let (re, im) = (real[lower + x], imaginary[lower + x])
                                let turned = (re: c * re - s * im, im: c * im + s * re)
                                real[lower + x] = real[upper + x] - turned.re
                                imaginary[lower + x] = imaginary[upper + x] - turned.im
                                real[upper + x] += turned.re
                                imaginary[upper + x] += turned.im
                            }
                        }
                    }
                    span *= 2
                }
            }
        }
    }
}
