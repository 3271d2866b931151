import InferenceWire
import Raster
import Synchronization
import Testing
import Units

@testable import Segmentation

/// Classes by grey value alone: class k has the logit -(x - k)^2, so that the result must not depend on the windows.
struct GreyNetwork: Predicting {
    let classes: Int
    func predict(model: String, input: Tensor) async throws -> Tensor {
        let values = (0 ..< classes).flatMap { k in
            input.values.map { x in
                let distance = x * 10 - Float(k)
                return -distance * distance
            }
        }
        return try Tensor(shape: [1, classes, input.shape[2], input.shape[3]], values: values)
    }
}

/// Believes that the right half of whatever it sees is class 1: only the mean over mirror images is undecided.
struct RightHalfNetwork: Predicting {
    func predict(model: String, input: Tensor) async throws -> Tensor {
        let (rows, columns) = (input.shape[2], input.shape[3])
        var output = Tensor(shape: [1, 2, rows, columns], filledWith: 0)
        for y in 0 ..< rows {
            for x in 0 ..< columns {
                output.values[y * columns + x] = 0.5
                output.values[(rows + y) * columns + x] = x >= columns / 2 ? 1.5 : 0
            }
        }
        return output
    }
}

actor Recorder {
    private(set) var values: [Double] = []
    func add(_ value: Double) { values.append(value) }
}

/// Remembers the inputs and answers with zeros.
actor RecordingNetwork: Predicting {
    let classes: Int
    private(set) var inputs: [Tensor] = []
    init(classes: Int) { self.classes = classes }
    func predict(model: String, input: Tensor) async throws -> Tensor {
        inputs.append(input)
        return Tensor(shape: [1, classes, input.shape[2], input.shape[3]], filledWith: 0)
    }
}

@Suite struct LamellaSegmenterTests {
    static func description(
        classes: [String], normalisation: Normalisation, mirroring: Bool = false, rows: Int = 32, columns: Int = 48
    ) -> ModelDescription {
        ModelDescription(
            name: "test", kind: .segmenter, networks: [ModelDescription.Network(file: "model.torchscript", sha256: String(repeating: "0", count: 64))], pixelSize: PixelSize(20),
            patchRows: rows, patchColumns: columns, classes: classes, normalisation: normalisation, mirroringAxes: mirroring ? [0, 1] : [],
            licence: "none")
    }

    @Test(
        "Each pixel gets the class of its own logits, whatever the size of the map",
        arguments: [(20, 20), (48, 32), (49, 33), (131, 97), (300, 20), (17, 250)])
    func windowsDoNotShow(_ width: Int, _ height: Int) async throws {
        var random = RandomSource(seed: UInt64(width))
        let classes = (0 ..< 9).map { "class\($0)" }
        var truth = Raster<UInt8>(width: width, height: height, filledWith: 0)
        for i in truth.pixels.indices { truth.pixels[i] = UInt8(random.uniform() * 9) }
        // Corners that are not 0, so that nothing is cropped.
        truth[0, 0] = 3
        truth[width - 1, height - 1] = 4
        let segmenter = try LamellaSegmenter(
            description: Self.description(classes: classes, normalisation: .unit, mirroring: true), networkPaths: ["/none"],
            predictor: GreyNetwork(classes: 9))
        let progress = Recorder()
        // Class k is the grey value that the network's logits peak at.
        let result = try await segmenter.segment(truth.map { UInt8((Float($0) * 25.5).rounded()) }) { await progress.add($0) }
        #expect(result.labels == truth)
        #expect(await progress.values.last == 1)
        #expect(await progress.values.sorted() == progress.values)
        #expect(result.pixelCounts.reduce(0, +) == width * height)
    }

    @Test("Mirror images are turned back before they are averaged")
    func mirroring() async throws {
        let map = Raster<UInt8>(width: 48, height: 32, filledWith: 9)
        let plain = try await LamellaSegmenter(
            description: Self.description(classes: ["background", "cell"], normalisation: .zScore), networkPaths: ["/none"],
            predictor: RightHalfNetwork()
        ).segment(map)
        #expect(plain.labels[0, 0] == 0 && plain.labels[47, 0] == 1)
        #expect(plain.pixelCounts == [768, 768])
        let mirrored = try await LamellaSegmenter(
            description: Self.description(classes: ["background", "cell"], normalisation: .zScore, mirroring: true),
            networkPaths: ["/none"], predictor: RightHalfNetwork()
        ).segment(map)
        // The mean is 0.75 against 0.5 everywhere.
        #expect(mirrored.pixelCounts == [0, 1536])
    }

