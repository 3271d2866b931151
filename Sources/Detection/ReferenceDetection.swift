import Geometry
import InferenceWire
import Raster
import Units

/// Detection as SPACEtomo 1.3 and the Ultralytics program that it calls do it, with all that is odd about it, for who has to compare.
///
/// Differences from ``LamellaDetector``'s own way: neighbouring tiles share 10 µm; those at the border are not filled up but enlarged; a lamella
/// may be found once for each class; and boxes are merged with the one before in the order of their left edges.
struct ReferenceDetection: Sendable {
    let description: ModelDescription
    let modelPath: String
    let predictor: any Predicting
    /// Boxes of a tile with this score or less are left out.
    let confidence: Double
    /// Whether boxes are merged.
    let merges: Bool

    /// Boxes in pixels of the map, from left to right.
    func detect(in map: Raster<UInt8>, pixelSize: PixelSize, progress: @Sendable (Double) async -> Void) async throws -> [Candidate] {
        guard description.acceptsAnySize, let side = description.sideLength else {
            throw DetectionError.unsuitableModel("the reference gives it tiles of any size, and it takes one only")
        }
        let factor = description.pixelSize / pixelSize
        let (columns, rows) = (Double(map.width) / factor, Double(map.height) / factor)
        guard max(columns, rows) <= Double(LamellaDetector.largestSide), columns * rows <= LamellaDetector.mostPixels else { throw DetectionError.mapTooLarge(width: Int(min(columns, 1e9)), height: Int(min(rows, 1e9))) }
        let image = ReferenceImage.stretched(ReferenceImage.resampled(map, by: factor))
        let overlap = Int(10_000 / description.pixelSize.value)
        guard overlap < side else { throw DetectionError.unsuitableModel("10 µm, which the reference's tiles share, are more than a tile") }
        var boxes: [Candidate] = []
        let tiles = try Self.tiles(width: image.width, height: image.height, side: side, overlap: overlap)
        for (number, tile) in tiles.enumerated() {
            try Task.checkCancellation()
            // What is beside a small image is black; a tile ends where the image does.
            let pixels = image.cropped(x: tile.x, y: tile.y, width: tile.width, height: tile.height, fill: 0)
            for found in try await detect(on: pixels) {
                var moved = found
                moved.box = Self.clipped(found.box.moved(x: Double(tile.x), y: Double(tile.y)), width: image.width, height: image.height)
                boxes.append(moved)
            }
            await progress(Double(number + 1) / Double(tiles.count))
        }
        let scale = (x: Double(map.width) / Double(image.width), y: Double(map.height) / Double(image.height))
        return (merges ? Self.merged(boxes, classes: description.classes) : boxes).map { found in
            var scaled = found
            scaled.box = Rectangle(minX: found.box.minX * scale.x, minY: found.box.minY * scale.y, maxX: found.box.maxX * scale.x, maxY: found.box.maxY * scale.y)
            return scaled
        }
    }

    struct Tile: Sendable, Hashable {
        let x: Int
        let y: Int
        let width: Int
        let height: Int
    }

    /// Where the tiles lie; the origin of the only tile of a small image lies outside of it.
    static func tiles(width: Int, height: Int, side: Int, overlap: Int) throws(DetectionError) -> [Tile] {
        guard max(width, height) > side else { return [Tile(x: -((side - width) / 2), y: -((side - height) / 2), width: side, height: side)] }
        guard min(width, height) >= side else { throw .refusedByReference(width: width, height: height, side: side) }
        let step = side - overlap
        return stride(from: 0, to: height, by: step).flatMap { y in
            stride(from: 0, to: width, by: step).map { x in Tile(x: x, y: y, width: min(side, width - x), height: min(side, height - y)) }
        }
    }

    /// What Ultralytics answers for one image: boxes in its pixels, best first.
    private func detect(on image: Raster<UInt8>) async throws -> [Candidate] {
        let letter = Letterbox(width: image.width, height: image.height, side: description.networkSide ?? description.sideLength ?? 0)
        let filled = letter.filled(image)
        let grey = try GreyImage(width: filled.width, height: filled.height, pixels: filled.pixels)
        guard let output = try await predictor.predict(model: modelPath, greyImages: [grey], channels: description.channels).first else {
            throw DetectionError.unexpectedOutput(shape: [], expectedRows: 4 + description.classes.count)
        }
        let rows = 4 + description.classes.count
        guard output.shape.count == 3, output.shape[0] == 1, output.shape[1] == rows else { throw DetectionError.unexpectedOutput(shape: output.shape, expectedRows: rows) }
        guard output.values.allSatisfy(\.isFinite) else { throw DetectionError.notFinite }
        return Self.suppressed(Self.decoded(output, confidence: confidence)).map { found in
            var back = found
            back.box = Self.clipped(letter.undone(found.box), width: image.width, height: image.height)
            return back
        }
    }

