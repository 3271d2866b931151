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

    private func whole(
        _ pieces: [PieceCoordinates], of images: [Raster<UInt16>], reducedBy factor: Double = 1
    ) throws -> MontageBand {
        let assembly = try MontageAssembly(
            pieces: pieces, pieceWidth: images[0].width, pieceHeight: images[0].height, reducedBy: factor)
        return try assembly.band(rows: 0 ..< assembly.height, read: reader(images))
    }

    private func reader(_ images: [Raster<UInt16>]) -> MontageAssembly.PieceReader {
        { piece, rows in
            let image = images[piece]
            return image.cropped(x: 0, y: rows.lowerBound, width: image.width, height: rows.count, fill: 0)
        }
    }

    @Test func piecesOfAnImageMakeTheImageAgain() throws {
        let image = asymmetric(width: 34, height: 29)
        let (pieces, images) = cut(image, size: (20, 15), step: (14, 7), count: (2, 3))
        let map = try whole(pieces, of: images)
        #expect((map.image.width, map.image.height) == (34, 29))
        #expect(map.acquired.pixels.allSatisfy { $0 })
        for (found, expected) in zip(map.image.pixels, image.pixels) {
            #expect(abs(found - Float(expected)) <= 0.01 + Float(expected) * 1e-5)
        }
    }

    @Test func reductionAveragesOverTheAreaOfEachNewPixel() throws {
        let piece = Raster<UInt16>(width: 5, height: 2, pixels: [1, 2, 3, 4, 100, 5, 6, 7, 8, 100])
        let map = try whole([PieceCoordinates(x: 0, y: 0)], of: [piece], reducedBy: 2)
        // The fifth column does not fill a new pixel.
        #expect(map.image.pixels.map { ($0 * 1000).rounded() } == [3500, 5500])
        #expect(try whole([PieceCoordinates(x: 0, y: 0)], of: [piece], reducedBy: 1.25).image.width == 4)
    }

    /// A slope shows a shift of any piece at once.
    @Test(arguments: [1.0, 2.0, 2.5, 3.7])
    func aSlopeGoesOnFromPieceToPieceAtAnyReduction(factor: Double) throws {
        var image = Raster<UInt16>(width: 94, height: 79, filledWith: 0)
        for y in 0 ..< 79 { for x in 0 ..< 94 { image[x, y] = UInt16(40 * x + 15 * y) } }
        let (pieces, images) = cut(image, size: (40, 35), step: (27, 22), count: (3, 3))
        let map = try whole(pieces, of: images, reducedBy: factor)
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
            let piece = Raster<UInt16>(width: 16, height: 10, filledWith: 500)
            let map = try whole(pieces, of: [piece, piece], reducedBy: factor)
            for (value, acquired) in zip(map.image.pixels, map.acquired.pixels) {
                #expect(acquired ? abs(value - 500) < 0.1 : value == 0)
            }
        }
    }

    @Test func theFirstPieceLiesAtTheLowerLeftAndGapsAreMarked() throws {
        let pieces = [PieceCoordinates(x: 100, y: 50), PieceCoordinates(x: 104, y: 54)]
        let map = try whole(pieces, of: [1, 2].map { Raster(width: 4, height: 4, filledWith: $0) })
        let assembly = try MontageAssembly(pieces: pieces, pieceWidth: 4, pieceHeight: 4)
        #expect((assembly.fullWidth, assembly.fullHeight) == (8, 8))
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
        let assembly = try MontageAssembly(pieces: pieces, pieceWidth: 20, pieceHeight: 15, reducedBy: 1.7)
        var rows: [Float] = []
        for first in stride(from: 0, to: assembly.height, by: 4) {
            rows += try assembly.band(rows: first ..< min(assembly.height, first + 4), read: reader(images)).image.pixels
        }
        #expect(rows == (try whole(pieces, of: images, reducedBy: 1.7)).image.pixels)
    }

    @Test func theWholeMapIsRounded() throws {
        let piece = Raster<UInt16>(width: 4, height: 2, pixels: [1, 2, 3, 3, 40_000, 40_000, 9, 9])
        let assembly = try MontageAssembly(
            pieces: [PieceCoordinates(x: 0, y: 0)], pieceWidth: 4, pieceHeight: 2, reducedBy: 2)
        #expect(try assembly.whole(read: reader([piece])).pixels == [20_001, 6])
        let full = try MontageAssembly(pieces: [PieceCoordinates(x: 0, y: 0)], pieceWidth: 4, pieceHeight: 2)
        #expect(try full.whole(read: reader([piece])).pixels == [1, 2, 3, 3, 32_767, 32_767, 9, 9])
    }

    @Test func aBandReadsOnlyTheRowsThatCountForIt() throws {
        let image = asymmetric(width: 34, height: 29)
        let (pieces, images) = cut(image, size: (20, 15), step: (14, 14), count: (2, 2))
        var read: [Int: Range<Int>] = [:]
        _ = try MontageAssembly(pieces: pieces, pieceWidth: 20, pieceHeight: 15).band(rows: 3 ..< 6) { piece, rows in
            read[piece] = rows
            return try reader(images)(piece, rows)
        }
        // Pieces 1 and 3 are the upper ones; the row before may share a pixel where the montage is reduced.
        #expect(read == [1: 2 ..< 6, 3: 2 ..< 6])
    }

    @Test func impossibleMontagesAreErrors() {
        let piece = PieceCoordinates(x: 0, y: 0)
        func size(_ pieces: [PieceCoordinates], _ side: Int, _ factor: Double) throws {
            _ = try MontageAssembly(pieces: pieces, pieceWidth: side, pieceHeight: side, reducedBy: factor)
        }
        #expect(throws: MontageError.noPieces) { try size([], 4, 1) }
        #expect(throws: MontageError.emptyPieces(width: 0, height: 0)) { try size([piece], 0, 1) }
        #expect(throws: MontageError.enlarging(by: 0.5)) { try size([piece], 4, 0.5) }
        #expect(throws: MontageError.self) { try size([piece, PieceCoordinates(x: 1 << 40, y: 0)], 4, 1) }
        #expect(throws: MontageError.self) {
            try MontageAssembly(pieces: [piece], pieceWidth: 4, pieceHeight: 4).band(rows: 0 ..< 4) { _, _ in
                Raster<UInt16>(width: 3, height: 4, filledWith: 0)
            }
        }
    }
}

