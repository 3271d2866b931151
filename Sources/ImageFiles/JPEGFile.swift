import Foundation
public import Raster

/// Writes grey pictures as baseline JPEG (ITU T.81), for whoever looks at them; nothing is measured on what such a file holds.
public enum JPEGFile {
    /// Each coefficient is rounded to this step: about what others call a quality of 90.
    private static let step = 4

    /// Writes 8-bit grey levels; the file appears whole.
    public static func write(_ image: Raster<UInt8>, to path: String) throws(ImageFileError) {
        guard (1 ... 65_535).contains(image.width), (1 ... 65_535).contains(image.height) else {
            throw .sizeMismatch(path, "a JPEG of \(image.width) x \(image.height) pixels is not possible")
        }
        try WholeFile.write(bytes(image), to: path)
    }

    /// Runs of zeros and sizes of what follows, as the entropy coder knows them: end of block, then every pair, then 16 zeros.
    private static let symbols: [UInt8] = [0] + (0 ... 15).flatMap { run in (1 ... 10).map { UInt8(run << 4 | $0) } } + [0xF0]

    /// The coefficients of a block by rising frequency, as places in rows of eight.
    private static let zigzag: [Int] = (0 ..< 15).flatMap { sum -> [Int] in
        let places = (0 ... sum).filter { $0 < 8 && sum - $0 < 8 }.map { x in (sum - x) * 8 + x }
        return sum % 2 == 0 ? places : places.reversed()
    }

    /// `cosines[u * 8 + x]` of the transform, with its factors.
    private static let cosines: [Float] = (0 ..< 64).map { place in
        let (u, x) = (place / 8, place % 8)
        let scale = u == 0 ? 0.125.squareRoot() : 0.5
        return Float(scale * cos(Double(2 * x + 1) * Double(u) * .pi / 16))
    }

    private static func bytes(_ image: Raster<UInt8>) -> [UInt8] {
        func pair(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }
        var out: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 0, 16] + Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0]
        out += [0xFF, 0xDB, 0, 67, 0] + [UInt8](repeating: UInt8(step), count: 64)
        out += [0xFF, 0xC0, 0, 11, 8] + pair(image.height) + pair(image.width) + [1, 1, 0x11, 0]
        // All codes of one length: larger than the usual tables by a little, and nothing to go wrong.
        out += [0xFF, 0xC4] + pair(19 + 12) + [0x00] + lengths(4, 12) + (0 ..< 12).map { UInt8($0) }
        out += [0xFF, 0xC4] + pair(19 + symbols.count) + [0x10] + lengths(8, symbols.count) + symbols
        out += [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]
        var coder = EntropyCoder(places: Dictionary(uniqueKeysWithValues: symbols.enumerated().map { ($1, $0) }))
        var before = 0
        for y in stride(from: 0, to: image.height, by: 8) {
            for x in stride(from: 0, to: image.width, by: 8) {
                let block = coefficients(image, x: x, y: y)
                coder.add(block, after: before)
                before = block[0]
            }
        }
        return out + coder.finished + [0xFF, 0xD9]
    }

    /// How many codes there are of each length from 1 to 16 bits.
    private static func lengths(_ length: Int, _ count: Int) -> [UInt8] { (1 ... 16).map { $0 == length ? UInt8(count) : 0 } }

    /// The cosine transform of a block in zigzag order, in steps; beyond the image its edge goes on.
    private static func coefficients(_ image: Raster<UInt8>, x: Int, y: Int) -> [Int] {
        var rows = [Float](repeating: 0, count: 64)
        for v in 0 ..< 8 {
            let row = Swift.min(image.height - 1, y + v) * image.width
            for u in 0 ..< 8 {
                var sum: Float = 0
                for k in 0 ..< 8 { sum += cosines[u * 8 + k] * (Float(image.pixels[row + Swift.min(image.width - 1, x + k)]) - 128) }
                rows[v * 8 + u] = sum
            }
        }
        var block = [Int](repeating: 0, count: 64)
        for v in 0 ..< 8 {
            for u in 0 ..< 8 {
                var sum: Float = 0
                for k in 0 ..< 8 { sum += cosines[v * 8 + k] * rows[k * 8 + u] }
                block[v * 8 + u] = Int((sum / Float(step)).rounded())
            }
        }
        return zigzag.map { block[$0] }
    }
}

/// Bits of coefficients, with the zero byte that has to follow each byte of ones.
private struct EntropyCoder {
    /// Code of each symbol.
    let places: [UInt8: Int]
    private var bytes: [UInt8] = []
    private var bits: UInt32 = 0
    private var count = 0

    init(places: [UInt8: Int]) { self.places = places }

    private mutating func put(_ value: Int, _ length: Int) {
        bits = bits << UInt32(length) | UInt32(truncatingIfNeeded: value) & ((1 << UInt32(length)) - 1)
        count += length
        while count >= 8 {
            let byte = UInt8(truncatingIfNeeded: bits >> UInt32(count - 8))
            bytes.append(byte)
            if byte == 0xFF { bytes.append(0) }
            count -= 8
        }
    }
    private func size(_ value: Int) -> Int { Int.bitWidth - value.magnitude.leadingZeroBitCount }
    /// A number by its bits; a negative one less one.
    private mutating func put(number value: Int, size: Int) { put(value < 0 ? value - 1 : value, size) }

    mutating func add(_ block: [Int], after before: Int) {
        let change = block[0] - before
        put(size(change), 4)
        put(number: change, size: size(change))
        var zeros = 0
        for value in block.dropFirst() {
            guard value != 0 else { zeros += 1; continue }
            while zeros > 15 {
                put(places[0xF0] ?? 0, 8)
                zeros -= 16
            }
            let length = size(value)
            put(places[UInt8(zeros << 4 | length)] ?? 0, 8)
            put(number: value, size: length)
            zeros = 0
        }
        if zeros > 0 { put(places[0] ?? 0, 8) }
    }
    /// Filled up with ones.
    var finished: [UInt8] {
        var copy = self
        if copy.count > 0 { copy.put((1 << (8 - copy.count)) - 1, 8 - copy.count) }
        return copy.bytes
    }
}
