import Foundation
import ImageFiles
import Raster
import Testing
import Units

/// An image in which no two pixels, and so no two orientations, are alike.
func asymmetric(width: Int, height: Int, from start: Int = 0) -> Raster<UInt16> {
    Raster(width: width, height: height, pixels: (0 ..< width * height).map { UInt16(($0 * 7 + start) % 60_000) })
}

@Suite struct MRCTests {
    @Test func halfFloatsOfAnotherProgramAreRead() throws {
        let file = try MRCFile(path: golden("mrcfile_float16.mrc"))
        #expect(file.header.pixelType == .float16)
        guard case .float32(let image) = try file.read(section: 0) else {
            Issue.record("half floats become floats")
            return
        }
        #expect(image.width == file.header.width)
        #expect(image.pixels.allSatisfy { $0.isFinite })
        // As the Python package mrcfile reads it; the header of this file itself is wrong.
        #expect(abs((image.pixels.min() ?? 0) + 4.34) < 0.01)
        #expect(abs((image.pixels.max() ?? 0) - 3.82) < 0.01)
        #expect(abs(image[0, 63] + 0.3645) < 1e-4)
        #expect(abs(image[1, 63] - 0.391) < 1e-3)
    }

    @Test func theStatisticsOfARealVolumeAreThoseOfItsSections() throws {
        let file = try MRCFile(path: golden("emd_3197.map"))
        #expect((file.header.width, file.header.height, file.header.sections) == (20, 20, 20))
        #expect(abs(file.header.pixelSize.value - 1.14) < 0.01)
        var pixels: [Float] = []
        for section in 0 ..< 20 { pixels += try file.read(section: section).asFloat.pixels }
        #expect(pixels.min() == file.header.minimum)
        #expect(pixels.max() == file.header.maximum)
    }

    @Test func sectionsReadBackAsTheyWereAppendedTopRowFirst() throws {
        try withFolder { folder in
            let path = folder + "/stack.mrc"
            let writer = try MRCWriter(
                path: path, width: 5, height: 3, pixelType: .uint16, pixelSize: PixelSize(2.5),
                fields: [.tiltAngle, .pieceCoordinates, .stagePosition, .magnification, .intensity, .dose], capacity: 3,
                labels: ["SerialEM: a title"])
            for section in 0 ..< 3 {
                try writer.append(
                    .uint16(asymmetric(width: 5, height: 3, from: section * 1000)),
                    metadata: SerialEMSectionMetadata(
                        tiltAngle: Degrees(-3.25), pieceCoordinates: PieceCoordinates(x: 40_000, y: section, z: 1),
                        stagePosition: SIMD2(-100.04, 12), magnification: 3600, intensity: 0.5, dose: Dose(1.5)))
                let file = try MRCFile(path: path)
                #expect(file.header.sections == section + 1)
                #expect(file.header.minimum == 0)
            }
            let file = try MRCFile(path: path)
            #expect(try file.read(section: 1) == .uint16(asymmetric(width: 5, height: 3, from: 1000)))
            #expect(abs(file.header.pixelSize.value - 2.5) < 1e-6)
            #expect(file.header.labels == ["SerialEM: a title"])
            let metadata = try file.metadata(section: 2)
            #expect(metadata.tiltAngle == Degrees(-3.25))
            #expect(metadata.pieceCoordinates == PieceCoordinates(x: 40_000, y: 2, z: 1))
            #expect(metadata.stagePosition == SIMD2(-100.04, 12))
            #expect(metadata.magnification == 3600)
            #expect(metadata.intensity == 0.5)
            #expect(metadata.dose == Dose(1.5))
            // The bottom row comes first in the file.
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            let first = 1024 + 3 * 20
            #expect(Int(bytes[first]) + 256 * Int(bytes[first + 1]) == 70)
            #expect(throws: ImageFileError.self) { try writer.append(.uint16(asymmetric(width: 5, height: 3))) }
        }
    }

    @Test func aFileThatIsContinuedHasTheStatisticsOfAll() throws {
        try withFolder { folder in
            let path = folder + "/stack.mrc"
            try MRCFile.write(
                .int16(Raster(width: 2, height: 1, pixels: [-5, 5])), to: path, pixelSize: PixelSize(1))
            let writer = try MRCWriter(appendingTo: path)
            try writer.append(.int16(Raster(width: 2, height: 1, pixels: [10, 30])))
            try writer.close()
            let header = try MRCFile.header(path)
            #expect((header.minimum, header.maximum, header.mean) == (-5, 30, 10))
            #expect(abs(header.deviation - Float(162.5).squareRoot()) < 1e-3)
        }
    }

