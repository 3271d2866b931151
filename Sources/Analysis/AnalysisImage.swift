import Foundation
import ImageFiles
import Raster
import Units

/// An image of any kind that networks are asked about: PNG, TIFF, or MRC, also a montage of SerialEM in pieces.
struct AnalysisImage: Sendable {
    enum Pixels: Sendable {
        /// Eight bits, one raster for all channels.
        case grey(Raster<UInt8>)
        /// Grey levels as they are in the files, one raster for each channel or one for all.
        case levels([Raster<Float>])
    }
    let pixels: Pixels
    let pixelSize: PixelSize?
    let width: Int
    let height: Int

    /// The darkest and the brightest thousandth of the pixels become black and white, as in a session.
    private static let fractions = [0.001, 0.999]

    init(_ image: Raster<UInt8>, pixelSize: PixelSize?) {
        pixels = .grey(image)
        self.pixelSize = pixelSize
        (width, height) = (image.width, image.height)
    }

    /// Reads an image.
    /// - Parameters:
    ///   - section: of an MRC file with several, counted from 0.
    ///   - isRaw: whether grey levels stay as they are, rather than becoming eight bits.
    ///   - channels: images of one map that a network takes; the further ones of `name_0000` lie beside it as `name_0001` and so on.
    init(path: String, section: Int?, isRaw: Bool, channels: Int) throws {
        let paths = try Self.channelPaths(path, channels: channels)
        var read: [(levels: Levels, pixelSize: PixelSize?)] = []
        for path in paths { read.append(try Self.read(path, section: section)) }
        pixelSize = read[0].pixelSize ?? Self.pixelSizeBeside(path)
        if paths.count == 1, channels == 3, let colours = try Self.colours(path) {
            (width, height) = (colours[0].width, colours[0].height)
            pixels = .levels(colours)
        } else {
            (width, height) = (read[0].levels.width, read[0].levels.height)
            if paths.count == 1, case .bytes(let image) = read[0].levels {
                pixels = .grey(image)
            } else if paths.count == 1, !isRaw {
                pixels = .grey(try Self.scaled(read[0].levels.asFloat, path: path))
            } else {
                pixels = .levels(
                    try zip(read, paths).map { image, path in
                        isRaw || image.levels.isBytes ? image.levels.asFloat : try Self.scaled(image.levels.asFloat, path: path).map { Float($0) }
                    })
            }
        }
        guard width > 0, height > 0 else { throw AnalysisError("\(path) has no pixels.") }
    }

    /// Eight-bit grey levels.
    func grey(path: String) throws -> Raster<UInt8> {
        switch pixels {
        case .grey(let image): image
        case .levels(let images): try Self.scaled(images[0], path: path)
        }
    }

    private static func scaled(_ image: Raster<Float>, path: String) throws -> Raster<UInt8> {
        let limits = image.percentiles(fractions)
        guard limits[1] > limits[0] else { throw AnalysisError("\(path) has no contrast: all of it has one grey level.") }
        // 0 would mean that nothing was acquired there.
        return image.byteScaled(black: limits[0], white: limits[1]).map { max(1, $0) }
    }

    /// Grey levels as a file has them.
    private enum Levels {
        case bytes(Raster<UInt8>)
        case more(Raster<Float>)

        var isBytes: Bool { if case .bytes = self { true } else { false } }
        var width: Int { switch self { case .bytes(let image): image.width; case .more(let image): image.width } }
        var height: Int { switch self { case .bytes(let image): image.height; case .more(let image): image.height } }
        var asFloat: Raster<Float> { switch self { case .bytes(let image): image.map { Float($0) }; case .more(let image): image } }
    }

    private static func read(_ path: String, section: Int?) throws -> (levels: Levels, pixelSize: PixelSize?) {
        switch try ImageKind(path: path) {
        case .png:
            guard try PNGFile.information(path).bitDepth == 16 else { return (.bytes(try PNGFile.readGrey(path)), nil) }
            return (.more(try PNGFile.readGrey16(path).map { Float($0) }), nil)
        case .tiff:
            switch try TIFFFile.read(path) {
            case .grey8(let image): return (.bytes(image), nil)
            case .grey16(let image): return (.more(image.map { Float($0) }), nil)
            }
        case .mrc:
            let file = try MRCFile(path: path)
            guard section != nil || file.header.sections == 1 else {
                throw AnalysisError("\(path) has \(file.header.sections) sections and no mdoc that places them as pieces of a montage; choose one with --section, counted from 0.")
            }
            let size = file.header.pixelSize.value > 0 ? file.header.pixelSize : nil
            let image = try file.read(section: section ?? 0)
            if case .uint8(let bytes) = image { return (.bytes(bytes), size) }
            return (.more(image.asFloat), size)
        }
    }

    /// The files of a map's channels: one, or as many as there are channels.
    private static func channelPaths(_ path: String, channels: Int) throws -> [String] {
        let url = URL(fileURLWithPath: path)
        let stem = url.deletingPathExtension().lastPathComponent
        guard channels > 1, stem.hasSuffix("_0000") else { return [path] }
        let folder = Folder.of(path)
        return try (0 ..< channels).map { number in
            let digits = String(number)
            let name = "\(stem.dropLast(4))\(String(repeating: "0", count: 4 - digits.count))\(digits).\(url.pathExtension)"
            let beside = folder.isEmpty ? name : "\(folder)/\(name)"
            guard FileManager.default.fileExists(atPath: beside) else { throw AnalysisError("The model takes \(channels) images for a map, and \(beside) is not there.") }
            return beside
        }
    }

    /// Red, green and blue of a colour image.
    private static func colours(_ path: String) throws -> [Raster<Float>]? {
        guard try ImageKind(path: path) == .png, try PNGFile.information(path).channels >= 3 else { return nil }
        let image = try PNGFile.readRGB(path)
        return (0 ..< 3).map { channel in
            Raster(width: image.width, height: image.height, pixels: stride(from: channel, to: image.pixels.count, by: 3).map { Float(image.pixels[$0]) })
        }
    }

    /// Of the sidecar that a session writes beside a map.
    private static func pixelSizeBeside(_ path: String) -> PixelSize? {
        let sidecar = URL(fileURLWithPath: path).deletingPathExtension().path + ".json"
        guard let size = (try? JSONValue.read(sidecar))?["pix_size"]?.double, size.isFinite, size > 0 else { return nil }
        return PixelSize(size)
    }
}

/// The kinds of image files that are read, known by their first bytes.
enum ImageKind: Sendable, Hashable {
    case png, tiff, mrc

    init(path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw AnalysisError("There is no image \(path).") }
        guard !isFolder.boolValue else { throw AnalysisError("\(path) is a folder; name the images in it.") }
        try RegularFile.check(path)
        // A read of nothing gives nil.
        guard let file = FileHandle(forReadingAtPath: path), let bytes = try? file.read(upToCount: 4) ?? Data() else {
            throw AnalysisError("\(path) cannot be read; check its permissions.")
        }
        guard !bytes.isEmpty else { throw AnalysisError("\(path) is empty.") }
        let name = path.lowercased()
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
            self = .png
        } else if [[0x49, 0x49, 0x2A, 0], [0x4D, 0x4D, 0, 0x2A]].contains(Array(bytes)) {
            self = .tiff
        } else if [".mrc", ".st", ".map", ".mrcs", ".rec"].contains(where: name.hasSuffix) {
            self = .mrc
        } else {
            throw AnalysisError("\(path) is neither a PNG, a TIFF nor an MRC file.")
        }
    }
}
