import Foundation
import InferenceWire
import Raster
import Testing
import Units

@testable import Segmentation

/// Answers with what it saw, as the second of two classes; the first is always 0.
private actor EchoNetwork: Predicting {
    private(set) var inputs: [Tensor] = []
    func predict(model: String, input: Tensor) async throws -> Tensor {
        inputs.append(input)
        let plane = input.shape[2] * input.shape[3]
        return try Tensor(shape: [1, 2, input.shape[2], input.shape[3]], values: [Float](repeating: 0, count: plane) + input.values.prefix(plane))
    }
}

@Suite struct PreparationTests {
    /// What scikit-image makes of an image (`resize` with `mode="edge"`, without smoothing) whose pixel (x, y) is (3x² + 7y + 5xy) % 17.
    private static let resized: [(order: Int, width: Int, height: Int, values: [Float])] = [
        (
            3, 4, 8,
            [
                0.0, 12.1685, 14.1745, 5.5451, 4.0679, 12.2324, 12.482, 6.3903, 10.7267, 12.1056, 7.3557, 7.7474, 13.3066, 11.6093, 0.5711, 8.7236, 9.5852, 11.3811,
                2.8024, 9.3308, 3.9485, 11.8266, 10.2071, 9.3111, 4.378, 12.8269, 7.1902, 8.2674, 6.6523, 13.5085, 1.8915, 7.4097,
            ]
        ),
        (
            3, 10, 3,
            [
                1.1066, 3.9846, 8.591, 11.8785, 12.3896, 12.931, 12.3822, 7.7205, 5.9426, 6.9832, 14.3685, 11.3234, 10.48, 12.1312, 6.4961, 0.9267, 0.0098, 1.4592, 7.2945,
                12.5879, 8.713, 3.2265, 2.8603, 11.5074, 13.8564, 9.2273, 6.0479, 10.4264, 9.4287, 4.9117,
            ]
        ),
        (
            1, 4, 8,
            [
                1.125, 11.75, 13.5, 6.375, 5.0078, 12.0234, 11.0938, 6.8672, 10.1562, 12.2812, 7.5234, 7.5703, 11.7188, 11.3438, 2.7578, 8.2734, 9.9609, 11.0703, 3.3047,
                8.9766, 4.8828, 11.4609, 9.1641, 9.6797, 5.7812, 11.8516, 6.6562, 7.9922, 6.875, 12.125, 4.25, 6.625,
            ]
        ),
        (
            1, 10, 3,
            [
                2.3333, 4.9, 8.25, 11.75, 11.7833, 11.6667, 11.4, 7.6667, 6.6333, 7.0, 14.0, 11.8, 10.5, 11.9, 6.15, 1.95, 0.15, 2.25, 7.05, 12.0, 8.6667, 4.8167, 4.25,
                11.4833, 11.5667, 9.2333, 5.6167, 9.5833, 8.6, 5.6667,
            ]
        ),
    ]

    @Test("Images and logits are resampled as scikit-image does it", arguments: 0 ..< 4)
    func resampling(_ number: Int) {
        let (order, width, height, expected) = Self.resized[number]
        var image = Raster<Float>(width: 7, height: 5, filledWith: 0)
        for y in 0 ..< 5 { for x in 0 ..< 7 { image[x, y] = Float((3 * x * x + 7 * y + 5 * x * y) % 17) } }
        var values: [Float] = []
        if order == 3 {
            values = SplineResampling.cubic(image, width: width, height: height).pixels
        } else {
            var rows = LogitRowResampler(rows: LinearTaps(from: 5, to: height), columns: LinearTaps(from: 7, to: width))
            for y in 0 ..< 5 {
                for made in rows.take(LogitRow(classes: 1, width: 7, values: Array(image.pixels[7 * y ..< 7 * y + 7])), at: y) {
                    #expect(made.place == values.count / width)
                    values += made.row.values
                }
            }
        }
        #expect(values.count == expected.count)
        #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-3 }, "\(values)")
    }

