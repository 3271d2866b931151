import Foundation
import ImageFiles
import Raster
import Testing

@Suite struct MontageTests {
    /// Cuts an image into overlapping pieces, as the camera would.
    private func cut(_ image: Raster<UInt16>, size: (Int, Int), step: (Int, Int), count: (Int, Int)) -> (
        [PieceCoordinates], [Raster<UInt16>]
    ) {
        var pieces: [PieceCoordinates] = []
        var images: [Raster<UInt16>] = []
        for i in 0 ..< count.0 {
            for j in 0 ..< count.1 {
                let piece = PieceCoordinates(x: i * step.0, y: j * step.1)
                pieces.append(piece)
                let top = image.height - piece.y - size.1
                images.append(image.cropped(x: piece.x, y: top, width: size.0, height: size.1, fill: 0))
            }
        }
        return (pieces, images)
    }

    @Test func piecesOfAnImageMakeTheImageAgain() throws {
        let image = asymmetric(width: 34, height: 29)
        let (pieces, images) = cut(image, size: (20, 15), step: (14, 7), count: (2, 3))
        let map = try MontageAssembly.assemble(pieces: pieces, pieceWidth: 20, pieceHeight: 15) { images[$0] }
        #expect((map.image.width, map.image.height) == (34, 29))
        #expect(map.acquired.pixels.allSatisfy { $0 })
        for (found, expected) in zip(map.image.pixels, image.pixels) {
            #expect(abs(found - Float(expected)) <= 0.01 + Float(expected) * 1e-5)
        }
    }

    @Test func reductionAveragesOverTheAreaOfEachNewPixel() throws {
        let piece = Raster<UInt16>(width: 5, height: 2, pixels: [1, 2, 3, 4, 100, 5, 6, 7, 8, 100])
        let map = try MontageAssembly.assemble(
            pieces: [PieceCoordinates(x: 0, y: 0)], pieceWidth: 5, pieceHeight: 2, reducedBy: 2) { _ in piece }
        // The fifth column does not fill a new pixel.
        #expect(map.image.pixels.map { ($0 * 1000).rounded() } == [3500, 5500])
        #expect(
            try MontageAssembly.assemble(
                pieces: [PieceCoordinates(x: 0, y: 0)], pieceWidth: 5, pieceHeight: 2, reducedBy: 1.25) { _ in piece }
                .image.width == 4)
    }

    /// A slope shows a shift of any piece at once.
    @Test(arguments: [1.0, 2.0, 2.5, 3.7])
    func aSlopeGoesOnFromPieceToPieceAtAnyReduction(factor: Double) throws {
        var image = Raster<UInt16>(width: 94, height: 79, filledWith: 0)
        for y in 0 ..< 79 { for x in 0 ..< 94 { image[x, y] = UInt16(40 * x + 15 * y) } }
        let (pieces, images) = cut(image, size: (40, 35), step: (27, 22), count: (3, 3))
        let map = try MontageAssembly.assemble(
            pieces: pieces, pieceWidth: 40, pieceHeight: 35, reducedBy: factor) { images[$0] }
        #expect((map.image.width, map.image.height) == (Int(94 / factor), Int(79 / factor)))
        for y in 0 ..< map.image.height {
            for x in 0 ..< map.image.width {
                let column = (Double(x) + 0.5) * factor - 0.5
                let row = (Double(y) + 0.5) * factor - 0.5
                let expected: Double = 40 * column + 15 * row
                // A new pixel half on the edge of a piece sees its own half only, with little weight.
                #expect(abs(Double(map.image[x, y]) - expected) < 3 * factor + 0.1)
            }
        }
    }

    @Test func aConstantStaysConstantAtAnyReduction() throws {
        let pieces = [PieceCoordinates(x: -7, y: 3), PieceCoordinates(x: 5, y: 0)]
        for factor in [1, 1.3, 2, 6.1] {
            let map = try MontageAssembly.assemble(
                pieces: pieces, pieceWidth: 16, pieceHeight: 10, reducedBy: factor
            ) { _ in Raster<UInt16>(width: 16, height: 10, filledWith: 500) }
            for (value, acquired) in zip(map.image.pixels, map.acquired.pixels) {
                #expect(acquired ? abs(value - 500) < 0.1 : value == 0)
            }
        }
    }

    @Test func theFirstPieceLiesAtTheLowerLeftAndGapsAreMarked() throws {
        let pieces = [PieceCoordinates(x: 100, y: 50), PieceCoordinates(x: 104, y: 54)]
        let map = try MontageAssembly.assemble(pieces: pieces, pieceWidth: 4, pieceHeight: 4) {
            Raster<UInt16>(width: 4, height: 4, filledWith: UInt16($0 + 1))
        }
        #expect((map.originX, map.originY, map.fullWidth, map.fullHeight) == (100, 50, 8, 8))
        #expect(map.image[0, 7] == 1)
        #expect(map.image[7, 0] == 2)
        #expect(!map.acquired[0, 0] && !map.acquired[7, 7])
        let bytes = map.bytes(black: 5, white: 10)
        #expect(bytes[0, 0] == 0)
        #expect(bytes[0, 7] == 1)
    }

    @Test func bandsAreTheRowsOfTheWhole() throws {
        let image = asymmetric(width: 34, height: 29)
        let (pieces, images) = cut(image, size: (20, 15), step: (14, 7), count: (2, 3))
        let whole = try MontageAssembly.assemble(
            pieces: pieces, pieceWidth: 20, pieceHeight: 15, reducedBy: 1.7) { images[$0] }
        var rows: [Float] = []
        try MontageAssembly.assembleBands(
            pieces: pieces, pieceWidth: 20, pieceHeight: 15, reducedBy: 1.7, bandRows: 4,
            read: { images[$0] }, band: { _, part in rows += part.image.pixels })
        #expect(rows == whole.image.pixels)
    }

    @Test func impossibleMontagesAreErrors() {
        let piece = PieceCoordinates(x: 0, y: 0)
        func size(_ pieces: [PieceCoordinates], _ side: Int, _ factor: Double) throws {
            _ = try MontageAssembly.size(pieces: pieces, pieceWidth: side, pieceHeight: side, reducedBy: factor)
        }
        #expect(throws: MontageError.noPieces) { try size([], 4, 1) }
        #expect(throws: MontageError.emptyPieces(width: 0, height: 0)) { try size([piece], 0, 1) }
        #expect(throws: MontageError.enlarging(by: 0.5)) { try size([piece], 4, 0.5) }
        #expect(throws: MontageError.self) { try size([piece, PieceCoordinates(x: 1 << 40, y: 0)], 4, 1) }
        #expect(throws: MontageError.self) {
            try MontageAssembly.assemble(pieces: [piece], pieceWidth: 4, pieceHeight: 4) { _ in
                Raster<UInt16>(width: 3, height: 4, filledWith: 0)
            }
        }
    }
}
