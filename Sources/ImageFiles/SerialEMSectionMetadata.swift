public import Units

/// What SerialEM's extended header tells of each section (its help, "MRC format"; flags in the header's nreal).
public struct SerialEMSectionFields: OptionSet, Sendable, Hashable {
    public let rawValue: Int16
    public init(rawValue: Int16) { self.rawValue = rawValue }

    /// Tilt angle, a 16-bit number of hundredths of a degree.
    public static let tiltAngle = Self(rawValue: 1)
    /// Piece coordinates, three 16-bit numbers.
    public static let pieceCoordinates = Self(rawValue: 2)
    /// Stage position, two 16-bit numbers of 1/25 micrometre.
    public static let stagePosition = Self(rawValue: 4)
    /// Magnification, a 16-bit number of hundreds.
    public static let magnification = Self(rawValue: 8)
    /// Beam intensity between 0 and 1, a 16-bit number of 1/25000.
    public static let intensity = Self(rawValue: 16)
    /// Dose, a 32-bit real number of electrons per square angstrom.
    public static let dose = Self(rawValue: 32)

    /// Bytes that the fields take for one section.
    public var byteCount: Int {
        let sizes: [(Self, Int)] = [
            (.tiltAngle, 2), (.pieceCoordinates, 6), (.stagePosition, 4), (.magnification, 2), (.intensity, 2), (.dose, 4),
        ]
        return sizes.reduce(0) { contains($1.0) ? $0 + $1.1 : $0 }
    }
}

/// Where a piece lies in its montage, in unreduced pixels: x to the right, y UP, of the lower left corner (MRC's order).
public struct PieceCoordinates: Sendable, Hashable, Codable {
    public var x: Int
    public var y: Int
    /// The section of the montage that the piece belongs to.
    public var z: Int
    public init(x: Int, y: Int, z: Int = 0) {
        self.x = x
        self.y = y
        self.z = z
    }
}

/// What the extended header tells of one section.
public struct SerialEMSectionMetadata: Sendable, Hashable {
    public var tiltAngle: Degrees?
    public var pieceCoordinates: PieceCoordinates?
    /// In micrometres; the file keeps steps of 0.04.
    public var stagePosition: SIMD2<Double>?
    /// The file keeps hundreds.
    public var magnification: Double?
    /// Beam intensity between 0 and 1.
    public var intensity: Double?
    public var dose: Dose?

    public init(
        tiltAngle: Degrees? = nil, pieceCoordinates: PieceCoordinates? = nil, stagePosition: SIMD2<Double>? = nil,
        magnification: Double? = nil, intensity: Double? = nil, dose: Dose? = nil
    ) {
        self.tiltAngle = tiltAngle
        self.pieceCoordinates = pieceCoordinates
        self.stagePosition = stagePosition
        self.magnification = magnification
        self.intensity = intensity
        self.dose = dose
    }

    /// Reads the bytes of one section; there must be as many as the fields take.
    init(bytes: [UInt8], fields: SerialEMSectionFields, isBigEndian: Bool) {
        let source = MRCHeaderBytes(bytes: bytes, isBigEndian: isBigEndian)
        var offset = 0
        func next() -> Double {
            defer { offset += 2 }
            return Double(source.int16(offset))
        }
        // Montages reach beyond 32767 pixels: IMOD and SerialEM take these three as unsigned.
        func nextCoordinate() -> Int {
            defer { offset += 2 }
            return Int(UInt16(bitPattern: source.int16(offset)))
        }
        if fields.contains(.tiltAngle) { tiltAngle = Degrees(next() / 100) }
        if fields.contains(.pieceCoordinates) {
            let x = nextCoordinate()
            let y = nextCoordinate()
            pieceCoordinates = PieceCoordinates(x: x, y: y, z: nextCoordinate())
        }
        if fields.contains(.stagePosition) {
            let x = next() / 25
            stagePosition = SIMD2(x, next() / 25)
        }
        if fields.contains(.magnification) { magnification = next() * 100 }
        if fields.contains(.intensity) { intensity = next() / 25_000 }
        if fields.contains(.dose) { dose = Dose(Double(source.float(offset))) }
    }

    /// The bytes of one section, little-endian unless told; what is nil becomes zero.
    func encoded(fields: SerialEMSectionFields, isBigEndian: Bool) -> [UInt8] {
        var out = MRCHeaderBytes(bytes: Array(repeating: 0, count: fields.byteCount), isBigEndian: isBigEndian)
        var offset = 0
        func append(_ value: Double?, times scale: Double) {
            let scaled = ((value ?? 0) * scale).rounded()
            out.set(offset, scaled.isFinite ? Int16(max(-32_768, min(32_767, scaled))) : 0)
            offset += 2
        }
        func append(_ coordinate: Int?) {
            out.set(offset, Int16(bitPattern: UInt16(clamping: coordinate ?? 0)))
            offset += 2
        }
        if fields.contains(.tiltAngle) { append(tiltAngle?.value, times: 100) }
        if fields.contains(.pieceCoordinates) {
            append(pieceCoordinates?.x)
            append(pieceCoordinates?.y)
            append(pieceCoordinates?.z)
        }
        if fields.contains(.stagePosition) {
            append(stagePosition?.x, times: 25)
            append(stagePosition?.y, times: 25)
        }
        if fields.contains(.magnification) { append(magnification, times: 0.01) }
        if fields.contains(.intensity) { append(intensity, times: 25_000) }
        if fields.contains(.dose) { out.set(offset, Float(dose?.value ?? 0)) }
        return out.bytes
    }
}
