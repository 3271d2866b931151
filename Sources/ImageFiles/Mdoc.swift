import Foundation
public import Units

/// SerialEM's text file beside an MRC stack: what was set when each section was taken (its help, "mdoc format").
///
/// Order, unknown keys and line ends of a file that was read are kept byte for byte.
public struct Mdoc: Sendable, Hashable {
    private var autodoc = Autodoc()

    /// An empty file.
    public init() {}

    /// Reads text; any text is an mdoc, if a poor one.
    public init(text: String) { self.init(bytes: Array(text.utf8)) }

    init(bytes: [UInt8]) { autodoc = Autodoc(bytes: bytes, kinds: ["ZValue", "MontSection", "FrameSet"]) }

    public static func read(_ path: String) throws(ImageFileError) -> Mdoc { Mdoc(bytes: try contents(of: path)) }

    /// Writes the file; it appears whole.
    public func write(to path: String) throws(ImageFileError) { try WholeFile.write(autodoc.bytes, to: path) }

    public var text: String { String(decoding: autodoc.bytes, as: UTF8.self) }

    /// The entries before the first section.
    public var globals: AutodocEntries {
        get { autodoc.head }
        set { autodoc.head = newValue }
    }

    /// The `[T = ...]` lines.
    public var titles: [String] {
        get { autodoc.head.lines.compactMap(\.title) }
        set {
            autodoc.head.lines.removeAll { $0.title != nil }
            while autodoc.head.lines.last?.text.isEmpty == true { autodoc.head.lines.removeLast() }
            for title in newValue {
                autodoc.head.lines.append(AutodocEntries.Line(text: ""))
                autodoc.head.lines.append(AutodocEntries.Line(text: "[T = \(title)]"))
            }
            autodoc.head.lines.append(AutodocEntries.Line(text: ""))
        }
    }

    /// All sections in the order of the file.
    public var sections: [MdocSection] {
        get { autodoc.sections.map { MdocSection(section: $0) } }
        set { autodoc.sections = newValue.map(\.section) }
    }

    /// The sections that stand for images, without those that stand for a whole montage.
    public var pieces: [MdocSection] { sections.filter { $0.kind == "ZValue" } }

    /// From the file's PixelSpacing, which is in angstroms.
    public var pixelSize: PixelSize? {
        get { autodoc.head.double("PixelSpacing").map { PixelSize($0 / 10) } }
        set { autodoc.head["PixelSpacing"] = newValue.map { autodocNumber($0.value * 10) } }
    }

    /// The size of one image in pixels.
    public var imageSize: (width: Int, height: Int)? {
        get {
            guard let size = autodoc.head.doubles("ImageSize"), size.count == 2, let width = Int(exactly: size[0]),
                let height = Int(exactly: size[1])
            else { return nil }
            return (width, height)
        }
        set { autodoc.head["ImageSize"] = newValue.map { "\($0.width) \($0.height)" } }
    }
}

extension AutodocEntries.Line {
    var title: String? {
        if key == "T", let equals = text.firstIndex(of: "=") {
            return text[text.index(after: equals)...].trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard let section = Autodoc.Section(headLine: text), section.kind == "T" else { return nil }
        return section.name
    }
}

/// The entries of one image (`ZValue`), of a whole montage (`MontSection`) or of a movie (`FrameSet`).
public struct MdocSection: Sendable, Hashable {
    var section: Autodoc.Section

    init(section: Autodoc.Section) { self.section = section }

    /// An empty section.
    public init(kind: String = "ZValue", index: Int) { section = Autodoc.Section(kind: kind, name: String(index)) }

    public var kind: String { section.kind }
    /// The text after the equals sign of the head line.
    public var name: String { section.name }
    /// The number of the section in the MRC file.
    public var index: Int? { Int(section.name) }

    public var entries: AutodocEntries {
        get { section.entries }
        set { section.entries = newValue }
    }

    /// A value as text.
    public subscript(key: String) -> String? {
        get { section.entries[key] }
        set { section.entries[key] = newValue }
    }

    public func doubles(_ key: String) -> [Double]? { section.entries.doubles(key) }
    public func double(_ key: String) -> Double? { section.entries.double(key) }
    public func integer(_ key: String) -> Int? { section.entries.integer(key) }

    private mutating func set(_ key: String, _ value: Double?) { self[key] = value.map(autodocNumber) }
    private mutating func set(_ key: String, pair: SIMD2<Double>?) {
        self[key] = pair.map { "\(autodocNumber($0.x)) \(autodocNumber($0.y))" }
    }
    private func pair(_ key: String) -> SIMD2<Double>? {
        doubles(key).flatMap { $0.count >= 2 ? SIMD2($0[0], $0[1]) : nil }
    }
    private func coordinates(_ key: String) -> PieceCoordinates? {
        guard let values = doubles(key), values.count >= 2, let x = Int(exactly: values[0].rounded()),
            let y = Int(exactly: values[1].rounded())
        else { return nil }
        return PieceCoordinates(x: x, y: y, z: values.count > 2 ? Int(exactly: values[2].rounded()) ?? 0 : 0)
    }
}

extension MdocSection {
    public var tiltAngle: Degrees? {
        get { double("TiltAngle").map { Degrees($0) } }
        set { set("TiltAngle", newValue?.value) }
    }

    /// Where the stage should have put the piece.
    public var pieceCoordinates: PieceCoordinates? {
        get { coordinates("PieceCoordinates") }
        set { self["PieceCoordinates"] = newValue.map { "\($0.x) \($0.y) \($0.z)" } }
    }

    /// Where correlation of the overlaps puts the piece; the very sloppy kind, where both are given.
    public var alignedPieceCoordinates: PieceCoordinates? {
        get { coordinates("AlignedPieceCoordsVS") ?? coordinates("AlignedPieceCoords") }
        set { self["AlignedPieceCoords"] = newValue.map { "\($0.x) \($0.y) \($0.z)" } }
    }

    /// In micrometres.
    public var stagePosition: SIMD2<Double>? {
        get { pair("StagePosition") }
        set { set("StagePosition", pair: newValue) }
    }

    public var stageZ: Micrometers? {
        get { double("StageZ").map { Micrometers($0) } }
        set { set("StageZ", newValue?.value) }
    }

    /// In the file in angstroms.
    public var pixelSize: PixelSize? {
        get { double("PixelSpacing").map { PixelSize($0 / 10) } }
        set { set("PixelSpacing", newValue.map { $0.value * 10 }) }
    }

    public var magnification: Double? {
        get { double("Magnification") }
        set { set("Magnification", newValue) }
    }

    public var binning: Double? {
        get { double("Binning") }
        set { set("Binning", newValue) }
    }

    /// Target defocus, negative is underfocus.
    public var targetDefocus: Micrometers? {
        get { double("TargetDefocus").map { Micrometers($0) } }
        set { set("TargetDefocus", newValue?.value) }
    }
}
