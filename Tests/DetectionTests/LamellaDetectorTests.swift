import Foundation
import Geometry
import InferenceWire
import Raster
import Testing
import Units

@testable import Detection

/// Finds bright rectangles on dark grey exactly, as a perfect network would: the bounding box of what is brighter than
/// 0.9 in its tile, in the output format of the real one.
struct BrightBoxNetwork: Predicting {
    var classIndex = 2
    func predict(model: String, input: Tensor) async throws -> Tensor {
        let (height, width) = (input.shape[2], input.shape[3])
        var (minX, minY, maxX, maxY) = (Int.max, Int.max, -1, -1)
        for y in 0 ..< height {
            for x in 0 ..< width where input.values[y * width + x] > 0.9 {
                (minX, maxX) = (min(minX, x), max(maxX, x + 1))
                (minY, maxY) = (min(minY, y), max(maxY, y + 1))
            }
        }
        var output = Tensor(shape: [1, 10, 2], filledWith: 0)
        if maxX > 0 {
            output.values[0] = Float(minX + maxX) / 2
            output.values[2] = Float(minY + maxY) / 2
            output.values[4] = Float(maxX - minX)
            output.values[6] = Float(maxY - minY)
            output.values[(4 + classIndex) * 2] = 0.8
        }
        return output
    }
}

/// Notes what it was given and finds nothing.
actor RecordingNetwork: Predicting {
    private(set) var inputs: [Tensor] = []
    func predict(model: String, input: Tensor) async throws -> Tensor {
        inputs.append(input)
        return Tensor(shape: [1, 10, 3], filledWith: 0)
    }
}

@Suite struct LamellaDetectorTests {
    static func description(side: Int = 128) -> ModelDescription {
        ModelDescription(
            name: "test", kind: .detector, networks: [ModelDescription.Network(file: "model.torchscript", sha256: String(repeating: "0", count: 64))], pixelSize: PixelSize(400),
            sideLength: side, classes: ["broken", "contaminated", "good", "thick", "wedge", "gone"], normalisation: .unit,
            licence: "none")
    }

    static func map(width: Int, height: Int, lamellaX: Int, lamellaY: Int) -> Raster<UInt8> {
        var map = Raster<UInt8>(width: width, height: height, filledWith: 60)
        for y in lamellaY ..< lamellaY + 12 { for x in lamellaX ..< lamellaX + 30 { map[x, y] = 255 } }
        return map
    }

    @Test("A lamella keeps its box wherever the tiles lie", arguments: 0 ..< 64)
    func translation(_ shift: Int) async throws {
        let detector = try LamellaDetector(
            description: Self.description(), modelPath: "/none", predictor: BrightBoxNetwork())
        let map = Self.map(width: 300, height: 200, lamellaX: 20 + 3 * shift, lamellaY: 40 + 2 * shift)
        let found = try await detector.detect(in: map, pixelSize: PixelSize(400))
        #expect(found.count == 1)
        #expect(found.first?.className == "good")
        let truth = Rectangle<Frame.MapPixels>(
            minX: Double(20 + 3 * shift), minY: Double(40 + 2 * shift), maxX: Double(50 + 3 * shift),
            maxY: Double(52 + 2 * shift))
        #expect((found.first?.box.intersectionOverUnion(with: truth) ?? 0) > 0.99)
    }

    @Test("Boxes are in pixels of the map given, also where it is resampled for the network")
    func resampled() async throws {
        let detector = try LamellaDetector(
            description: Self.description(), modelPath: "/none", predictor: BrightBoxNetwork())
        // 100 nm per pixel is a quarter of the network's pixel size.
        var map = Raster<UInt8>(width: 1000, height: 600, filledWith: 60)
        for y in 200 ..< 260 { for x in 400 ..< 520 { map[x, y] = 255 } }
        let found = try await detector.detect(in: map, pixelSize: PixelSize(100))
        #expect(found.map(\.box) == [Rectangle(minX: 400, minY: 200, maxX: 520, maxY: 260)])
    }

