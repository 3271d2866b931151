import Foundation
import ImageFiles
import Raster
import Testing

@Suite struct PNGTests {
    @Test func greyReadsBackAsItWasWritten() throws {
        try withFolder { folder in
            let path = folder + "/grey.png"
            let image = asymmetric(width: 37, height: 11).map { UInt8($0 % 251) }
            try PNGFile.write(image, to: path)
            #expect(try PNGFile.readGrey(path) == image)
            #expect(try PNGFile.readGrey16(path) == image.map { UInt16($0) })
            let information = try PNGFile.information(path)
            #expect((information.bitDepth, information.channels) == (8, 1))
            #expect(try PNGFile.readRGB(path).pixels.prefix(6) == [0, 0, 0, 7, 7, 7])
        }
    }

    @Test func sixteenBitsReadBackAsTheyWereWritten() throws {
        try withFolder { folder in
            let path = folder + "/grey16.png"
            let image = asymmetric(width: 37, height: 11, from: 50_000)
            try PNGFile.write(image, to: path)
            #expect(try PNGFile.readGrey16(path) == image)
            #expect(try PNGFile.readGrey(path) == image.map { UInt8($0 >> 8) })
        }
    }

    @Test func coloursReadBackAsTheyWereWritten() throws {
        try withFolder { folder in
            let path = folder + "/color.png"
            let image = RGBImage(width: 2, height: 2, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
            try PNGFile.write(image, to: path)
            #expect(try PNGFile.readRGB(path) == image)
            #expect(try PNGFile.readGrey(path).pixels.last == 9)
        }
    }

    @Test func aMapOfTwelveThousandPixelsASideIsSavedRowByRow() throws {
        try withFolder { folder in
            let path = folder + "/large.png"
            let writer = try PNGRowWriter(path: path, width: 12_000, height: 12_000, channels: .grey)
            let row = (0 ..< 12_000).map { UInt8($0 % 200) }
            for _ in 0 ..< 12_000 { try writer.append(row: row) }
            try writer.finish()
            let information = try PNGFile.information(path)
            #expect((information.width, information.height) == (12_000, 12_000))
        }
    }

    @Test func anImageThatWasNotFinishedLeavesNothingBehind() throws {
        try withFolder { folder in
            do {
                let writer = try PNGRowWriter(path: folder + "/part.png", width: 4, height: 4, channels: .grey)
                try writer.append(row: [1, 2, 3, 4])
                #expect(throws: ImageFileError.self) { try writer.append(row: [1, 2, 3]) }
                #expect(throws: ImageFileError.self) { try writer.finish() }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test(arguments: [0, 4, 8, 20, 40, 300])
    func aFileThatWasCutOffIsAnError(length: Int) throws {
        try withFolder { folder in
            let path = folder + "/cut.png"
            try PNGFile.write(asymmetric(width: 60, height: 60).map { UInt8($0 % 251) }, to: path)
            try Data(contentsOf: URL(fileURLWithPath: path)).prefix(length).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: ImageFileError.self) { try PNGFile.readGrey(path) }
            #expect(error?.code == (length < 8 ? .wrongFormat : .damaged))
            #expect(error?.message.contains(path) == true)
        }
    }

    @Test func aFileOfAnotherFormatAndAMissingFileAreToldApart() throws {
        try withFolder { folder in
            try AtomicFile.write("this is no picture", to: folder + "/text.png")
            let other = #expect(throws: ImageFileError.self) { try PNGFile.readGrey(folder + "/text.png") }
            #expect(other?.code == .wrongFormat)
            let missing = #expect(throws: ImageFileError.self) { try PNGFile.readGrey(folder + "/none.png") }
            #expect(missing?.message == "Cannot open \(folder)/none.png: No such file or directory.")
        }
    }
}

@Suite struct TIFFTests {
    @Test func bothDepthsReadBackAsTheyWereWritten() throws {
        try withFolder { folder in
            let image = asymmetric(width: 37, height: 11, from: 40_000)
            try TIFFFile.write(image, to: folder + "/a.tif")
            #expect(try TIFFFile.read(folder + "/a.tif") == .grey16(image))
            let bytes = image.map { UInt8($0 >> 8) }
            try TIFFFile.write(bytes, to: folder + "/a.tif")
            #expect(try TIFFFile.read(folder + "/a.tif") == .grey8(bytes))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.tif"])
        }
    }

    @Test(arguments: [0, 6, 100, 500])
    func aFileThatWasCutOffIsAnError(length: Int) throws {
        try withFolder { folder in
            let path = folder + "/cut.tif"
            try TIFFFile.write(asymmetric(width: 40, height: 40), to: path)
            try Data(contentsOf: URL(fileURLWithPath: path)).prefix(length).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: ImageFileError.self) { try TIFFFile.read(path) }
            #expect(error?.message.contains(path) == true)
        }
    }
}