    private static func description(_ normalisations: [Normalisation], spacing: [Double] = [1, 1]) -> ModelDescription {
        ModelDescription(
            name: "test", kind: .segmenter, networks: [ModelDescription.Network(file: "model.torchscript", sha256: String(repeating: "0", count: 64))], pixelSize: PixelSize(20),
            patchRows: 8, patchColumns: 8, classes: ["background", "cell"], normalisation: .unit, normalisations: normalisations, spacing: spacing, licence: "none")
    }

    /// What the network sees of an image of 8 x 8 pixels: half of them 0, a quarter 40 and a quarter 80, in a first row of 0, 40, 0, 80 and so on.
    private func seen(_ normalisations: [Normalisation], channels: [Raster<Float>]? = nil) async throws -> [Float] {
        let network = EchoNetwork()
        let image = Raster<Float>(width: 8, height: 8, pixels: (0 ..< 64).map { [0, 40, 0, 80][($0 + $0 / 8) % 4] })
        _ = try await LamellaSegmenter(description: Self.description(normalisations), networkPaths: ["/none"], predictor: network).segment(channels: channels ?? [image])
        return try #require(await network.inputs.first).values
    }

    @Test("Grey values are normalised by each of nnU-Net's schemes")
    func schemes() async throws {
        // Mean 30, and of the squares (1600 + 6400) / 4: standard deviation 33.166.
        let deviation = Float(1100).squareRoot()
        let cases: [(Normalisation, [Float])] = [
            (.unit, [0, 40.0 / 255, 0, 80.0 / 255]), (.asIs, [0, 40, 0, 80]), (.range, [0, 0.5, 0, 1]),
            (.zScore, [-30 / deviation, 10 / deviation, -30 / deviation, 50 / deviation]),
            // Over those that are not 0: mean 60, standard deviation 20.
            (.zScoreOfFilled, [0, -1, 0, 1]), (.fixed(.init(lower: 10, upper: 60, mean: 20, deviation: 5)), [-2, 4, -2, 8]),
        ]
        for (scheme, expected) in cases {
            let values = try await seen([scheme])
            #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(scheme): \(values.prefix(4))")
        }
    }

