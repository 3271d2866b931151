import Geometry
import Raster
@testable import Targets
import Testing
import Units

struct ClassRuleTests {
    private let classes = ["background", "ice", "er", "mitos"]
    private let pixelSize = PixelSize(100)

    private func counted(
        _ labels: Raster<UInt8>, _ rules: [ClassRule], minimum: Double? = nil, probabilities: [String: Raster<Float>] = [:]
    ) throws -> Raster<UInt8> {
        let settings = TargetSettings(targetClasses: ["mitos"], avoidedClasses: ["ice"], classRules: rules, minimumObject: minimum)
        return try CountedLabels(
            labels, classes: try settings.resolved(in: classes), settings: settings, probabilities: probabilities,
            pixelSize: pixelSize
        ).labels
    }

    private func random(_ seed: UInt64, width: Int = 23, height: Int = 17) -> Raster<UInt8> {
        var random = RandomSource(seed: seed)
        return Raster(width: width, height: height, pixels: (0 ..< width * height).map { _ in UInt8(random.uniform() * 4) })
    }

    /// Whether a pixel of the mask lies within a distance in pixels, by looking at all of them.
    private func isNear(_ mask: Raster<Bool>, _ pixel: Int, _ reach: Double) -> Bool {
        mask.pixels.indices.contains { other in
            let dx = Double(pixel % mask.width - other % mask.width)
            let dy = Double(pixel / mask.width - other / mask.width)
            return mask.pixels[other] && dx * dx + dy * dy <= reach * reach + 1e-6
        }
    }

    @Test(arguments: 0 ..< 20) func theNearestPixelIsTheNearest(seed: UInt64) {
        var source = RandomSource(seed: seed)
        let (width, height) = (1 + Int(source.uniform() * 30), 1 + Int(source.uniform() * 30))
        let density = source.uniform()
        let mask = Raster(width: width, height: height, pixels: (0 ..< width * height).map { _ in source.uniform() < density * density })
        let nearest = NearestPixels(mask)
        for pixel in mask.pixels.indices {
            let all = mask.pixels.indices.filter { mask.pixels[$0] }.map { other in
                let (dx, dy) = (pixel % width - other % width, pixel / width - other / width)
                return dx * dx + dy * dy
            }
            #expect(nearest.squaredDistance(at: pixel) == all.min())
            if !all.isEmpty { #expect(mask.pixels[Int(nearest.indices[pixel])]) }
        }
    }

    @Test(arguments: 0 ..< 12, [0.0, 0.1, 0.25, 0.5]) func onLabelsARuleMeansDistance(seed: UInt64, within: Double) throws {
        let labels = random(seed)
        let suppressed = try counted(labels, [ClassRule("mitos", .suppressed, "ice", within: Micrometers(within))])
        let dependent = try counted(labels, [ClassRule("mitos", .dependent, "er", within: Micrometers(within))])
        let (ice, er) = (labels.map { $0 == 1 }, labels.map { $0 == 2 })
        for pixel in labels.pixels.indices {
            let label = labels.pixels[pixel]
            #expect(suppressed.pixels[pixel] == (label == 3 && isNear(ice, pixel, within * 10) ? 4 : label))
            #expect(dependent.pixels[pixel] == (label == 3 && !isNear(er, pixel, within * 10) ? 4 : label))
        }
    }

    @Test(arguments: 0 ..< 8) func onProbabilitiesBothMayClaimAPixel(seed: UInt64) throws {
        var source = RandomSource(seed: seed)
        let labels = random(seed)
        let ice = labels.map { _ in Float(source.uniform()) }
        let rule = ClassRule("mitos", .suppressed, "ice", probability: 0.4)
        let result = try counted(labels, [rule], probabilities: ["ice": ice])
        for pixel in labels.pixels.indices {
            let label = labels.pixels[pixel]
            #expect(result.pixels[pixel] == (label == 3 && ice.pixels[pixel] >= 0.4 ? 4 : label))
        }
        // On labels alone there is no such pixel.
        #expect(try counted(labels, [rule]) == labels)
    }

    @Test func theOrderOfRulesMeansNothing() throws {
        let rules = [
            ClassRule("mitos", .suppressed, "ice", within: Micrometers(0.1)), ClassRule("er", .suppressed, "mitos", within: Micrometers(0.1)),
            ClassRule("mitos", .dependent, "er", within: Micrometers(0.2)),
        ]
        for seed in 0 ..< 5 { #expect(try counted(random(UInt64(seed)), rules) == counted(random(UInt64(seed)), rules.reversed())) }
    }

    @Test func aClassThatIsNowhereSuppressesNothingAndIsNearNothing() throws {
        let labels = Raster<UInt8>(width: 5, height: 5, filledWith: 3)
        #expect(try counted(labels, [ClassRule("mitos", .suppressed, "ice", within: Micrometers(100))]) == labels)
        #expect(try counted(labels, [ClassRule("mitos", .dependent, "er", within: Micrometers(100))]).pixels.allSatisfy { $0 == 4 })
    }

    @Test func objectsBelowTheLeastAreaDoNotCount() throws {
        // 3 x 3 and 3 x 4 pixels of 0.01 um2, which touch nowhere by their sides.
        var labels = Raster<UInt8>(width: 12, height: 12, filledWith: 0)
        for y in 1 ..< 4 { for x in 1 ..< 4 { labels[x, y] = 3 } }
        for y in 4 ..< 8 { for x in 4 ..< 7 { labels[x, y] = 3 } }
        let counts = { (least: Double) in try counted(labels, [], minimum: least).pixels.count { $0 == 3 } }
        #expect(try counts(0.09) == 21)
        #expect(try counts(0.1) == 12)
        #expect(try counts(0.12) == 12)
        #expect(try counts(0.13) == 0)
    }

    @Test func pixelsThatDoNotCountAreNeitherWantedNorAvoided() throws {
        // All of the map is mitochondrion that ice, far away, suppresses.
        var labels = Raster<UInt8>(width: 200, height: 200, filledWith: 3)
        labels[0, 0] = 1
        func areas(_ target: String, _ rules: [ClassRule]) throws -> [TargetArea] {
            let settings = TargetSettings(targetClasses: [target], avoidedClasses: ["ice"], classRules: rules)
            return try TargetSelection.select(labels: labels, classes: classes, geometry: SampleMaps.geometry(), settings: settings)
        }
        let rule = ClassRule("mitos", .suppressed, "ice", within: Micrometers(50))
        #expect(try !areas("mitos", []).isEmpty)
        #expect(try areas("mitos", [rule]).isEmpty)
        #expect(try areas("lamella", [rule]).isEmpty)
    }

    @Test func probabilitiesOfAnotherSizeAreRefused() {
        #expect(throws: TargetsError.self) {
            try counted(random(1), [ClassRule("mitos", .suppressed, "ice")], probabilities: ["ice": Raster(width: 2, height: 2, filledWith: 0)])
        }
    }
}
