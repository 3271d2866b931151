import Foundation
import Geometry
import ImageFiles
import Navigator
import Raster
import Testing
import Units
import Workflow

#if os(Linux)
@Suite struct MapMemoryTests {
    /// In a process of its own, whose peak counts the test's program and libraries too.
    @Test(arguments: [false, true]) func aMapOf12000PixelsIsRescaledAndSavedWithinOneGigabyte(enlarged: Bool) async throws {
        if enlarged {
            await #expect(processExitsWith: .success) { try Self.saveMap(side: 9_600, at: PixelSize(16)) }
        } else {
            await #expect(processExitsWith: .success) { try Self.saveMap(side: 12_000, at: PixelSize(20)) }
        }
    }

    /// Makes a montage on disk and saves its picture of 12 000 x 12 000 pixels as a session does.
    private static func saveMap(side: Int, at pixelSize: PixelSize) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("map-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/map.mrc"
        try writeMontage(side: side, to: path)
        let item = NavigatorItem.map(
            label: "map", stage: Point(x: 1, y: 2), z: Micrometers(3), file: path, width: side, height: side,
            scaleMatrix: LinearMap(xpx: 50, xpy: 0, ypx: 0, ypy: -50), mapID: 7, magnificationIndex: 20,
            minimum: 0, maximum: 25_000)
        let picture = try MapPicture.save(montage: path, item: item, at: pixelSize, stem: folder + "/map")
        #expect((picture.width, picture.height) == (12_000, 12_000))
        let peak = try #require(PeakMemory.ofProcess())
        #expect(peak < 1_000_000_000, "its peak was \(peak / 1_000_000) MB")
    }

    /// Pieces side by side, a third of the map long, at 20 nm per pixel.
    private static func writeMontage(side: Int, to path: String) throws {
        let piece = side / 3
        let row = (0 ..< piece).map { Int16($0 % 251 * 100) }
        var pixels: [Int16] = []
        pixels.reserveCapacity(piece * piece)
        for y in 0 ..< piece { pixels += row[(y % 97)...] + row[..<(y % 97)] }
        let image = MRCImage.int16(Raster(width: piece, height: piece, pixels: pixels))
        let writer = try MRCWriter(path: path, width: piece, height: piece, pixelType: .int16, pixelSize: PixelSize(20))
        var mdoc = Mdoc()
        for number in 0 ..< 9 {
            try writer.append(image)
            var section = MdocSection(index: number)
            section.pieceCoordinates = PieceCoordinates(x: number / 3 * piece, y: number % 3 * piece)
            mdoc.sections.append(section)
        }
        try writer.close()
        try mdoc.write(to: path + ".mdoc")
    }
}
#endif