    @Test("Each channel has its own image and normalisation, or all have one image")
    func channels() async throws {
        let dark = Raster<Float>(width: 8, height: 8, filledWith: 5)
        let light = Raster<Float>(width: 8, height: 8, filledWith: 51)
        let values = try await seen([.asIs, .unit], channels: [dark, light])
        #expect(Set(values.prefix(64)) == [5] && Set(values.suffix(64)) == [0.2])
        let both = try await seen([.asIs, .unit], channels: [light])
        #expect(Set(both.prefix(64)) == [51] && Set(both.suffix(64)) == [0.2])
        await #expect(throws: SegmentationError.wrongChannels(3, expected: 2)) { try await seen([.asIs, .unit], channels: [dark, dark, dark]) }
        await #expect(throws: SegmentationError.channelSizesDiffer) {
            try await seen([.asIs, .unit], channels: [dark, Raster(width: 8, height: 9, filledWith: 1)])
        }
    }

    @Test("A map of another pixel size is resampled for the network, and its labels are given at its own")
    func pixelSizes() async throws {
        var map = Raster<UInt8>(width: 40, height: 24, filledWith: 10)
        for y in 0 ..< 24 { for x in 20 ..< 40 { map[x, y] = 200 } }
        for (pixelSize, spacing, size) in [(20.0, [1.0, 1.0], (40, 24)), (10, [1, 1], (20, 12)), (30, [1, 1], (60, 36)), (20, [2, 1], (40, 12)), (9, [0.5, 1], (18, 22))] {
            let network = EchoNetwork()
            let segmenter = try LamellaSegmenter(description: Self.description([.zScore], spacing: spacing), networkPaths: ["/none"], predictor: network)
            #expect(segmenter.inputSize(width: 40, height: 24, pixelSize: PixelSize(pixelSize)) == size)
            let result = try await segmenter.segment(map, pixelSize: PixelSize(pixelSize))
            #expect(result.labels == map.map { $0 > 100 ? 1 : 0 }, "\(pixelSize), \(spacing)")
            #expect(result.pixelSize == PixelSize(pixelSize))
        }
        let segmenter = try LamellaSegmenter(description: Self.description([.zScore]), networkPaths: ["/none"], predictor: EchoNetwork())
        await #expect(throws: SegmentationError.mapTooLarge(width: 2_000_000, height: 1_200_000)) { try await segmenter.segment(map, pixelSize: PixelSize(1_000_000)) }
        await #expect(throws: SegmentationError.pixelSizeUnknown) { try await segmenter.segment(map, pixelSize: PixelSize(.nan)) }
    }

    @Test("Probabilities are told row by row, sum up to 1, and are those of black where nothing was acquired")
    func probabilities() async throws {
        var map = Raster<UInt8>(width: 30, height: 20, filledWith: 0)
        for y in 3 ..< 18 { for x in 2 ..< 27 { map[x, y] = x < 15 ? 10 : 200 } }
        let segmenter = try LamellaSegmenter(description: Self.description([.zScore]), networkPaths: ["/none"], predictor: EchoNetwork())
        for pixelSize in [20.0, 13] {
            var rows: [[Float]] = []
            let result = try await segmenter.segment(map, pixelSize: PixelSize(pixelSize), probabilities: { rows.append($0) })
            #expect(rows.count == 20 && rows.allSatisfy { $0.count == 60 })
            for (y, row) in rows.enumerated() {
                for x in 0 ..< 30 {
                    #expect(abs(row[x] + row[30 + x] - 1) < 1e-5)
                    #expect(result.labels[x, y] == (row[30 + x] > row[x] ? 1 : 0))
                }
            }
            #expect(rows[0][5] == 1 && rows[19][29] == 1 && rows[10][0] == 1)
            // The mean is 0 and the deviation 1: dark pixels have -1.04, bright ones 0.96.
            let bright = 1 / (1 + Float(exp(-0.9608)))
            #expect(abs(rows[10][30 + 24] - bright) < 0.02, "\(rows[10][30 + 24])")
        }
    }

    @Test("With 16-bit sums the labels of a clear map are the same, and probabilities nearly")
    func reference() async throws {
        var map = Raster<UInt8>(width: 30, height: 20, filledWith: 10)
        for y in 0 ..< 20 { for x in 11 ..< 30 { map[x, y] = 200 } }
        var model = Self.description([.zScore])
        model.networks = Array(repeating: model.networks[0], count: 3)
        for pixelSize in [20.0, 13] {
            var rows: [[Float]] = []
            var exact: [[Float]] = []
            let paths = Array(repeating: "/none", count: 3)
            let reference = try await LamellaSegmenter(description: model, networkPaths: paths, predictor: EchoNetwork(), profile: .reference)
                .segment(map, pixelSize: PixelSize(pixelSize), probabilities: { rows.append($0) })
            let accurate = try await LamellaSegmenter(description: model, networkPaths: paths, predictor: EchoNetwork())
                .segment(map, pixelSize: PixelSize(pixelSize), probabilities: { exact.append($0) })
            #expect(reference.labels == accurate.labels)
            let differences = zip(rows.joined(), exact.joined()).map { abs($0 - $1) }
            #expect((differences.max() ?? 1) < 0.02 && (differences.max() ?? 0) > 1e-6)
        }
    }

    @Test("A profile decides about folds, mirror images and overlap")
    func profiles() async throws {
        var model = Self.description([.zScore])
        model.networks = Array(repeating: model.networks[0], count: 5)
        model.mirroringAxes = [0, 1]
        let map = Raster<UInt8>(width: 40, height: 24, filledWith: 9)
        for (profile, windows, folds, images) in [(SegmentationProfile.accurate, 9 * 5, 5, 4), (.balanced, 9 * 5, 5, 1), (.fast, 7 * 4, 1, 1), (.reference, 9 * 5, 5, 4)] {
            let network = EchoNetwork()
            _ = try await LamellaSegmenter(description: model, networkPaths: Array(repeating: "/none", count: 5), predictor: network, profile: profile).segment(map)
            #expect(await network.inputs.count == windows * folds * images)
            #expect(profile.passes(of: model, width: 40, height: 24) == windows * folds * images)
        }
    }
}
