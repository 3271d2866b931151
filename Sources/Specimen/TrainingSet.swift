import Foundation
import Geometry
public import Raster

/// Images with known truth for training the two networks, written as binary PGM files.
public struct TrainingSet: Sendable {
    public enum Kind: String, Sendable, CaseIterable { case detector, segmenter }

    public let kind: Kind
    public let seeds: [UInt64]
    public let directory: String

    public init(kind: Kind, seeds: [UInt64], directory: String) {
        self.kind = kind
        self.seeds = seeds
        self.directory = directory
    }

    /// Reads "1000,1001" or "1000-1040" or a mixture, or nil if that is not what the text says.
    public static func seeds(from text: String) -> [UInt64]? {
        var seeds: [UInt64] = []
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
            guard let first = ends.first, let low = first, ends.count <= 2 else { return nil }
            guard ends.count == 2 else {
                seeds.append(low)
                continue
            }
            guard let high = ends[1], high >= low, high - low < 100_000 else { return nil }
            seeds += low ... high
        }
        return seeds.isEmpty ? nil : seeds
    }

    /// Writes `images/` and `labels/` below the directory and returns how many images were written.
    @discardableResult public func write() throws -> Int {
        for folder in ["images", "labels"] {
            try FileManager.default.createDirectory(
                atPath: directory + "/" + folder, withIntermediateDirectories: true)
        }
        var count = 0
        for seed in seeds {
            switch kind {
            case .detector: count += try writeDetectorSamples(seed: seed)
            case .segmenter: count += try writeSegmenterSamples(seed: seed)
            }
        }
        return count
    }

    func write(_ image: Raster<UInt8>, _ name: String, folder: String) throws {
        let file = URL(fileURLWithPath: "\(directory)/\(folder)/\(name).pgm")
        try Data(image.portableGrayMap).write(to: file)
    }

    func write(_ boxes: [LabelledBox], _ name: String, width: Int, height: Int) throws {
        let text = boxes.map { $0.line(width: width, height: height) }.joined()
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/labels/\(name).txt"))
    }
}

/// A box with a class, in pixels of a training image.
struct LabelledBox: Sendable {
    let kind: LamellaClass
    let box: Rectangle<Frame.MapPixels>

    /// "class xc yc w h" as shares of the image: the label format of YOLO.
    func line(width: Int, height: Int) -> String {
        let c = box.center
        let shares = [c.x / Double(width), c.y / Double(height), box.width / Double(width), box.height / Double(height)]
        return "\(kind.rawValue) " + shares.map { String(format: "%.6f", $0) }.joined(separator: " ") + "\n"
    }

    /// The part inside the image, or nil if less than half of the box is there.
    func clipped(width: Int, height: Int) -> LabelledBox? {
        let x0 = Swift.max(0, box.minX)
        let y0 = Swift.max(0, box.minY)
        let x1 = Swift.min(Double(width), box.maxX)
        let y1 = Swift.min(Double(height), box.maxY)
        guard x1 > x0, y1 > y0, (x1 - x0) * (y1 - y0) >= 0.5 * box.area else { return nil }
        return LabelledBox(kind: kind, box: Rectangle(minX: x0, minY: y0, maxX: x1, maxY: y1))
    }

    /// Moved and scaled: positions are `(p - origin) * scale`.
    func moved(originX: Double, originY: Double, scale: Double) -> LabelledBox {
        LabelledBox(
            kind: kind,
            box: Rectangle(
                minX: (box.minX - originX) * scale, minY: (box.minY - originY) * scale,
                maxX: (box.maxX - originX) * scale, maxY: (box.maxY - originY) * scale))
    }
}

extension Raster<UInt8> {
    /// The bytes of a binary PGM file (netpbm "P5").
    public var portableGrayMap: [UInt8] { Array("P5\n\(width) \(height)\n255\n".utf8) + pixels }
}
