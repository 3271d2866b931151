import Raster

/// The grey levels of a file as its header tells them, kept up section by section.
struct MRCStatistics: Sendable, Hashable {
    var count = 0
    var minimum = Float.infinity
    var maximum = -Float.infinity
    var sum = 0.0
    var sumOfSquares = 0.0
    /// False where earlier sections were written by a program that left no statistics.
    var isKnown = true

    init() {}

    init<Pixel: NumericPixel>(_ pixels: [Pixel]) {
        for pixel in pixels {
            let value = pixel.asFloat
            minimum = Swift.min(minimum, value)
            maximum = Swift.max(maximum, value)
            sum += Double(value)
            sumOfSquares += Double(value) * Double(value)
        }
        count = pixels.count
    }

    /// Continues from what a header tells.
    init(_ header: MRCHeader) {
        count = header.sections * header.width * header.height
        guard count > 0 else { return }
        let mean = Double(header.mean)
        let deviation = Double(header.deviation)
        // A constant image has equal minimum and maximum and deviation 0.
        isKnown = header.minimum <= header.maximum && deviation >= 0
        minimum = header.minimum
        maximum = header.maximum
        sum = mean * Double(count)
        sumOfSquares = (deviation * deviation + mean * mean) * Double(count)
    }

    mutating func add(_ other: Self) {
        count += other.count
        minimum = Swift.min(minimum, other.minimum)
        maximum = Swift.max(maximum, other.maximum)
        sum += other.sum
        sumOfSquares += other.sumOfSquares
        isKnown = isKnown && other.isKnown
    }

    /// Unknown statistics are marked as MRC2014 says: maximum below minimum, mean below both, deviation negative.
    func record(in header: inout MRCHeader) {
        // Readers without IMOD's flags take these bytes as signed; the true numbers would look wrong to them.
        let isAmbiguous = header.pixelType == .uint8 && maximum > 127
        guard isKnown, count > 0, !isAmbiguous, sum.isFinite else {
            (header.minimum, header.maximum, header.mean, header.deviation) = (0, -1, -2, -1)
            return
        }
        let mean = sum / Double(count)
        header.minimum = minimum
        header.maximum = maximum
        header.mean = Float(mean)
        header.deviation = Float(Swift.max(0, sumOfSquares / Double(count) - mean * mean).squareRoot())
    }
}

/// One section as it stands in the file, bottom row first, and its statistics.
struct MRCSectionBytes {
    let bytes: [UInt8]
    let statistics: MRCStatistics

    init(_ image: MRCImage, isBigEndian: Bool = false) {
        switch image {
        case .uint8(let raster): (bytes, statistics) = Self.encode(raster, isBigEndian) { $0 }
        case .int16(let raster): (bytes, statistics) = Self.encode(raster, isBigEndian) { UInt16(bitPattern: $0) }
        case .uint16(let raster): (bytes, statistics) = Self.encode(raster, isBigEndian) { $0 }
        case .float32(let raster): (bytes, statistics) = Self.encode(raster, isBigEndian) { $0.bitPattern }
        }
    }

    private static func encode<Pixel: NumericPixel, Bits: FixedWidthInteger & BitwiseCopyable>(
        _ raster: Raster<Pixel>, _ isBigEndian: Bool, _ bits: (Pixel) -> Bits
    ) -> ([UInt8], MRCStatistics) {
        let size = MemoryLayout<Bits>.size
        let width = raster.width
        let height = raster.height
        let bytes = [UInt8](unsafeUninitializedCapacity: raster.pixels.count * size) { buffer, count in
            let target = UnsafeMutableRawBufferPointer(buffer)
            raster.pixels.withUnsafeBufferPointer { pixels in
                for y in 0 ..< height {
                    let row = (height - 1 - y) * width
                    for x in 0 ..< width {
                        let value = bits(pixels[row + x])
                        target.storeBytes(
                            of: isBigEndian ? value.bigEndian : value.littleEndian,
                            toByteOffset: (y * width + x) * size, as: Bits.self)
                    }
                }
            }
            count = target.count
        }
        return (bytes, MRCStatistics(raster.pixels))
    }
}
