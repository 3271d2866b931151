public import Raster
public import Units

/// The pieces of a montage file with its mdoc.
public struct Montage {
    public let file: MRCFile
    public let pieces: [PieceCoordinates]
    public let pixelSize: PixelSize

    public init(path: String) throws {
        file = try MRCFile(path: path)
        try file.requireAllSections()
        let mdoc = try Mdoc.read(path + ".mdoc")
        pieces = mdoc.pieces.compactMap { $0.alignedPieceCoordinates ?? $0.pieceCoordinates }
        guard pieces.count == file.header.sections else {
            throw ImageFileError(
                code: .damaged, path: path,
                message: "\(path) has \(file.header.sections) pieces and its mdoc places \(pieces.count); it is not complete.")
        }
        pixelSize = file.header.pixelSize
    }

    /// At the pixel size of the pieces.
    public func assembled() throws -> Raster<Int16> {
        try MontageAssembly(pieces: pieces, pieceWidth: file.header.width, pieceHeight: file.header.height).whole(read: read)
    }

    public func picture(reducedBy factor: Double) throws -> MontagePicture {
        try MontagePicture(
            pieces: pieces, pieceWidth: file.header.width, pieceHeight: file.header.height, reducedBy: factor)
    }

    public func read(piece: Int, rows: Range<Int>) throws -> Raster<UInt16> {
        try file.read(section: piece, rows: rows).asUInt16
    }
}
