public import Raster

/// A colour, eight bits each.
public struct RGB: Hashable, Sendable {
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

/// The colours of the pictures. Distinct for the common forms of colour blindness as far as ten colours can be.
enum Palette {
    static let tracking = RGB(0xFF3B30)
    static let target = RGB(0x2F80FF)
    static let geo = RGB(0xFF9F0A)
    static let beam = RGB(0xFFE14D)
    static let tiltAxis = RGB(0x7CFC9A)
    static let paper = RGB(0x16181C)
    static let ink = RGB(0xF2F2F2)
    private static let series = [
        0x9AA0A6, 0xE6E6E6, 0x3A3A3A, 0xD55EFF, 0x56C4F0, 0x3FBF7F, 0xF0E442, 0xFF5C5C, 0xF5A623, 0x0072B2, 0xCC79A7,
        0x8C6D46,
    ].map { RGB($0) }

    /// The colour of a class by its index in the model.
    static func of(class index: Int) -> RGB { series[index % series.count] }

    /// The colour of a class of lamella: from fit to acquire to not there.
    static func of(lamella name: String) -> RGB {
        switch name {
        case "good": RGB(0x34D058)
        case "thick": RGB(0xF0E442)
        case "wedge": RGB(0xF5A623)
        case "contaminated": RGB(0x56B4E9)
        case "broken": RGB(0xFF5C5C)
        case "gone": RGB(0x9AA0A6)
        default: RGB(0xD55EFF)
        }
    }
}
