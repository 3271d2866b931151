public import Raster

/// Rows of a montage put together, top row first.
public struct MontageBand: Sendable, Hashable {
    /// Grey levels; 0 where no piece was acquired.
    public var image: Raster<Float>
    /// Which pixels a piece covers.
    public var acquired: Raster<Bool>

    /// Eight-bit grey: 0 where nothing was acquired, 1 (`black` and below) to 255 (`white` and above) elsewhere.
    public func bytes(black: Float, white: Float) -> Raster<UInt8> {
        let scale = white > black ? 255 / (white - black) : 0
        var out = Raster<UInt8>(width: image.width, height: image.height, filledWith: 0)
        for i in out.pixels.indices where acquired.pixels[i] {
            out.pixels[i] = UInt8(Swift.max(1, Swift.min(255, ((image.pixels[i] - black) * scale).rounded())))
        }
        return out
    }
}

/// Why pieces do not make a montage.
public enum MontageError: Error, Sendable, Hashable, CustomStringConvertible {
    case noPieces
    case emptyPieces(width: Int, height: Int)
    case enlarging(by: Double)
    case tooLarge(width: Int, height: Int)
    case wrongPiece(index: Int, width: Int, height: Int, expectedWidth: Int, expectedHeight: Int)
    /// All that was acquired is of one grey level.
    case noContrast

    public var description: String {
        switch self {
        case .noPieces: "The montage has no pieces."
        case .emptyPieces(let width, let height): "The pieces of a montage cannot have \(width) x \(height) pixels."
        case .enlarging(let factor): "A montage is assembled at its own size or reduced, not reduced by \(factor)."
        case .tooLarge(let width, let height):
            "The montage would have \(width) x \(height) pixels: the piece coordinates must be wrong."
        case .wrongPiece(let index, let width, let height, let expectedWidth, let expectedHeight):
            "Piece \(index) of the montage has \(width) x \(height) pixels, not \(expectedWidth) x \(expectedHeight)."
        case .noContrast: "The montage has no contrast."
        }
    }
}

/// Puts the pieces of a montage together, as many rows at a time as the caller wants to hold.
///
/// Reduction averages over the area of each new pixel. Where pieces overlap their grey levels are mixed, each with a
/// weight that falls towards the edge of its piece, so that no seam shows.
public struct MontageAssembly: Sendable {
    /// Gives some rows of a piece, by the piece's index, counted from the top of the piece.
    public typealias PieceReader = (_ piece: Int, _ rows: Range<Int>) throws -> Raster<UInt16>

    private let pieces: [PieceCoordinates]
    private let pieceWidth: Int
    private let pieceHeight: Int
    /// Pixels of a piece per pixel of the assembled map, along each side; at least 1.
    public let factor: Double
    /// The smallest coordinates of all pieces: the lower left corner of the map in piece coordinates.
    private let originX: Int
    private let originY: Int
    /// The size that the montage would have unreduced, in pixels of a piece.
    public let fullWidth: Int
    public let fullHeight: Int
    /// The size of the assembled map: whole new pixels only, so that the pixel size is exactly `factor` times a piece's.
    public let width: Int
    public let height: Int

    public init(
        pieces: [PieceCoordinates], pieceWidth: Int, pieceHeight: Int, reducedBy factor: Double = 1
    ) throws(MontageError) {
        guard pieceWidth > 0, pieceHeight > 0 else { throw .emptyPieces(width: pieceWidth, height: pieceHeight) }
        guard factor.isFinite, factor >= 1 else { throw .enlarging(by: factor) }
        guard let minX = pieces.map(\.x).min(), let maxX = pieces.map(\.x).max(),
            let minY = pieces.map(\.y).min(), let maxY = pieces.map(\.y).max()
        else { throw .noPieces }
        self.pieces = pieces
        self.pieceWidth = pieceWidth
        self.pieceHeight = pieceHeight
        self.factor = factor
        originX = minX
        originY = minY
        fullWidth = maxX - minX + pieceWidth
        fullHeight = maxY - minY + pieceHeight
        guard fullWidth <= 4_000_000, fullHeight <= 4_000_000 else {
            throw .tooLarge(width: fullWidth, height: fullHeight)
        }
        width = Swift.max(1, Int(Double(fullWidth) / factor + 1e-9))
        height = Swift.max(1, Int(Double(fullHeight) / factor + 1e-9))
        guard width * height <= largestPixelCount else { throw .tooLarge(width: width, height: height) }
    }

    /// Some rows of the assembled map. Of each piece only the rows that count for them are read, once.
    public func band(rows: Range<Int>, read: PieceReader) throws -> MontageBand {
        var sums = [Float](repeating: 0, count: width * rows.count)
        var weights = [Float](repeating: 0, count: width * rows.count)
        for (index, piece) in pieces.enumerated() {
            let left = piece.x - originX
            // Piece coordinates count from the bottom, rows of the result from the top.
            let top = fullHeight - (piece.y - originY) - pieceHeight
            let lines = Splitting(count: pieceHeight, from: top, factor: factor, limit: height)
            guard let part = lines.touching(rows) else { continue }
            let image = try read(index, part)
            guard image.width == pieceWidth, image.height == part.count else {
                throw MontageError.wrongPiece(
                    index: index, width: image.width, height: image.height, expectedWidth: pieceWidth,
                    expectedHeight: part.count)
            }
            add(image, firstRow: part.lowerBound, left: left, top: top, lines: lines, rows: rows, sums: &sums, weights: &weights)
        }
        var acquired = Raster<Bool>(width: width, height: rows.count, filledWith: false)
        for i in sums.indices where weights[i] > 0 {
            sums[i] /= weights[i]
            acquired.pixels[i] = true
        }
        return MontageBand(image: Raster(width: width, height: rows.count, pixels: sums), acquired: acquired)
    }

