internal import Geometry
internal import ImageFiles
internal import Raster
internal import Units

/// An image file that SerialEM has open, with its mdoc.
struct OpenImageFile {
    let path: String
    var writer: MRCWriter?
    var mdoc: Mdoc
    /// How a montage is to be taken; nil for single images, and for a montage that an earlier session took.
    var montage: MontageSetup?
    /// Whether the sections are pieces of montages.
    let isMontage: Bool
    var sections: Int
    /// Complete montages in the file.
    var montageSections = 0
    /// The pixel type that the user wants; nil takes that of the first image.
    let wantedType: MRCPixelType?
    let hasMdoc: Bool

    /// A new file; the MRC is started with the first image, when its size is known.
    init(newAt path: String, montage: MontageSetup? = nil, wantedType: MRCPixelType? = nil, hasMdoc: Bool = true) {
        self.path = path
        self.montage = montage
        isMontage = montage != nil
        self.wantedType = wantedType
        self.hasMdoc = hasMdoc || montage != nil
        mdoc = Mdoc()
        sections = 0
    }

    init(openedAt path: String) throws {
        self.path = path
        let header = try MRCFile.header(path)
        sections = header.sections
        mdoc = (try? Mdoc.read("\(path).mdoc")) ?? Mdoc()
        isMontage = mdoc.globals["Montage"] == "1" || header.extendedFields?.contains(.pieceCoordinates) == true
        wantedType = nil
        hasMdoc = true
        guard isMontage else { return }
        let levels = mdoc.pieces.compactMap(\.pieceCoordinates?.z)
        montageSections = levels.isEmpty ? min(1, sections) : Set(levels).count
    }

    /// Columns and rows of a montage, as it was set up or as the pieces of the file lie.
    var frames: (columns: Int, rows: Int)? {
        if let montage { return (montage.columns, montage.rows) }
        let corners = mdoc.pieces.compactMap(\.pieceCoordinates)
        return isMontage ? (Set(corners.map(\.x)).count, Set(corners.map(\.y)).count) : nil
    }
    /// Binning of the pieces of a montage.
    var pieceBinning: Double? {
        montage?.binning ?? (isMontage ? mdoc.pieces.first?["Binning"].flatMap(Double.init) : nil)
    }

    /// The most images of a file; the length of the extended header is fixed with the first.
    private static let capacity = 2000

    /// Adds an image as a section of the MRC and of the mdoc.
    mutating func append(
        _ buffer: ImageBuffer, piece: PieceCoordinates? = nil, aligned: PieceCoordinates? = nil, more: [(String, String)] = []
    ) throws {
        let c = buffer.conditions
        if writer == nil {
            if sections > 0 {
                writer = try MRCWriter(appendingTo: path)
            } else {
                var fields: SerialEMSectionFields = [.tiltAngle, .stagePosition, .magnification, .intensity, .dose]
                if isMontage { fields.insert(.pieceCoordinates) }
                writer = try MRCWriter(
                    path: path, width: buffer.image.width, height: buffer.image.height,
                    pixelType: fileType(buffer), pixelSize: c.pixelSize, fields: fields,
                    capacity: max(Self.capacity, 2 * (montage?.count ?? 0)),
                    labels: Self.titles(c))
                start(buffer)
            }
        }
        try writer?.append(
            buffer.fileImage(writer?.header.pixelType),
            metadata: SerialEMSectionMetadata(
                tiltAngle: c.tilt, pieceCoordinates: piece, stagePosition: SIMD2(c.stage.x, c.stage.y),
                magnification: c.magnification.value, intensity: SectionMetadata.intensity, dose: c.dose))
        var section = MdocSection(kind: "ZValue", index: sections)
        for (key, value) in SectionMetadata.entries(buffer, piece: piece) + more { section[key] = value }
        if let aligned { section["AlignedPieceCoords"] = "\(aligned.x) \(aligned.y) \(aligned.z)" }
        mdoc.sections.append(section)
        sections += 1
        try writeMdoc()
    }

    func writeMdoc() throws { if hasMdoc { try mdoc.write(to: "\(path).mdoc") } }

    /// A real-valued image makes a real-valued file whatever the user wants, as there is no way back.
    private func fileType(_ buffer: ImageBuffer) -> MRCPixelType {
        let own = buffer.fileImage().pixelType
        return own == .uint16 ? wantedType ?? own : own
    }

    private mutating func start(_ buffer: ImageBuffer) {
        let c = buffer.conditions
        mdoc.globals["PixelSpacing"] = fixed(c.pixelSize.value * 10, 4)
        mdoc.globals["Voltage"] = "300"
        mdoc.globals["Version"] = "SerialEM Version 4.3.0beta 64-bit, virtual microscope"
        mdoc.globals["ImageFile"] = String(path.split(separator: "/").last ?? "")
        mdoc.globals["ImageSize"] = "\(buffer.image.width) \(buffer.image.height)"
        if isMontage { mdoc.globals["Montage"] = "1" }
        mdoc.globals["DataMode"] = "\(fileType(buffer).mode)"
        mdoc.titles = Self.titles(c)
    }
    /// Of the header and of the mdoc; the second one has the form that IMOD reads the angle of the tilt axis from.
    private static func titles(_ c: ImageConditions) -> [String] {
        [
            "SerialEM: virtual microscope  \(c.date.mdoc)",
            "    Tilt axis angle = \(fixed(c.magnification.rotation.value - 90, 1)), binning = \(Int(clamped: c.binning))  spot = 6  camera = 0",
        ]
    }

    /// Entries that tell of a montage as a whole, after its pieces.
    mutating func finishMontage(_ setup: MontageSetup, _ last: ImageBuffer) throws {
        var section = MdocSection(kind: "MontSection", index: montageSections)
        for (key, value) in SectionMetadata.montageEntries(last, setup) { section[key] = value }
        mdoc.sections.append(section)
        montageSections += 1
        try writeMdoc()
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