    @Test(arguments: [100, 1023, 1024 + 20, 1024 + 29])
    func aTruncatedFileTellsHowManyBytesAreMissing(length: Int) throws {
        try withFolder { folder in
            let path = folder + "/cut.mrc"
            try MRCFile.write(.uint16(asymmetric(width: 5, height: 3)), to: path, pixelSize: PixelSize(1))
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            try whole.prefix(length).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: ImageFileError.self) { try MRCFile.read(path) }
            let expected = length < 1024 ? 1024 : 1054
            #expect(error?.code == .truncated)
            #expect(error?.message == "\(path) is incomplete: \(expected) bytes expected, \(length) found; it was cut off or is still being written.")
        }
    }

    @Test func aSectionThatIsNotThereIsAnErrorAndNoCrash() throws {
        try withFolder { folder in
            let path = folder + "/one.mrc"
            try MRCFile.write(.uint16(asymmetric(width: 5, height: 3)), to: path, pixelSize: PixelSize(1))
            for section in [-1, 1, .max] {
                let error = #expect(throws: ImageFileError.self) { try MRCFile.read(path, section: section) }
                #expect(error?.code == .noSuchSection)
            }
        }
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func randomBytesAreNeverAnImageOfBillionsOfPixels(seed: UInt64) throws {
        try withFolder { folder in
            var random = RandomSource(seed: seed)
            for _ in 0 ..< 200 {
                let bytes = (0 ..< 1100).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                try WholeFile.write(bytes, to: folder + "/noise.mrc")
                #expect(throws: ImageFileError.self) { try MRCFile.read(folder + "/noise.mrc") }
            }
        }
    }

    /// IMOD and SerialEM mean unsigned bytes, MRC2014 signed ones; the stamp tells.
    @Test func bytesAreSignedOnlyWithoutTheStampOfIMOD() throws {
        try withFolder { folder in
            let path = folder + "/bytes.mrc"
            try MRCFile.write(.uint8(Raster(width: 2, height: 1, pixels: [1, 200])), to: path, pixelSize: PixelSize(1))
            #expect(try MRCFile.read(path) == .uint8(Raster(width: 2, height: 1, pixels: [1, 200])))
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            for i in 152 ..< 156 { bytes[i] = 0 }
            try WholeFile.write(bytes, to: path)
            #expect(try MRCFile.read(path) == .int16(Raster(width: 2, height: 1, pixels: [1, -56])))
        }
    }

    @Test func aFileOfABigEndianMachineReadsTheSame() throws {
        try withFolder { folder in
            let path = folder + "/big.mrc"
            try MRCFile.write(.uint16(asymmetric(width: 5, height: 3)), to: path, pixelSize: PixelSize(1))
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            for i in stride(from: 0, to: 224, by: 4) where i != 104 && i != 208 && i != 212 && i != 128 {
                bytes[i ..< i + 4].reverse()
            }
            bytes.replaceSubrange(212 ..< 216, with: [0x11, 0x11, 0, 0])
            for i in stride(from: 1024, to: bytes.count, by: 2) { bytes.swapAt(i, i + 1) }
            try WholeFile.write(bytes, to: path)
            #expect(try MRCFile.read(path) == .uint16(asymmetric(width: 5, height: 3)))
        }
    }

    @Test func anImageOfAnotherSizeDoesNotEnterAStack() throws {
        try withFolder { folder in
            let writer = try MRCWriter(
                path: folder + "/a.mrc", width: 4, height: 4, pixelType: .int16, pixelSize: PixelSize(1))
            let error = #expect(throws: ImageFileError.self) {
                try writer.append(.uint16(asymmetric(width: 4, height: 4)))
            }
            #expect(error?.code == .sizeMismatch)
            #expect(writer.sections == 0)
        }
    }

    @Test func theChecksumIsOfThePixelsOfTheSectionsAndOfNothingElse() throws {
        try withFolder { folder in
            func checksum(_ pixels: [Raster<UInt16>], labels: [String] = [], of sections: [Int]) throws -> String {
                let path = folder + "/\(UUID().uuidString).mrc"
                let writer = try MRCWriter(path: path, width: 5, height: 3, pixelType: .uint16, pixelSize: PixelSize(1), labels: labels)
                for image in pixels { try writer.append(.uint16(image)) }
                try writer.close()
                return try MRCFile(path: path).checksum(sections: sections)
            }
            let first = asymmetric(width: 5, height: 3)
            let middle = asymmetric(width: 5, height: 3, from: 100)
            let last = asymmetric(width: 5, height: 3, from: 200)
            let all = try checksum([first, middle, last], of: [0, 1, 2])
            #expect(all.count == 16 && all.allSatisfy(\.isHexDigit))
            #expect(try checksum([first, middle, last], labels: ["written again"], of: [0, 1, 2]) == all)
            #expect(try checksum([last, middle, first], of: [0, 1, 2]) != all)
            // 15 pixels are 30 bytes, of which the last six are no whole word.
            for pixel in [0, 7, 14] {
                var other = last
                other[pixel % 5, pixel / 5] ^= 1
                #expect(try checksum([first, middle, other], of: [0, 1, 2]) != all, "pixel \(pixel)")
            }
            #expect(try checksum([first, middle, last], of: [0, 2]) == checksum([first, last, last], of: [0, 2]))
            #expect(throws: ImageFileError.self) { _ = try checksum([first], of: [1]) }
        }
    }
}
