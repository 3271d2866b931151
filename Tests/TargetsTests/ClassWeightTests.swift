import Geometry
import Raster
import Targets
import Testing
import Units

struct ClassWeightTests {
    private let classes = SampleMaps.classes
    private let geometry = SampleMaps.geometry()

    private func score(_ labels: Raster<UInt8>, _ settings: TargetSettings) throws -> Double? {
        try TargetSelection.bestSingle(labels: labels, classes: classes, geometry: geometry, settings: settings)?.targets[0].score
    }

    @Test func aFieldFullOfAClassScoresItsWeight() throws {
        let labels = Raster<UInt8>(width: 200, height: 200, filledWith: 5)
        for weight in [0.02, 0.25, 0.5, 1] {
            let settings = TargetSettings(targetClasses: ["mitos", "cell"], classWeights: ["cell": weight])
            #expect(abs(try #require(try score(labels, settings)) - weight) < 1e-9)
        }
    }

    @Test func withoutWeightsEveryScoreIsWhatItWas() throws {
        let labels = SampleMaps.lamella(seed: 3)
        let plain = TargetSettings(targetClasses: ["cell", "mitos"])
        var weighted = plain
        weighted.classWeights = ["cell": 1, "mitos": 1, "ice": 1]
        let select = { try TargetSelection.select(labels: labels, classes: classes, geometry: geometry, settings: $0) }
        #expect(try select(plain) == select(weighted))
    }

    @Test(arguments: 0 ..< 3) func noScoreIsAboveOne(seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        let settings = TargetSettings(
            targetClasses: ["cell", "mitos", "nucleus"],
            classWeights: ["cell": random.uniform(), "mitos": random.uniform(), "ice": random.uniform(0 ... 10)])
        let areas = try TargetSelection.select(
            labels: SampleMaps.lamella(seed: seed), classes: classes, geometry: geometry, settings: settings)
        #expect(areas.flatMap(\.targets).allSatisfy { $0.score <= 1 })
    }

    /// Left half one class, right half the other: the target goes where more is to be seen.
    @Test func theHeavierClassIsPreferred() throws {
        var labels = Raster<UInt8>(width: 300, height: 120, filledWith: 5)
        for y in 0 ..< 120 { for x in 150 ..< 300 { labels[x, y] = 7 } }
        func column(_ weights: [String: Double]) throws -> Double? {
            let settings = TargetSettings(targetClasses: ["cell", "mitos"], classWeights: weights, maximumTargets: 1)
            return try TargetSelection.select(labels: labels, classes: classes, geometry: geometry, settings: settings)
                .first?.targets.first?.position.x
        }
        #expect(try #require(try column(["cell": 0.5])) > 150)
        #expect(try #require(try column(["mitos": 0.5])) < 150)
    }

    @Test func anAvoidedClassCostsItsWeight() throws {
        // The field of 46 x 33 pixels always sees one of two columns of ice, and its middle may be free of both.
        var labels = Raster<UInt8>(width: 60, height: 60, filledWith: 5)
        for y in 0 ..< 60 { for x in [10, 50] { labels[x, y] = 4 } }
        let settings = TargetSettings(targetClasses: ["cell"], sparse: false)
        let plain = try #require(try score(labels, settings))
        var harsh = settings
        harsh.classWeights = ["ice": 10]
        let weighted = try #require(try score(labels, harsh))
        // Of the field's columns, 1 of 46 is ice, at its rim: less than the average of 1/46 of the weight.
        #expect(weighted < plain - 2.7 * 0.6 / 46 && weighted > plain - 2.7 / 46)
    }

    @Test func whatIsWrongIsSaidInOneSentence() throws {
        func message(_ change: (inout TargetSettings) -> Void) -> String {
            var settings = TargetSettings()
            change(&settings)
            do {
                try settings.validate()
                _ = try settings.resolved(in: classes)
                return "nothing is wrong"
            } catch { return error.description }
        }
        #expect(
            message { $0.classWeights = ["mito": 1] }
                == "class_weights names the class 'mito', which the segmentation model does not have: did you mean 'mitos'? "
                + "Its classes are background, white, black, crack, ice, cell, nucleus, mitos, lipiddroplets.")
        #expect(
            message { $0.classWeights = ["cell": 1] }
                == "class_weights names cell, which is neither wanted nor avoided: put it into target_list or avoid_list.")
        #expect(
            message { $0.classWeights = ["mitos": 2] }
                == "class_weights gives mitos 2.0, but a wanted class may have 0 to 1: give the most wanted one 1 and the others less.")
        #expect(
            message { $0.classWeights = ["ice": 11] }
                == "the weight of ice in class_weights is 11.0, but must be between 0.0 and 10.0.")
        #expect(
            message {
                $0.edge = true
                $0.classWeights = ["mitos": 0.5]
            } == "class_weights names mitos, but with target_edge all wanted classes count alike: take it out, or target_edge.")
        #expect(message { $0.classRules = [ClassRule("mitos", .suppressed, "mitos")] } == "class_rules has a rule of mitos about mitos: name two classes.")
        #expect(message { $0.targetsPerInstance = 0 } == "per_instance is 0.0, but must be between 1.0 and 1000.0.")
    }
}
