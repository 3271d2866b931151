internal import Foundation
internal import ImageFiles
internal import Navigator
internal import Raster
internal import Units

/// How the camera saves the frames of an exposure: where, under which name, and what of it is known.
struct FrameSaving: Sendable {
    /// The bits of SerialEM's format of names.
    struct NameFormat: OptionSet, Sendable, Hashable {
        let rawValue: Int
        static let folderBase = Self(rawValue: 0x1)
        static let folderFile = Self(rawValue: 0x2)
        static let folderLabel = Self(rawValue: 0x4)
        static let base = Self(rawValue: 0x8)
        static let file = Self(rawValue: 0x10)
        static let label = Self(rawValue: 0x20)
        static let number = Self(rawValue: 0x40)
        static let day = Self(rawValue: 0x80)
        static let time = Self(rawValue: 0x100)
        static let labelInAcquireOnly = Self(rawValue: 0x200)
        static let tilt = Self(rawValue: 0x400)
        static let datePrefix = Self(rawValue: 0x800)
        static let magnification = Self(rawValue: 0x2000)
        static let folderMagnification = Self(rawValue: 0x4000)
    }
    var folder: String
    var baseName = ""
    var format: NameFormat = [.day, .time]
    private(set) var number = -1
    private var numberedName = ""
    var lastFile: String?
    var lastCount = 0
    /// Entries that go into the mdoc of the next frames, in order.
    var nextEntries: [(String, String)] = []
    /// The mdoc that OpenFrameMdoc opened, with its file.
    var openMdoc: (path: String, mdoc: Mdoc)?
    private var before: (base: String, format: NameFormat)?

    init(folder: String = "") { self.folder = folder }

    mutating func rememberName() { if before == nil { before = (baseName, format) } }
    mutating func forgetName() { before = nil }
    /// The name that was set without `keep` is taken back.
    mutating func endPeriod() {
        if let before { (baseName, format) = before }
        before = nil
        nextEntries = []
        openMdoc = nil
    }

    /// What a name may consist of besides the base name.
    struct Parts {
        var file = ""
        var label = ""
        var magnification = ""
        var tilt = 0.0
        var date: CivilTime
    }

    /// The path of the next frames without its extension; numbers start again with each new name.
    mutating func nextPath(_ parts: Parts) -> String {
        func joined(_ options: [(NameFormat, String)]) -> String {
            options.filter { format.contains($0.0) && !$0.1.isEmpty }.map(\.1).joined(separator: "_")
        }
        let sub = joined([
            (.folderBase, baseName), (.folderFile, parts.file), (.folderMagnification, parts.magnification), (.folderLabel, parts.label),
        ])
        let place = sub.isEmpty ? folder : "\(folder)/\(sub)"
        var name = joined([(.base, baseName), (.file, parts.file), (.magnification, parts.magnification), (.label, parts.label)])
        func add(_ text: String) { name = name.isEmpty ? text : "\(name)_\(text)" }
        if format.contains(.number) {
            if numberedName != "\(place)/\(name)" { (number, numberedName) = (-1, "\(place)/\(name)") }
            number += 1
            let digits = "\(number)"
            add(String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
        }
        if format.contains(.tilt) { add(fixed(parts.tilt, 1)) }
        let day = "\(CivilTime.months[parts.date.month - 1])\(CivilTime.two(parts.date.day))"
        let time = [parts.date.hour, parts.date.minute, parts.date.second].map(CivilTime.two).joined(separator: ".")
        if format.contains(.datePrefix) {
            let stamp = "\(parts.date.year)\(CivilTime.two(parts.date.month))\(CivilTime.two(parts.date.day))_\(time)"
            name = name.isEmpty ? stamp : "\(stamp)_\(name)"
        } else {
            if format.contains(.day) { add(day) }
            if format.contains(.time) { add(time) }
        }
        return "\(place)/\(name)"
    }
}

extension VirtualMicroscope {
    /// Seconds of each frame of a parameter set; nil where its frames are not saved.
    private func frameTime(ofSaved set: ParameterSet) -> Double? {
        guard let frames = column.sets[set]?.frames, frames.fractionate, frames.save else { return nil }
        return frames.frameTime.value
    }

    /// Saves the frames of an exposure where the settings say so; the image knows its frames then.
    func savingFrames(of image: ImageBuffer, set: ParameterSet) throws -> ImageBuffer {
        guard let frameTime = frameTime(ofSaved: set) else { return image }
        let c = image.conditions
        let label = items.indices.contains(selectedItem) && (!frames.format.contains(.labelInAcquireOnly) || control == .acquiring)
        let file = currentFile.map { ((openFiles[$0].path as NSString).lastPathComponent as NSString).deletingPathExtension } ?? ""
        let root = frames.nextPath(
            FrameSaving.Parts(
                file: file, label: label ? items[selectedItem].label : "", magnification: "\(Int(clamped: c.magnification.value))x",
                tilt: c.tilt.value, date: c.date))
        let path = "\(root).mrc"
        let count = max(1, min(200, Int(clamped: (c.exposure.value / max(0.001, frameTime)).rounded())))
        do {
            try FileManager.default.createDirectory(atPath: Folder.of(path), withIntermediateDirectories: true)
            try writeFrames(of: image, count: count, to: path)
            var saved = image
            saved.frames = (path, count)
            frames.lastFile = path
            frames.lastCount = count
            try writeFrameMdoc(of: saved, to: "\(path).mdoc")
            return saved
        } catch { throw CommandFailure("The frames cannot be saved to \(path): \(error)") }
    }

    /// Frames that add up to the image, each with its share of the electrons.
    private func writeFrames(of image: ImageBuffer, count: Int, to path: String) throws {
        let c = image.conditions
        let writer = try MRCWriter(
            path: path, width: image.image.width, height: image.image.height, pixelType: .uint16, pixelSize: c.pixelSize,
            labels: ["SerialEM: virtual microscope  \(c.date.mdoc)"])
        for frame in 0 ..< count {
            let share = image.image.map { UInt16(Int($0) * (frame + 1) / count - Int($0) * frame / count) }
            try writer.append(.uint16(share))
        }
        try writer.close()
    }

    private func writeFrameMdoc(of image: ImageBuffer, to path: String) throws {
        var mdoc = Mdoc()
        mdoc.globals["T"] = "SerialEM: virtual microscope  \(image.conditions.date.mdoc)"
        mdoc.globals["Voltage"] = "300"
        var section = MdocSection(kind: "FrameSet", index: 0)
        for (key, value) in SectionMetadata.entries(image) where key != "MinMaxMean" { section[key] = value }
        for (key, value) in frames.nextEntries { section[key] = value }
        frames.nextEntries = []
        mdoc.sections = [section]
        try mdoc.write(to: path)
    }
}
