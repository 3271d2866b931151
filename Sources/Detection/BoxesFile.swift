import Foundation
import Geometry
public import Units

/// The file `<map>_boxes.json`: the lamellae of a map, as other programs of the field read and write them.
///
/// ```json
/// { "boxes": [[x_min, y_min, x_max, y_max, class index, confidence]], "labels": ["good"],
///   "meta_data": {"pix_size": 400.0, "img_size": {"$array": [rows, columns]}, "datetime": "2026-03-02 10:22:05"} }
/// ```
/// Boxes are in pixels of the PNG that the file belongs to. `labels` may be missing, and a bare list of boxes is read too.
/// The class index decides about the class: in files of later versions of SPACEtomo labels are names that people give.
public struct BoxesFile: Sendable, Hashable {
    public var lamellae: [DetectedLamella]
    /// Pixel size of the PNG, nm per pixel.
    public var pixelSize: PixelSize?
    public var imageRows: Int?
    public var imageColumns: Int?
    /// When the file was written, "yyyy-MM-dd HH:mm:ss".
    public var date: String

    public init(
        lamellae: [DetectedLamella], pixelSize: PixelSize?, imageRows: Int?, imageColumns: Int?, date: String
    ) {
        self.lamellae = lamellae
        self.pixelSize = pixelSize
        self.imageRows = imageRows
        self.imageColumns = imageColumns
        self.date = date
    }

    /// What is wrong with a boxes file, one sentence.
    public struct Damage: Error, Sendable, Hashable, CustomStringConvertible {
        public let description: String
    }

    /// The JSON text in UTF-8.
    public func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let file = Contents(
            boxes: lamellae.map {
                [$0.box.minX, $0.box.minY, $0.box.maxX, $0.box.maxY, Double($0.classIndex), $0.score]
            },
            labels: lamellae.map(\.className),
            metaData: MetaData(
                pixelSize: pixelSize?.value,
                imageSize: imageRows.flatMap { rows in imageColumns.map { Array2(values: [Double(rows), Double($0)]) } },
                date: date))
        return [UInt8](try encoder.encode(file))
    }

    /// Reads a file.
    /// - Parameter classes: names of the classes by index; with none, labels are taken for classes.
    public static func decode(_ bytes: [UInt8], classes: [String]) throws(Damage) -> BoxesFile {
        let decoder = JSONDecoder()
        let data = Data(bytes)
        let contents: Contents
        if let whole = try? decoder.decode(Contents.self, from: data) {
            contents = whole
        } else if let bare = try? decoder.decode([[Double]].self, from: data) {
            contents = Contents(boxes: bare, labels: nil, metaData: nil)
        } else {
            throw Damage(description: "The boxes file is not a JSON list of boxes.")
        }
        var lamellae: [DetectedLamella] = []
        for (number, box) in contents.boxes.enumerated() {
            guard box.count == 6, box.allSatisfy(\.isFinite), let index = Int(exactly: box[4]), index >= 0 else {
                throw Damage(description: "Box \(number + 1) of the boxes file is not x, y, x, y, class index, confidence.")
            }
            let label = contents.labels.flatMap { $0.indices.contains(number) ? $0[number] : nil }
            guard let name = classes.indices.contains(index) ? classes[index] : label.flatMap({ classes.isEmpty ? $0 : nil }) else {
                throw Damage(description: "Box \(number + 1) of the boxes file has the unknown class \(index).")
            }
            // Boxes drawn by hand may have their corners exchanged; the rectangle orders them.
            lamellae.append(
                DetectedLamella(
                    box: Rectangle(minX: box[0], minY: box[1], maxX: box[2], maxY: box[3]), classIndex: index,
                    className: name, score: box[5]))
        }
        let size = contents.metaData?.imageSize?.values.map { Int(exactly: $0) }
        return BoxesFile(
            lamellae: lamellae, pixelSize: contents.metaData?.pixelSize.map { PixelSize($0) },
            imageRows: size?.first ?? nil, imageColumns: size?.count == 2 ? size?[1] : nil,
            date: contents.metaData?.date ?? "")
    }

    private struct Contents: Codable {
        var boxes: [[Double]]
        var labels: [String]?
        var metaData: MetaData?
        enum CodingKeys: String, CodingKey { case boxes, labels, metaData = "meta_data" }
    }
    private struct MetaData: Codable {
        var pixelSize: Double?
        var imageSize: Array2?
        var date: String?
        enum CodingKeys: String, CodingKey { case pixelSize = "pix_size", imageSize = "img_size", date = "datetime" }
        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            // Unknown values are null, not left out: readers ask for the keys.
            try values.encode(pixelSize, forKey: .pixelSize)
            try values.encode(imageSize, forKey: .imageSize)
            try values.encode(date, forKey: .date)
        }
        init(pixelSize: Double?, imageSize: Array2?, date: String?) {
            self.pixelSize = pixelSize
            self.imageSize = imageSize
            self.date = date
        }
    }
    private struct Array2: Codable {
        var values: [Double]
        enum CodingKeys: String, CodingKey { case values = "$array" }
    }
}