    private static func decoded(_ output: Tensor, confidence: Double) -> [Candidate] {
        let count = output.shape[2]
        let classes = output.shape[1] - 4
        return (0 ..< count).compactMap { i in
            func value(_ row: Int) -> Float { output.values[row * count + i] }
            let best = (0 ..< classes).max { (value(4 + $0), -$0) < (value(4 + $1), -$1) } ?? 0
            guard value(4 + best) > Float(confidence), (0 ..< 4).allSatisfy({ value($0).isFinite }) else { return nil }
            let (x, y, width, height) = (value(0), value(1), value(2) / 2, value(3) / 2)
            let box = Rectangle<Frame.MapPixels>(minX: Double(x - width), minY: Double(y - height), maxX: Double(x + width), maxY: Double(y + height))
            return Candidate(box: box, classIndex: best, score: Double(value(4 + best)), isCut: false)
        }
    }

    /// Ultralytics' suppression: of one class, what shares more than 0.7 with a better one goes; 300 stay at most.
    static func suppressed(_ candidates: [Candidate]) -> [Candidate] {
        var kept: [(candidate: Candidate, box: OffsetBox)] = []
        // Equal scores keep their order, as a stable sort of the program's.
        let ordered = candidates.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.prefix(30_000)
        for (_, candidate) in ordered where kept.count < 300 {
            let box = OffsetBox(candidate)
            if !kept.contains(where: { $0.box.sharesMuch(with: box) }) { kept.append((candidate, box)) }
        }
        return kept.map(\.candidate)
    }

    /// A box as Ultralytics compares it: in single precision, each class 7680 pixels away from the one before, which costs digits and now and
    /// then decides.
    private struct OffsetBox {
        private let minX: Float
        private let minY: Float
        private let maxX: Float
        private let maxY: Float
        private var area: Float { (maxX - minX) * (maxY - minY) }

        init(_ candidate: Candidate) {
            let offset = Float(candidate.classIndex) * 7680
            (minX, minY) = (Float(candidate.box.minX) + offset, Float(candidate.box.minY) + offset)
            (maxX, maxY) = (Float(candidate.box.maxX) + offset, Float(candidate.box.maxY) + offset)
        }

        func sharesMuch(with other: OffsetBox) -> Bool {
            let common = max(min(maxX, other.maxX) - max(minX, other.minX), 0) * max(min(maxY, other.maxY) - max(minY, other.minY), 0)
            return common / (area + other.area - common) > 0.7
        }
    }

    /// SPACEtomo's merging: from left to right, each box is held against the last one only, with a tenth of its size about it.
    static func merged(_ boxes: [Candidate], classes: [String]) -> [Candidate] {
        var merged: [Candidate] = []
        for current in boxes.enumerated().sorted(by: { ($0.element.box.minX, $0.offset) < ($1.element.box.minX, $1.offset) }).map(\.element) {
            guard let last = merged.last else {
                merged.append(current)
                continue
            }
            let (x, y) = (0.1 * (current.box.maxX - current.box.minX), 0.1 * (current.box.maxY - current.box.minY))
            guard current.box.minX <= last.box.maxX + x, current.box.minY <= last.box.maxY + y, current.box.maxY >= last.box.minY - y else {
                merged.append(current)
                continue
            }
            var joined = last
            joined.box = Rectangle(
                minX: last.box.minX, minY: min(last.box.minY, current.box.minY), maxX: max(last.box.maxX, current.box.maxX), maxY: max(last.box.maxY, current.box.maxY))
            if current.score > last.score || ["broken", "gone"].contains(classes[last.classIndex]) {
                joined.classIndex = current.classIndex
                joined.score = current.score
            }
            merged[merged.count - 1] = joined
        }
        return merged
    }

    private static func clipped(_ box: Rectangle<Frame.MapPixels>, width: Int, height: Int) -> Rectangle<Frame.MapPixels> {
        func within(_ value: Double, _ limit: Int) -> Double { min(max(value, 0), Double(limit)) }
        return Rectangle(minX: within(box.minX, width), minY: within(box.minY, height), maxX: within(box.maxX, width), maxY: within(box.maxY, height))
    }
}
