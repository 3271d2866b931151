/// A number with a physical unit, so that a length in pixels is never taken for a length in nanometres.
///
/// Only sums, differences, ratios and scaling by a plain number are allowed; products of quantities are written out
/// where physics allows them (``Pixels`` times ``PixelSize``).
public struct Quantity<Unit>: Sendable, Hashable, Comparable, Codable {
    /// The plain number, in the unit that the type names.
    public var value: Double

    /// Makes a quantity of a plain number in the unit that the type names.
    public init(_ value: Double) { self.value = value }

    /// Reads a plain number.
    public init(from decoder: any Decoder) throws {
        value = try decoder.singleValueContainer().decode(Double.self)
    }

    /// Writes a plain number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }

    /// The quantity zero.
    public static var zero: Self { Self(0) }
    // All four, for Comparable makes the others from `<` and has them true where a value is not a number.
    public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
    public static func <= (a: Self, b: Self) -> Bool { a.value <= b.value }
    public static func > (a: Self, b: Self) -> Bool { a.value > b.value }
    public static func >= (a: Self, b: Self) -> Bool { a.value >= b.value }
    public static func + (a: Self, b: Self) -> Self { Self(a.value + b.value) }
    public static func - (a: Self, b: Self) -> Self { Self(a.value - b.value) }
    public static prefix func - (a: Self) -> Self { Self(-a.value) }
    public static func * (a: Self, k: Double) -> Self { Self(a.value * k) }
    public static func * (k: Double, a: Self) -> Self { Self(k * a.value) }
    public static func / (a: Self, k: Double) -> Self { Self(a.value / k) }
    /// The ratio of two quantities of one unit.
    public static func / (a: Self, b: Self) -> Double { a.value / b.value }
    public static func += (a: inout Self, b: Self) { a.value += b.value }
    public static func -= (a: inout Self, b: Self) { a.value -= b.value }
    /// Without its sign.
    public var magnitude: Self { Self(value.magnitude) }
}

/// The names of units; none of them has a value.
public enum UnitName {
    public enum Pixel {}
    public enum Nanometer {}
    public enum Micrometer {}
    public enum Degree {}
    public enum NanometerPerPixel {}
    public enum ElectronPerSquareAngstrom {}
    public enum Second {}
}

/// A length on an image, in pixels.
public typealias Pixels = Quantity<UnitName.Pixel>
/// A length in nanometres.
public typealias Nanometers = Quantity<UnitName.Nanometer>
/// A length in micrometres.
public typealias Micrometers = Quantity<UnitName.Micrometer>
/// An angle in degrees.
public typealias Degrees = Quantity<UnitName.Degree>
/// Nanometres on the specimen per pixel.
public typealias PixelSize = Quantity<UnitName.NanometerPerPixel>
/// Electrons per square angstrom on the specimen.
public typealias Dose = Quantity<UnitName.ElectronPerSquareAngstrom>
/// A time in seconds.
public typealias Seconds = Quantity<UnitName.Second>

extension Quantity where Unit == UnitName.Nanometer {
    /// The same length in micrometres.
    public var inMicrometers: Micrometers { Micrometers(value / 1000) }
}

extension Quantity where Unit == UnitName.Micrometer {
    /// The same length in nanometres.
    public var inNanometers: Nanometers { Nanometers(value * 1000) }
}

extension Quantity where Unit == UnitName.Degree {
    /// The same angle as a plain number of radians, for trigonometry.
    public var radians: Double { value * .pi / 180 }
}

/// The length on the specimen that a length on the image shows.
public func * (length: Pixels, pixel: PixelSize) -> Nanometers { Nanometers(length.value * pixel.value) }
/// The length on the image of a length on the specimen.
public func / (length: Nanometers, pixel: PixelSize) -> Pixels { Pixels(length.value / pixel.value) }
