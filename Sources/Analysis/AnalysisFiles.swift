import Foundation
import ImageFiles
import Pictures
import Raster
public import Units

/// Where the files about an image go, and how the image is found if it is in pieces.
public struct AnalysisPlace: Sendable {
    /// The folder for the results; nil: beside each image.
    public let folder: String?
    /// What an operator says of the images; nil: their files tell it.
    public let pixelSize: PixelSize?
    /// Of MRC files with several.
    public let section: Int?

    public init(folder: String? = nil, pixelSize: PixelSize? = nil, section: Int? = nil) throws {
        if let pixelSize, !(pixelSize.value.isFinite && pixelSize.value > 0) { throw AnalysisError("The pixel size is \(pixelSize.value); it must be more than 0.") }
        if let section, section < 0 { throw AnalysisError("The section is \(section); sections are counted from 0.") }
        self.folder = folder
        self.pixelSize = pixelSize
        self.section = section
    }

    /// The beginning of the names of an image's files.
    func stem(of image: String) -> String {
        let stem = URL(fileURLWithPath: image).deletingPathExtension()
        return folder.map { $0 + "/" + stem.lastPathComponent } ?? stem.path
    }

    /// Refuses images whose results would have one name.
    public func requireDifferentNames(_ images: [String]) throws {
        var taken: [String: String] = [:]
        for image in images {
            guard let other = taken.updateValue(image, forKey: stem(of: image)) else { continue }
            throw AnalysisError("The results of \(other) and \(image) would have the same names; give them one after the other, with another --out.")
        }
    }

    /// An image that was read.
    struct Read {
        let image: AnalysisImage
        let pixelSize: PixelSize
        /// The beginning of the names of its files.
        let stem: String
    }

    /// Reads an image; a montage in pieces is put together at a pixel size and saved as `<stem><ending>.png`.
    func read(_ path: String, isRaw: Bool = false, channels: Int = 1, montageAt wanted: PixelSize, ending: String) throws -> Read {
        let stem = stem(of: path)
        let unknown = AnalysisError("\(path) does not say its pixel size; give it with --pixel-size, in nm.")
        guard try ImageKind(path: path) == .mrc, section == nil, FileManager.default.fileExists(atPath: path + ".mdoc"), try MRCFile.header(path).sections > 1 else {
            let image = try AnalysisImage(path: path, section: section, isRaw: isRaw, channels: channels)
            guard let size = pixelSize ?? image.pixelSize else { throw unknown }
            return Read(image: image, pixelSize: size, stem: stem)
        }
        let montage = try Montage(path: path)
        let own = pixelSize ?? montage.pixelSize
        guard own.value > 0 else { throw unknown }
        let picture = try montage.picture(reducedBy: wanted / own)
        let png = stem + ending + ".png"
        do {
            try picture.write(to: png, read: montage.read)
        } catch MontageError.noContrast {
            throw AnalysisError("\(path) has no contrast: all of it has one grey level.")
        }
        let sidecar: JSONObject = [
            "datetime": .string(timestamp()), "img_size": .tagged(array: [.integer(picture.height), .integer(picture.width)]), "pix_size": .number(wanted.value),
            "original_map": .string(path),
        ]
        try JSONValue.object(sidecar).write(to: stem + ending + ".json")
        return Read(image: AnalysisImage(try PNGFile.readGrey(png), pixelSize: wanted), pixelSize: wanted, stem: stem + ending)
    }

    func write(_ picture: Raster<RGB>, to path: String) throws {
        try PNGFile.write(RGBImage(width: picture.width, height: picture.height, pixels: picture.interleavedBytes), to: path)
    }
}
