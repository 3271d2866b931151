import Geometry
import InferenceWire
import Raster
import Testing
import Units

@testable import Detection

@Suite struct ReferenceDetectionTests {
    private static func description(side: Int = 1024, networkSide: Int? = nil, acceptsAnySize: Bool = true) -> ModelDescription {
        var description = LamellaDetectorTests.description(side: side)
        description.acceptsAnySize = acceptsAnySize
        description.networkSide = networkSide
        return description
    }
    private static func box(_ minX: Double, _ minY: Double, _ maxX: Double, _ maxY: Double, _ classIndex: Int = 2, _ score: Double = 0.8) -> Candidate {
        Candidate(box: Rectangle(minX: minX, minY: minY, maxX: maxX, maxY: maxY), classIndex: classIndex, score: score, isCut: false)
    }
    private static let classes = ["broken", "contaminated", "good", "thick", "wedge", "gone"]

    @Test("Tiles are those of the reference, with the sliver that it cuts from a map of 3000 pixels")
    func tiles() throws {
        let tiles = try ReferenceDetection.tiles(width: 3000, height: 1100, side: 1024, overlap: 25)
        #expect(tiles.map(\.x) == [0, 999, 1998, 2997, 0, 999, 1998, 2997])
        #expect(tiles.map(\.width) == [1024, 1024, 1002, 3, 1024, 1024, 1002, 3])
        #expect(tiles.map(\.height) == [1024, 1024, 1024, 1024, 101, 101, 101, 101])
        #expect(try ReferenceDetection.tiles(width: 250, height: 301, side: 1024, overlap: 25) == [.init(x: -387, y: -361, width: 1024, height: 1024)])
        #expect(throws: DetectionError.refusedByReference(width: 2000, height: 900, side: 1024)) {
            try ReferenceDetection.tiles(width: 2000, height: 900, side: 1024, overlap: 25)
        }
    }

    @Test("An image is fitted into the network's square as Ultralytics does it, and boxes come back", arguments: [
        // Width, height, side, and the size of the input: the one of 401 pixels is filled up by 7 and 8.
        (1024, 1024, 1024, 1024, 1024), (401, 1024, 1024, 416, 1024), (1024, 1024, 640, 640, 640), (512, 256, 1024, 1024, 512), (100, 333, 640, 192, 640),
    ])
    func letterbox(_ width: Int, _ height: Int, _ side: Int, _ inputWidth: Int, _ inputHeight: Int) {
        let letter = Letterbox(width: width, height: height, side: side)
        let filled = letter.filled(Raster(width: width, height: height, filledWith: 200))
        #expect((filled.width, filled.height) == (inputWidth, inputHeight))
        let bright = filled.pixels.indices.filter { filled.pixels[$0] == 200 }.map { (x: $0 % inputWidth, y: $0 / inputWidth) }
        let (left, right) = (bright.map(\.x).min() ?? 0, (bright.map(\.x).max() ?? 0) + 1)
        let (top, bottom) = (bright.map(\.y).min() ?? 0, (bright.map(\.y).max() ?? 0) + 1)
        #expect(filled.pixels.allSatisfy { $0 == 200 || $0 == 114 })
        let back = letter.undone(Rectangle(minX: Double(left), minY: Double(top), maxX: Double(right), maxY: Double(bottom)))
        #expect(abs(back.minX) < 1 && abs(back.minY) < 1 && abs(back.maxX - Double(width)) < 1 && abs(back.maxY - Double(height)) < 1, "\(back)")
    }

    @Test("Of one class the better one of two boxes stays, of two classes both do, and at most 300")
    func suppression() {
        let good = Self.box(0, 0, 100, 100)
        let same = Self.box(5, 0, 105, 100, 2, 0.7)
        let thick = Self.box(5, 0, 105, 100, 3, 0.7)
        let beside = Self.box(30, 0, 130, 100, 2, 0.6)
        #expect(ReferenceDetection.suppressed([same, beside, good, thick]) == [good, thick, beside])
        #expect(ReferenceDetection.suppressed((0 ..< 400).map { Self.box(Double($0) * 20, 0, Double($0) * 20 + 10, 10) }).count == 300)
    }

    @Test("Boxes are merged with the one before only, and lose their class as the reference has it")
    func merging() {
        // An unrelated box lies between two that overlap.
        let boxes = [Self.box(0, 0, 100, 20), Self.box(50, 500, 60, 520), Self.box(90, 0, 190, 20)]
        #expect(ReferenceDetection.merged(boxes, classes: Self.classes) == boxes)
        let neighbours = [Self.box(0, 0, 100, 20), Self.box(102, 5, 202, 30, 3, 0.7)]
        #expect(ReferenceDetection.merged(neighbours, classes: Self.classes) == [Self.box(0, 0, 202, 30)])
        let overridden = [Self.box(0, 0, 100, 20, 0, 0.9), Self.box(10, 0, 110, 20, 2, 0.3)]
        #expect(ReferenceDetection.merged(overridden, classes: Self.classes) == [Self.box(0, 0, 110, 20, 2, 0.3)])
        let better = [Self.box(0, 0, 100, 20, 2, 0.5), Self.box(10, 0, 110, 20, 3, 0.6)]
        #expect(ReferenceDetection.merged(better, classes: Self.classes) == [Self.box(0, 0, 110, 20, 3, 0.6)])
    }

    @Test("A small map is pasted into black, a dark one is stretched, and boxes are in pixels of the map given", arguments: [400.0, 200, 100])
    func smallMaps(_ pixelSize: Double) async throws {
        // 40 x 20 um of 150 on 30; stretched they are white and black.
        let reduction = 400 / pixelSize
        var map = Raster<UInt8>(width: Int(120 * reduction), height: Int(80 * reduction), filledWith: 30)
        for y in Int(40 * reduction) ..< Int(60 * reduction) { for x in Int(30 * reduction) ..< Int(70 * reduction) { map[x, y] = 150 } }
        let detector = try LamellaDetector(description: Self.description(side: 256), modelPath: "/none", predictor: BrightBoxNetwork(), mode: .reference)
        let found = try #require(try await detector.detect(in: map, pixelSize: PixelSize(pixelSize)).first)
        let truth = Rectangle<Frame.MapPixels>(minX: 30 * reduction, minY: 40 * reduction, maxX: 70 * reduction, maxY: 60 * reduction)
        #expect(found.box.intersectionOverUnion(with: truth) > 0.95, "\(found.box)")
        let recording = RecordingNetwork()
        _ = try await LamellaDetector(description: Self.description(side: 256), modelPath: "/none", predictor: recording, mode: .reference).detect(in: map, pixelSize: PixelSize(pixelSize))
        let input = try #require(await recording.inputs.first)
        #expect(input.shape == [1, 3, 256, 256] && input.values[0] == 0 && input.values.max() == 1)
    }

    @Test("A network that was trained on reduced images gets them reduced, in both modes", arguments: [LamellaDetector.Mode.standard, .reference, .unmergedReference])
    func reducedTraining(_ mode: LamellaDetector.Mode) async throws {
        let recording = RecordingNetwork()
        let detector = try LamellaDetector(description: Self.description(side: 1024, networkSide: 640), modelPath: "/none", predictor: recording, mode: mode)
        _ = try await detector.detect(in: LamellaDetectorTests.map(width: 1024, height: 1024, lamellaX: 100, lamellaY: 100), pixelSize: PixelSize(400))
        #expect(await recording.inputs.map(\.shape) == [[1, 3, 640, 640]])
    }

    @Test("A network of one size only is refused")
    func fixedSize() async throws {
        let detector = try LamellaDetector(description: Self.description(acceptsAnySize: false), modelPath: "/none", predictor: RecordingNetwork(), mode: .reference)
        await #expect(throws: DetectionError.self) { try await detector.detect(in: Raster(width: 9, height: 9, filledWith: 1), pixelSize: PixelSize(400)) }
    }
}