    /// The whole map, held once, in the numbers of an MRC file of mode 1; levels above 32767 are cut.
    public func whole(read: PieceReader) throws -> Raster<Int16> {
        var pixels: [Int16] = []
        pixels.reserveCapacity(width * height)
        for rows in Self.bands(width: width, height: height) {
            pixels += try band(rows: rows, read: read).image.pixels.lazy.map { Int16(Swift.min(32767, $0.rounded())) }
        }
        return Raster(width: width, height: height, pixels: pixels)
    }

    /// Cuts an image into bands that take some tens of megabytes while they are worked on.
    static func bands(width: Int, height: Int) -> [Range<Int>] {
        let rows = Swift.max(1, 4_000_000 / width)
        return stride(from: 0, to: height, by: rows).map { $0 ..< Swift.min(height, $0 + rows) }
    }

    private func add(
        _ image: Raster<UInt16>, firstRow: Int, left: Int, top: Int, lines: Splitting, rows: Range<Int>,
        sums: inout [Float], weights: inout [Float]
    ) {
        let columns = Splitting(count: pieceWidth, from: left, factor: factor, limit: width)
        let first = columns.first
        let last = columns.last
        guard first <= last else { return }
        // How much of each new column the piece covers, and how far from its edge that is: the same for all rows.
        var covered = [Float](repeating: 0, count: last - first + 1)
        for x in 0 ..< pieceWidth {
            columns.visit(x) { column, part in covered[column - first] += part }
        }
        let ramps = (first ... last).map { ramp($0, from: left, count: pieceWidth) }
        var row = [Float](repeating: 0, count: covered.count)
        for y in 0 ..< image.height {
            for i in row.indices { row[i] = 0 }
            image.pixels.withUnsafeBufferPointer { pixels in
                for x in 0 ..< pieceWidth {
                    let value = Float(pixels[y * pieceWidth + x])
                    columns.visit(x) { column, part in row[column - first] += part * value }
                }
            }
            lines.visit(firstRow + y) { line, part in
                guard rows.contains(line) else { return }
                let start = (line - rows.lowerBound) * width + first
                let lineWeight = part * ramp(line, from: top, count: pieceHeight)
                // The innermost loop of all: unchecked pointers let it run on several pixels at once.
                sums.withUnsafeMutableBufferPointer { sums in
                    weights.withUnsafeMutableBufferPointer { weights in
                        for i in row.indices {
                            let weight = lineWeight * ramps[i]
                            sums[start + i] += weight * row[i]
                            weights[start + i] += weight * covered[i]
                        }
                    }
                }
            }
        }
    }

    /// The weight of a piece on a new pixel: the distance from the edge of the piece. Never zero, so that a lone
    /// piece counts up to its edge.
    private func ramp(_ index: Int, from start: Int, count: Int) -> Float {
        let center = (Double(index) + 0.5) * factor - Double(start)
        return Float(Swift.max(0.5, Swift.min(center, Double(count) - center)) / Double(count))
    }

    /// Which new pixels a source pixel falls on along one axis: at most two, since nothing is enlarged.
    struct Splitting {
        private let indices: [Int32]
        private let parts: [Float]
        private let limit: Int
        let first: Int
        let last: Int

        init(count: Int, from start: Int, factor: Double, limit: Int) {
            var indices: [Int32] = []
            var parts: [Float] = []
            for i in 0 ..< count {
                let low = Double(start + i) / factor
                let high = Double(start + i + 1) / factor
                let index = Int(low + 1e-9)
                indices.append(Int32(index))
                parts.append(Float(Swift.min(1, Swift.max(0, (Double(index + 1) - low) / (high - low)))))
            }
            self.indices = indices
            self.parts = parts
            self.limit = limit
            first = Swift.max(0, Int(Double(start) / factor + 1e-9))
            last = Swift.min(limit - 1, Int(Double(start + count) / factor))
        }

        @inline(__always) func visit(_ i: Int, _ body: (_ index: Int, _ part: Float) -> Void) {
            let index = Int(indices[i])
            let part = parts[i]
            if index < limit { body(index, part) }
            if part < 0.999_999, index + 1 < limit { body(index + 1, 1 - part) }
        }

        /// The source pixels that fall on some of the new ones; nil for none.
        func touching(_ range: Range<Int>) -> Range<Int>? {
            // They rise along the axis.
            guard let first = indices.firstIndex(where: { Int($0) + 1 >= range.lowerBound }),
                let last = indices.lastIndex(where: { Int($0) < range.upperBound }), first <= last
            else { return nil }
            return first ..< last + 1
        }
    }
}