    @Test("Outside a small map the network sees grey 114, in three equal channels, divided by 255")
    func padding() async throws {
        let network = RecordingNetwork()
        let detector = try LamellaDetector(description: Self.description(), modelPath: "/none", predictor: network)
        let found = try await detector.detect(
            in: Raster(width: 100, height: 60, filledWith: 51), pixelSize: PixelSize(400))
        #expect(found.isEmpty)
        let input = try #require(await network.inputs.first)
        #expect(input.shape == [1, 3, 128, 128])
        for channel in 0 ..< 3 {
            #expect(input.values[channel * 128 * 128] == 0.2)
            #expect(input.values[channel * 128 * 128 + 100] == Float(114) / 255)
        }
    }

    @Test("A network that does not fit its description is an error and not a list of nonsense")
    func wrongOutput() async throws {
        struct Wrong: Predicting {
            func predict(model: String, input: Tensor) async throws -> Tensor { Tensor(shape: [1, 5, 9], filledWith: 0) }
        }
        let detector = try LamellaDetector(description: Self.description(), modelPath: "/none", predictor: Wrong())
        await #expect(throws: DetectionError.unexpectedOutput(shape: [1, 5, 9], expectedRows: 10)) {
            try await detector.detect(in: Raster(width: 10, height: 10, filledWith: 0), pixelSize: PixelSize(400))
        }
    }

    @Test("A network with damaged weights is an error and not an empty grid", arguments: [Float.nan, .infinity, -.infinity])
    func damagedWeights(value: Float) async throws {
        struct Damaged: Predicting {
            let value: Float
            func predict(model: String, input: Tensor) async throws -> Tensor { Tensor(shape: [1, 10, 3], filledWith: value) }
        }
        for mode in [LamellaDetector.Mode.standard, .reference] {
            var description = Self.description()
            description.acceptsAnySize = true
            let detector = try LamellaDetector(description: description, modelPath: "/none", predictor: Damaged(value: value), mode: mode)
            await #expect(throws: DetectionError.notFinite) {
                try await detector.detect(in: Raster(width: 200, height: 200, filledWith: 9), pixelSize: PixelSize(400))
            }
        }
    }

    @Test("A map that would be enlarged beyond any memory is refused")
    func impossibleSizes() async throws {
        let detector = try LamellaDetector(description: Self.description(), modelPath: "/none", predictor: RecordingNetwork())
        for size in [1e300, 70_000, 1e7] {
            await #expect {
                try await detector.detect(in: Raster(width: 300, height: 200, filledWith: 9), pixelSize: PixelSize(size))
            } throws: { error in
                if case DetectionError.mapTooLarge = error { true } else { false }
            }
        }
    }

    @Test("Maps without pixels or pixel size, and other models, are refused")
    func refusals() async throws {
        let detector = try LamellaDetector(description: Self.description(), modelPath: "/none", predictor: RecordingNetwork())
        await #expect(throws: DetectionError.emptyMap) {
            try await detector.detect(in: Raster(width: 0, height: 0, filledWith: 0), pixelSize: PixelSize(400))
        }
        for wrong in [0, -1, Double.nan, .infinity] {
            await #expect(throws: DetectionError.self) {
                try await detector.detect(in: Raster(width: 9, height: 9, filledWith: 0), pixelSize: PixelSize(wrong))
            }
        }
        var segmenter = Self.description()
        segmenter.kind = .segmenter
        #expect(throws: DetectionError.unsuitableModel("it is a lamella-segmenter")) {
            try LamellaDetector(description: segmenter, modelPath: "/none", predictor: RecordingNetwork())
        }
        #expect(throws: DetectionError.confidenceOutOfRange(1.5)) {
            try LamellaDetector(
                description: Self.description(), modelPath: "/none", predictor: RecordingNetwork(), confidence: 1.5)
        }
    }
}
