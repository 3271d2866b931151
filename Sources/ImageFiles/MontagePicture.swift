public import Raster

/// An eight-bit picture of a montage at any pixel size.
///
/// It is made and saved in bands of rows: neither the montage nor the picture is ever held whole. 0 stands where nothing
/// was acquired and nowhere else.
public struct MontagePicture: Sendable {
    /// The darkest and the brightest thousandth of the pixels become black and white.
    private static let fractions = [0.001, 0.999]

    private let assembly: MontageAssembly
    public let width: Int
    public let height: Int

    /// The width that the montage would have at its own pixel size.
    public var fullWidth: Int { assembly.fullWidth }

    /// - Parameter factor: pixels of a piece per pixel of the picture, along each side; below 1 the picture is enlarged.
    public init(
        pieces: [PieceCoordinates], pieceWidth: Int, pieceHeight: Int, reducedBy factor: Double
    ) throws(MontageError) {
        guard factor.isFinite, factor > 0 else { throw .enlarging(by: factor) }
        assembly = try MontageAssembly(
            pieces: pieces, pieceWidth: pieceWidth, pieceHeight: pieceHeight, reducedBy: max(1, factor))
        let enlarged = min(1, factor)
        let wanted = (width: Double(assembly.width) / enlarged + 1e-9, height: Double(assembly.height) / enlarged + 1e-9)
        guard wanted.width * wanted.height <= Double(largestPixelCount) else {
            throw .tooLarge(width: Int(min(1e9, wanted.width)), height: Int(min(1e9, wanted.height)))
        }
        width = Int(wanted.width)
        height = Int(wanted.height)
    }

    /// Saves the picture as PNG; the file appears whole.
    public func write(to path: String, read: MontageAssembly.PieceReader) throws {
        let columns = ResamplingWeights(from: assembly.width, to: width)
        let rows = ResamplingWeights(from: assembly.height, to: height)
        let (black, white) = try limits(read: read)
        let writer = try PNGRowWriter(path: path, width: width, height: height, channels: .grey)
        for band in MontageAssembly.bands(width: width, height: height) {
            let (source, weights) = rows.part(band)
            let grey = try assembly.band(rows: source, read: read).bytes(black: black, white: white)
            if width == assembly.width, height == assembly.height {
                try writer.append(rows: grey)
            } else {
                let firstRow = Double(source.lowerBound)
                try writer.append(
                    rows: enlarged(grey, columns: columns, rows: weights) { row in
                        (Double(band.lowerBound + row) + 0.5) * Double(assembly.height) / Double(height) - firstRow
                    })
            }
        }
        try writer.finish()
    }

    /// Smooth but for the border of what was acquired, which stays sharp.
    private func enlarged(
        _ grey: Raster<UInt8>, columns: ResamplingWeights, rows: ResamplingWeights, sourceRow: (Int) -> Double
    ) -> Raster<UInt8> {
        let smooth = grey.resized(columns: columns, rows: rows)
        var out = Raster<UInt8>(width: smooth.width, height: smooth.height, filledWith: 0)
        let nearest = (0 ..< width).map { min(grey.width - 1, Int((Double($0) + 0.5) * Double(grey.width) / Double(width))) }
        for y in 0 ..< out.height {
            let from = max(0, min(grey.height - 1, Int(sourceRow(y)))) * grey.width
            for x in 0 ..< width where grey.pixels[from + nearest[x]] != 0 {
                out.pixels[y * width + x] = UInt8(max(1, min(255, smooth.pixels[y * width + x].rounded())))
            }
        }
        return out
    }

    /// The grey levels of the montage that become black and white, measured on pixels from all over it.
    private func limits(read: MontageAssembly.PieceReader) throws -> (black: Float, white: Float) {
        let step = max(1, assembly.width * assembly.height / 250_000)
        var sample: [Float] = []
        for band in MontageAssembly.bands(width: assembly.width, height: assembly.height) {
            let pixels = try assembly.band(rows: band, read: read).image.pixels
            let before = band.lowerBound * assembly.width
            let first = (before + step - 1) / step * step - before
            for i in stride(from: first, to: pixels.count, by: step) where pixels[i] != 0 { sample.append(pixels[i]) }
        }
        let limits = Raster(width: sample.count, height: 1, pixels: sample).percentiles(Self.fractions)
        guard limits[1] > limits[0] else { throw MontageError.noContrast }
        return (limits[0], limits[1])
    }
}