    @Test("The network sees mean 0 and standard deviation 1, and 0 in the padding")
    func normalisation() async throws {
        let network = RecordingNetwork(classes: 2)
        var map = Raster<UInt8>(width: 40, height: 32, filledWith: 50)
        for y in 0 ..< 32 { for x in 20 ..< 40 { map[x, y] = 150 } }
        _ = try await LamellaSegmenter(
            description: Self.description(classes: ["background", "cell"], normalisation: .zScore), networkPaths: ["/none"],
            predictor: network
        ).segment(map)
        let input = try #require(await network.inputs.first)
        #expect(input.shape == [1, 1, 32, 48])
        #expect(Array(input.values[0 ..< 48]) == [0, 0, 0, 0] + [Float](repeating: -1, count: 20)
            + [Float](repeating: 1, count: 20) + [0, 0, 0, 0])
    }

    @Test("What was not acquired is black, in the margin and under the mask")
    func notAcquired() async throws {
        var map = Raster<UInt8>(width: 60, height: 50, filledWith: 0)
        for y in 10 ..< 45 { for x in 5 ..< 55 { map[x, y] = 102 } }
        var acquired = Raster<Bool>(width: 60, height: 50, filledWith: true)
        acquired[20, 20] = false
        let classes = ["background", "white", "black", "crack", "cell"]
        let segmenter = try LamellaSegmenter(
            description: Self.description(classes: classes, normalisation: .unit), networkPaths: ["/none"],
            predictor: GreyNetwork(classes: 5))
        let result = try await segmenter.segment(map, acquired: acquired)
        for y in 0 ..< 50 {
            for x in 0 ..< 60 {
                let inside = (5 ..< 55).contains(x) && (10 ..< 45).contains(y) && !(x == 20 && y == 20)
                #expect(result.labels[x, y] == (inside ? 4 : 2))
            }
        }
        #expect(result.areaInSquareMicrometers(of: "cell").map { abs($0 - 1749 * 0.0004) < 1e-9 } == true)
        #expect(result.areaInSquareMicrometers(of: "nothing") == nil)
        let empty = try await segmenter.segment(Raster(width: 9, height: 9, filledWith: 0))
        #expect(empty.pixelCounts == [0, 0, 81, 0, 0])
    }

    @Test("A network that does not fit or returns no numbers is an error")
    func wrongOutput() async throws {
        struct NotANumber: Predicting {
            func predict(model: String, input: Tensor) async throws -> Tensor {
                Tensor(shape: [1, 2, 32, 48], filledWith: .nan)
            }
        }
        let description = Self.description(classes: ["background", "cell"], normalisation: .unit)
        let map = Raster<UInt8>(width: 20, height: 20, filledWith: 1)
        await #expect(throws: SegmentationError.notFinite) {
            try await LamellaSegmenter(description: description, networkPaths: ["/none"], predictor: NotANumber()).segment(map)
        }
        await #expect(throws: SegmentationError.unexpectedOutput(shape: [1, 7, 32, 48], expected: [1, 2, 32, 48])) {
            try await LamellaSegmenter(description: description, networkPaths: ["/none"], predictor: GreyNetwork(classes: 7))
                .segment(map)
        }
        await #expect(throws: SegmentationError.maskSizeDiffers) {
            try await LamellaSegmenter(description: description, networkPaths: ["/none"], predictor: NotANumber())
                .segment(map, acquired: Raster(width: 3, height: 3, filledWith: true))
        }
    }

    @Test("Of regions the last one that a pixel is in counts, and each has a probability of its own")
    func regions() async throws {
        var description = Self.description(classes: ["background", "whole", "inner", "core"], normalisation: .asIs)
        description.regions = [1, 3, 2]
        // Outputs are sure by grey value: the first from 2 on, the second from 4 on, the third at 6 alone.
        struct RegionNetwork: Predicting {
            func predict(model: String, input: Tensor) async throws -> Tensor {
                let bounds: [ClosedRange<Float>] = [2 ... 9, 4 ... 9, 6 ... 6]
                return try Tensor(
                    shape: [1, 3, input.shape[2], input.shape[3]], values: bounds.flatMap { bound in input.values.map { bound.contains($0) ? 4 : -4 } })
            }
        }
        let map = Raster<UInt8>(width: 8, height: 1, pixels: (1 ... 8).map { UInt8($0) })
        var acquired = Raster<Bool>(width: 8, height: 1, filledWith: true)
        acquired.pixels[7] = false
        for profile in [SegmentationProfile.accurate, .reference] {
            let segmenter = try LamellaSegmenter(description: description, networkPaths: ["/none"], predictor: RegionNetwork(), profile: profile)
            var rows: [[Float]] = []
            let result = try await segmenter.segment(map, acquired: acquired, probabilities: { rows.append($0) })
            #expect(result.labels.pixels == [0, 1, 1, 3, 3, 2, 3, 0])
            #expect(try await segmenter.segment(map, acquired: acquired).labels == result.labels)
            let probabilities = try #require(rows.first)
            #expect(rows.count == 1 && probabilities.count == 24)
            // Nothing is said of what was not acquired.
            #expect(probabilities[7] == 0 && probabilities[15] == 0 && probabilities[23] == 0)
            for (k, inside) in [[2, 3, 4, 5, 6, 7], [4, 5, 6, 7], [6]].enumerated() {
                for x in 0 ..< 7 { #expect((probabilities[k * 8 + x] > 0.9) == inside.contains(x + 1)) }
            }
        }
    }

    @Test("When a row of windows is looked at, every row above the one before is finished and gone: no more rows are kept than a window has", arguments: [33, 200, 1500])
    func boundedMemory(_ height: Int) async throws {
        let (rows, columns) = (32, 48)
        let finished = Mutex(0)
        /// Writes down how many rows were finished each time that it is asked.
        struct WatchingNetwork: Predicting {
            let finished: @Sendable () -> Int
            let seen: @Sendable (Int) -> Void
            func predict(model: String, input: Tensor) async throws -> Tensor {
                seen(finished())
                return Tensor(shape: [1, 18, input.shape[2], input.shape[3]], filledWith: 0)
            }
        }
        let seen = Mutex<[Int]>([])
        let network = WatchingNetwork(finished: { finished.withLock { $0 } }, seen: { count in seen.withLock { $0.append(count) } })
        for profile in [SegmentationProfile.fast, .balanced, .reference] {
            finished.withLock { $0 = 0 }
            seen.withLock { $0 = [] }
            let segmenter = try LamellaSegmenter(
                description: Self.description(classes: (0 ..< 18).map { "class\($0)" }, normalisation: .asIs, rows: rows, columns: columns), networkPaths: ["/none"],
                predictor: network, profile: profile)
            _ = try await segmenter.segment(Raster(width: 60, height: height, filledWith: 3), probabilities: { _ in finished.withLock { $0 += 1 } })
            let step = profile == .fast ? 0.75 : 0.5
            let tops = WindowAxis.positions(length: height, window: rows, step: step)
            let across = WindowAxis.positions(length: 60, window: columns, step: step).count
            let known = seen.withLock { $0 }
            #expect(known.count == tops.count * across)
            // The two windows of a row are looked at together, those of the next row while they are summed up.
            try #require(across == 2)
            for (number, rows) in known.enumerated() {
                let row = number / across
                let before = profile == .reference ? row : max(0, row - 1)
                #expect((tops[before] ... tops[row]).contains(rows), "window \(number)")
            }
            #expect(finished.withLock { $0 } == height)
        }
    }

    @Test func aMarginOfZeroIsBlackButBackgroundInTheReferenceAsNnunetHasIt() async throws {
        let model = Self.description(classes: ["background", "cell", "black"], normalisation: .unit)
        var map = Raster<UInt8>(width: 60, height: 50, filledWith: 0)
        for y in 5 ..< 40 { for x in 7 ..< 52 { map.pixels[y * 60 + x] = 26 } }
        // Inside of what is filled a 0 is a grey level like others.
        map.pixels[20 * 60 + 20] = 0
        for (profile, margin) in [(SegmentationProfile.accurate, UInt8(2)), (.reference, 0)] {
            let segmenter = try LamellaSegmenter(description: model, networkPaths: ["/none"], predictor: GreyNetwork(classes: 3), profile: profile)
            var rows: [[Float]] = []
            let labels = try await segmenter.segment(map, probabilities: { rows.append($0) }).labels
            for y in 0 ..< 50 {
                for x in 0 ..< 60 {
                    let isInside = (5 ..< 40).contains(y) && (7 ..< 52).contains(x)
                    let expected = isInside ? (x, y) == (20, 20) ? 0 : 1 : margin
                    #expect(labels.pixels[y * 60 + x] == expected, "\(profile) at \(x), \(y)")
                    if !isInside { #expect((0 ..< 3).map { rows[y][$0 * 60 + x] } == (0 ..< 3).map { $0 == Int(margin) ? 1 : 0 }) }
                }
            }
            // What a montage did not take is black in every profile.
            var acquired = Raster(width: 60, height: 50, filledWith: true)
            acquired.pixels[10 * 60 + 10] = false
            #expect(try await segmenter.segment(map, acquired: acquired).labels.pixels[10 * 60 + 10] == 2)
        }
    }

    @Test func anEmptyImageIsShownToTheNetworkByTheReferenceAlone() async throws {
        let model = Self.description(classes: ["background", "cell", "black"], normalisation: .unit)
        let empty = Raster<UInt8>(width: 60, height: 50, filledWith: 0)
        for (profile, inputs, label) in [(SegmentationProfile.accurate, 0, UInt8(2)), (.reference, 6, 0)] {
            let network = RecordingNetwork(classes: 3)
            let segmenter = try LamellaSegmenter(description: model, networkPaths: ["/none"], predictor: network, profile: profile)
            #expect(segmenter.passes(for: [empty], pixelSize: nil) == inputs)
            #expect(Set(try await segmenter.segment(empty).labels.pixels) == [label])
            #expect(await network.inputs.count == inputs)
        }
    }
}