@Suite struct MontagePictureTests {
    private let left = Raster<UInt16>(width: 4, height: 3, pixels: [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    private let pieces = [PieceCoordinates(x: 0, y: 0), PieceCoordinates(x: 6, y: 3)]

    private func picture(reducedBy factor: Double, of images: [Raster<UInt16>]) throws -> Raster<UInt8> {
        try withFolder { folder in
            let path = folder + "/picture.png"
            let picture = try MontagePicture(pieces: pieces, pieceWidth: 4, pieceHeight: 3, reducedBy: factor)
            try picture.write(to: path) { piece, rows in
                images[piece].cropped(x: 0, y: rows.lowerBound, width: 4, height: rows.count, fill: 0)
            }
            let image = try PNGFile.readGrey(path)
            #expect((image.width, image.height) == (picture.width, picture.height))
            return image
        }
    }

    @Test func blackAndWhiteAreTheDarkestAndTheBrightestOfWhatWasAcquired() throws {
        let image = try picture(reducedBy: 1, of: [left, left])
        #expect((image.width, image.height) == (10, 6))
        #expect(image[0, 3] == 1)
        #expect(image[3, 5] == 255)
        #expect(image[0, 0] == 0 && image[9, 5] == 0)
        #expect(image[1, 3] == UInt8((255.0 / 11).rounded()))
    }

    @Test(arguments: [0.5, 0.31]) func anEnlargedPictureKeepsTheBorderOfWhatWasAcquired(factor: Double) throws {
        let image = try picture(reducedBy: factor, of: [left, left])
        #expect((image.width, image.height) == (Int(10 / factor), Int(6 / factor)))
        for y in 0 ..< image.height {
            for x in 0 ..< image.width {
                let column = (Double(x) + 0.5) / Double(image.width) * 10
                let row = (Double(y) + 0.5) / Double(image.height) * 6
                #expect((image[x, y] != 0) == (column < 4 && row >= 3 || column >= 6 && row < 3))
            }
        }
    }

    @Test func oneGreyLevelIsNoPicture() {
        let flat = Raster<UInt16>(width: 4, height: 3, filledWith: 700)
        #expect(throws: MontageError.noContrast) { try picture(reducedBy: 1, of: [flat, flat]) }
        #expect(throws: MontageError.self) { try picture(reducedBy: 1e-300, of: [left, left]) }
    }
}
