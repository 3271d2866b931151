public import Raster

/// The number type of the pixels in an MRC file.
public enum MRCPixelType: Sendable, Hashable, CaseIterable {
    /// Mode 0 with the mark of IMOD and SerialEM that bytes are unsigned.
    case uint8
    /// Mode 0 as MRC2014 defines it.
    case int8
    /// Mode 1.
    case int16
    /// Mode 2.
    case float32
    /// Mode 6.
    case uint16
    /// Mode 12.
    case float16

    /// The number in the header.
    public var mode: Int32 {
        switch self {
        case .uint8, .int8: 0
        case .int16: 1
        case .float32: 2
        case .uint16: 6
        case .float16: 12
        }
    }

    /// Bytes of one pixel.
    public var byteCount: Int {
        switch self {
        case .uint8, .int8: 1
        case .int16, .uint16, .float16: 2
        case .float32: 4
        }
    }
}

/// One section of an MRC file, top row first. Signed bytes become ``int16(_:)``, half floats ``float32(_:)``.
public enum MRCImage: Sendable, Hashable {
    case uint8(Raster<UInt8>)
    case int16(Raster<Int16>)
    case uint16(Raster<UInt16>)
    case float32(Raster<Float>)

    public var width: Int {
        switch self {
        case .uint8(let image): image.width
        case .int16(let image): image.width
        case .uint16(let image): image.width
        case .float32(let image): image.width
        }
    }

    public var height: Int {
        switch self {
        case .uint8(let image): image.height
        case .int16(let image): image.height
        case .uint16(let image): image.height
        case .float32(let image): image.height
        }
    }

    /// The type that a file of this image has.
    public var pixelType: MRCPixelType {
        switch self {
        case .uint8: .uint8
        case .int16: .int16
        case .uint16: .uint16
        case .float32: .float32
        }
    }

    /// The same values as real numbers.
    public var asFloat: Raster<Float> {
        switch self {
        case .uint8(let image): image.map { Float($0) }
        case .int16(let image): image.map { Float($0) }
        case .uint16(let image): image.map { Float($0) }
        case .float32(let image): image
        }
    }

    /// The values rounded and cut to 0...65535; not a number becomes 0.
    public var asUInt16: Raster<UInt16> {
        switch self {
        case .uint8(let image): image.map { UInt16($0) }
        case .int16(let image): image.map { UInt16(Swift.max(0, $0)) }
        case .uint16(let image): image
        case .float32(let image): image.map { $0 > 0 ? UInt16(Swift.min(65_535, $0.rounded())) : 0 }
        }
    }
}
