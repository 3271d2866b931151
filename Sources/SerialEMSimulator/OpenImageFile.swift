internal import Geometry
internal import ImageFiles
internal import Raster
internal import Units

/// An image file that SerialEM has open, with its mdoc.
struct OpenImageFile {
    let path: String
    var writer: MRCWriter?
    var mdoc: Mdoc
    var montage: MontageSetup?
    var sections: Int

    /// A new file; the MRC is started with the first image, when its size is known.
    init(newAt path: String, montage: MontageSetup? = nil) {
        self.path = path
        self.montage = montage
        mdoc = Mdoc()
        sections = 0
    }

    init(openedAt path: String) throws {
        self.path = path
        sections = try MRCFile.header(path).sections
        mdoc = (try? Mdoc.read("\(path).mdoc")) ?? Mdoc()
    }

    /// Adds an image as a section of the MRC and of the mdoc.
    mutating func append(_ buffer: ImageBuffer, piece: PieceCoordinates? = nil, aligned: PieceCoordinates? = nil, more: [(String, String)] = []) throws {
        let image = buffer.image
        if writer == nil {
            if sections > 0 {
                writer = try MRCWriter(appendingTo: path)
            } else {
                var fields: SerialEMSectionFields = [.tiltAngle, .stagePosition, .magnification, .dose]
                if montage != nil { fields.insert(.pieceCoordinates) }
                writer = try MRCWriter(
                    path: path, width: image.width, height: image.height, pixelType: .uint16,
                    pixelSize: buffer.conditions.pixelSize, fields: fields, capacity: max(200, montage?.count ?? 0),
                    labels: ["SerialEM: virtual microscope  \(buffer.conditions.date.mdoc)"])
                start(buffer)
            }
        }
        let c = buffer.conditions
        try writer?.append(
            .uint16(image),
            metadata: SerialEMSectionMetadata(
                tiltAngle: c.tilt, pieceCoordinates: piece, stagePosition: SIMD2(c.stage.x, c.stage.y),
                magnification: c.magnification.value, dose: c.dose))
        var section = MdocSection(kind: "ZValue", index: sections)
        for (key, value) in Self.entries(buffer, piece: piece) + more { section[key] = value }
        if let aligned { section["AlignedPieceCoords"] = "\(aligned.x) \(aligned.y) \(aligned.z)" }
        mdoc.sections.append(section)
        sections += 1
        try mdoc.write(to: "\(path).mdoc")
    }

    private mutating func start(_ buffer: ImageBuffer) {
        let c = buffer.conditions
        mdoc.globals["PixelSpacing"] = fixed(c.pixelSize.value * 10, 4)
        mdoc.globals["Voltage"] = "300"
        mdoc.globals["ImageFile"] = String(path.split(separator: "/").last ?? "")
        mdoc.globals["ImageSize"] = "\(buffer.image.width) \(buffer.image.height)"
        if montage != nil { mdoc.globals["Montage"] = "1" }
        mdoc.globals["DataMode"] = "6"
        mdoc.titles = [
            "SerialEM: virtual microscope  \(c.date.mdoc)",
            "    Tilt axis angle = \(fixed(c.magnification.rotation.value - 90, 1)), binning = \(Int(clamped: c.binning))  spot = 6  camera = 0",
        ]
    }

    /// The last section of a montage's mdoc tells of the whole.
    mutating func finishMontage(_ setup: MontageSetup, _ c: ImageConditions) throws {
        var section = MdocSection(kind: "MontSection", index: 0)
        section["TiltAngle"] = fixed(c.tilt.value, 4)
        section["StagePosition"] = "\(fixed(setup.center.x, 3)) \(fixed(setup.center.y, 3))"
        section["StageZ"] = fixed(c.height.value, 3)
        section["Magnification"] = "\(Int(clamped: c.magnification.value))"
        section["PixelSpacing"] = fixed(c.pixelSize.value * 10, 4)
        section["Defocus"] = fixed(c.defocus.value, 3)
        section["RotationAngle"] = fixed(c.magnification.rotation.value, 2)
        section["Binning"] = "\(Int(clamped: c.binning))"
        section["MagIndex"] = "\(c.magnification.index)"
        section["DateTime"] = c.date.mdoc
        section["FullMontSize"] = "\(setup.fullWidth) \(setup.fullHeight)"
        mdoc.sections.append(section)
        try mdoc.write(to: "\(path).mdoc")
    }

    private static func entries(_ buffer: ImageBuffer, piece: PieceCoordinates?) -> [(String, String)] {
        let c = buffer.conditions
        let pixels = buffer.image.pixels
        let mean = pixels.reduce(0.0) { $0 + Double($1) } / Double(max(1, pixels.count))
        var out: [(String, String)] = []
        if let piece { out.append(("PieceCoordinates", "\(piece.x) \(piece.y) \(piece.z)")) }
        out += [
            ("MinMaxMean", "\(pixels.min() ?? 0) \(pixels.max() ?? 0) \(fixed(mean, 3))"),
            ("TiltAngle", fixed(c.tilt.value, 5)),
            ("StagePosition", "\(fixed(c.stage.x, 3)) \(fixed(c.stage.y, 3))"), ("StageZ", fixed(c.height.value, 4)),
            ("Magnification", "\(Int(clamped: c.magnification.value))"), ("Intensity", "0.45"),
            ("ExposureDose", fixed(c.dose.value, 5)), ("DoseRate", "8"),
            ("PixelSpacing", fixed(c.pixelSize.value * 10, 4)), ("SpotSize", "6"), ("Defocus", fixed(c.defocus.value, 4)),
            ("ImageShift", "\(fixed(c.imageShift.dx, 6)) \(fixed(c.imageShift.dy, 6))"),
            ("RotationAngle", fixed(c.magnification.rotation.value, 2)), ("ExposureTime", fixed(c.exposure.value, 4)),
            ("Binning", "\(Int(clamped: c.binning))"), ("CameraIndex", "0"), ("DividedBy2", "0"), ("MagIndex", "\(c.magnification.index)"),
            ("LowDoseConSet", "\(c.lowDose ? c.area?.rawValue ?? -1 : -1)"), ("CountsPerElectron", "20"), ("TargetDefocus", "-5"),
            ("DateTime", c.date.mdoc),
        ]
        return out
    }
}

/// A number with a fixed count of decimals, without the C library.
func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "0" }
    var scale = 1
    for _ in 0 ..< decimals { scale *= 10 }
    let whole = Int((value.magnitude * Double(scale)).rounded())
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(whole)" }
    let rest = "\(whole % scale)"
    return "\(sign)\(whole / scale).\(String(repeating: "0", count: decimals - rest.count))\(rest)"
}
