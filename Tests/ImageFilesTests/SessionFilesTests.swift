import Foundation
import ImageFiles
import Raster
import Testing
import Units

@Suite struct SessionFilesTests {
    /// Files of each kind, for Tests/Python/validate_session.py: kept where TOMOPILOT_KEEP_FILES names a folder.
    @Test(arguments: [MRCPixelType.uint8, .int16, .uint16, .float32])
    func aMontageWithItsMdocIsWrittenAndAssembledFromItsOwnCoordinates(type: MRCPixelType) throws {
        try withFolder { temporary in
            let folder = ProcessInfo.processInfo.environment["TOMOPILOT_KEEP_FILES"] ?? temporary
            let path = "\(folder)/montage_\(type).mrc"
            let writer = try MRCWriter(
                path: path, width: 30, height: 20, pixelType: type, pixelSize: PixelSize(36),
                fields: [.tiltAngle, .pieceCoordinates, .stagePosition, .magnification, .dose], capacity: 9,
                labels: ["SerialEM: montage"])
            var mdoc = Mdoc()
            mdoc.pixelSize = PixelSize(36)
            mdoc.globals["Voltage"] = "300"
            mdoc.globals["ImageFile"] = "montage_\(type).mrc"
            mdoc.imageSize = (30, 20)
            mdoc.globals["Montage"] = "1"
            mdoc.globals["DataMode"] = String(type.mode)
            mdoc.titles = ["SerialEM: a microscope that is not there", "    Tilt axis angle = 85.3, binning = 1"]
            for index in 0 ..< 4 {
                let coordinates = PieceCoordinates(x: index / 2 * 25, y: index % 2 * 15)
                let image = asymmetric(width: 30, height: 20, from: index * 11).map { $0 % 240 }
                try writer.append(
                    converted(image, to: type),
                    metadata: SerialEMSectionMetadata(pieceCoordinates: coordinates, magnification: 740))
                var section = MdocSection(index: index)
                section.tiltAngle = .zero
                section.pieceCoordinates = coordinates
                section.stagePosition = SIMD2(Double(index), -1.5)
                section.magnification = 740
                section.alignedPieceCoordinates = coordinates
                mdoc.sections.append(section)
            }
            mdoc.sections.append(MdocSection(kind: "MontSection", index: 0))
            try mdoc.write(to: path + ".mdoc")
            try (["pix_size": 36.0, "img_size": .tagged(array: [35, 55])] as JSONValue)
                .write(to: "\(folder)/montage_\(type).json")

            let file = try MRCFile(path: path)
            let pieces = try Mdoc.read(path + ".mdoc").pieces.compactMap(\.alignedPieceCoordinates)
            #expect(try (0 ..< 4).map { try file.metadata(section: $0).pieceCoordinates } == pieces)
            let assembly = try MontageAssembly(pieces: pieces, pieceWidth: 30, pieceHeight: 20)
            let map = try assembly.band(rows: 0 ..< assembly.height) { try file.read(section: $0, rows: $1).asUInt16 }
            #expect((map.image.width, map.image.height) == (55, 35))
            let first = try file.read(section: 0).asUInt16
            let last = try file.read(section: 3).asUInt16
            #expect(map.image[0, 34] == Float(first[0, 19]))
            #expect(map.image[54, 0] == Float(last[29, 0]))
            try PNGFile.write(map.bytes(black: 0, white: 240), to: "\(folder)/montage_\(type).png")
        }
    }

    private func converted(_ image: Raster<UInt16>, to type: MRCPixelType) -> MRCImage {
        switch type {
        case .uint8, .int8: .uint8(image.map { UInt8($0) })
        case .int16: .int16(image.map { Int16($0) })
        case .uint16: .uint16(image)
        case .float32, .float16: .float32(image.map { Float($0) + 0.25 })
        }
    }
}
