import InferenceWire
import Raster
import Testing
import Units

@testable import Segmentation

@Suite struct PassTimesTests {
    @Test func runsThatWaitForOneAnotherCountOnceAndTheFirstNot() {
        var times = PassTimes()
        // Two are asked for at a time, each of two images that take a second each; the first loads the network in nine.
        times.record(model: "a", images: 2, from: .seconds(0), to: .seconds(11))
        times.record(model: "a", images: 2, from: .seconds(0), to: .seconds(13))
        times.record(model: "a", images: 2, from: .seconds(11), to: .seconds(15))
        // The machine was busy for a minute.
        times.record(model: "a", images: 1, from: .seconds(13), to: .seconds(75))
        // Nothing was asked for a while.
        times.record(model: "a", images: 2, from: .seconds(100), to: .seconds(102))
        // Another fold has to be loaded, too.
        times.record(model: "b", images: 2, from: .seconds(102), to: .seconds(120))
        times.record(model: "b", images: 1, from: .seconds(102), to: .seconds(121))
        #expect(times.take() == 1)
        #expect(times.take() == nil, "what was taken is not told again")
    }

    @Test func whatIsPlannedIsHowOftenTheNetworkRuns() async throws {
        var random = RandomSource(seed: 5)
        for number in 0 ..< 24 {
            let network = RecordingNetwork(classes: 2)
            let model = LamellaSegmenterTests.description(classes: ["background", "cell"], normalisation: .zScore, mirroring: number % 2 == 0)
            let segmenter = try LamellaSegmenter(
                description: model, networkPaths: ["/model.torchscript"], predictor: network, profile: SegmentationProfile.allCases[number % 4])
            var map = Raster<UInt8>(width: 60 + Int.random(in: 0 ..< 150, using: &random), height: 40 + Int.random(in: 0 ..< 150, using: &random), filledWith: 0)
            // What is filled lies somewhere in it; some are empty.
            let (left, top) = (Int.random(in: 0 ..< 50, using: &random), Int.random(in: 0 ..< 30, using: &random))
            for y in top ..< map.height - Int.random(in: 0 ..< 10, using: &random) where number % 6 > 0 { for x in left ..< map.width - Int.random(in: 0 ..< 5, using: &random) { map.pixels[y * map.width + x] = UInt8(1 + (x ^ y) & 63) } }
            let pixelSize = number % 3 == 0 ? PixelSize(27) : nil
            _ = try await segmenter.segment(map, pixelSize: pixelSize)
            #expect(await network.inputs.count == segmenter.passes(for: [map], pixelSize: pixelSize), "map \(number)")
        }
    }
}
