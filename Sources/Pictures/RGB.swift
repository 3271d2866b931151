public import Raster

/// A colour, eight bits each.
public struct RGB: Hashable, Sendable, Codable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8
    public init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }
    init(_ hexadecimal: Int) {
        self.init(
            red: UInt8(hexadecimal >> 16 & 255), green: UInt8(hexadecimal >> 8 & 255), blue: UInt8(hexadecimal & 255))
    }
    init(grey: UInt8) { self.init(red: grey, green: grey, blue: grey) }

    /// This colour under another one of an opacity between 0 and 1.
    func under(_ other: RGB, opacity: Double) -> RGB {
        func mix(_ a: UInt8, _ b: UInt8) -> UInt8 {
            UInt8(clamping: Int((Double(a) * (1 - opacity) + Double(b) * opacity).rounded()))
        }
        return RGB(red: mix(red, other.red), green: mix(green, other.green), blue: mix(blue, other.blue))
    }
}

extension Raster where Pixel == RGB {
    /// Red, green, blue of each pixel in turn, as PNG wants them.
    public var interleavedBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(3 * pixels.count)
        for pixel in pixels {
            bytes.append(pixel.red)
            bytes.append(pixel.green)
            bytes.append(pixel.blue)
        }
        return bytes
    }
}
