import Foundation
import Geometry
import Raster
import Targets
import Testing
import Units

/// Ten thousand maps through selection, writing and reading back: no rule is broken, and nothing stops.
struct RandomCaseTests {
    static let cases = 10_000
    static let parts = 20

    @Test(arguments: 0 ..< parts) func noRuleIsBroken(_ part: Int) throws {
        var (targets, areas, empty) = (0, 0, 0)
        for number in 0 ..< Self.cases / Self.parts {
            let seed = UInt64(part * Self.cases / Self.parts + number)
            let example = RandomCase(seed: seed)
            let chosen = try Self.select(example)
            let broken = Self.broken(chosen, of: example) + (try Self.misread(chosen, of: example, named: "G\(seed)_L01"))
            #expect(broken.isEmpty, "seed \(seed): \(broken.joined(separator: "; "))")
            if number % 50 == 0 { #expect(try Self.select(example) == chosen, "seed \(seed): chosen differently a second time") }
            targets += chosen.reduce(0) { $0 + $1.targets.count }
            areas += chosen.count
            if chosen.isEmpty { empty += 1 }
        }
        // The cases are about something: most have targets, some none, and some more areas than one.
        #expect(targets > 300 && empty > 10 && areas > Self.cases / Self.parts - empty, "\(targets) targets, \(areas) areas, \(empty) maps without")
    }

    /// Settings out of range are refused, whatever the map.
    @Test(arguments: [0, 1, 2, 3, 4]) func whatIsOutOfRangeIsRefused(_ which: Int) {
        for seed in UInt64(0) ..< 40 {
            let example = RandomCase(seed: seed)
            var settings = example.settings
            switch which {
            case 0: settings.scoreThreshold = -0.1
            case 1: settings.penaltyWeight = .nan
            case 2: settings.maximumTilt = Degrees(81)
            case 3: settings.imageShiftLimit = Micrometers(0)
            default: settings.beamMargin = Micrometers(.infinity)
            }
            #expect(throws: TargetsError.self) {
                try TargetSelection.select(
                    labels: example.labels, classes: RandomCase.classes, acquired: example.acquired, geometry: example.geometry, settings: settings)
            }
        }
    }

    private static func select(_ example: RandomCase) throws -> [TargetArea] {
        try TargetSelection.select(
            labels: example.labels, classes: RandomCase.classes, acquired: example.acquired, geometry: example.geometry, settings: example.settings)
    }

    // MARK: Places

    /// The rules that chosen targets break, in words.
    private static func broken(_ areas: [TargetArea], of example: RandomCase) -> [String] {
        let (settings, geometry) = (example.settings, example.geometry)
        var words: [String] = []
        let avoided = Set(settings.avoidedClasses + ["black", "white"]).subtracting(settings.targetClasses)
        for (number, area) in areas.enumerated() {
            if area.targets.isEmpty { words.append("area \(number) is empty") }
            for (index, target) in area.targets.enumerated() {
                let shift = geometry.specimenShift(from: area.targets[0].position, to: target.position).length
                if !(shift <= settings.imageShiftLimit.value) { words.append("target \(index) of area \(number) is \(shift) µm away") }
                if !isOnAcquiredPixels(target.position, example) { words.append("the field of target \(index) of area \(number) leaves the map") }
                if settings.extraTracking, index == 0 { continue }
                if !(target.score > settings.scoreThreshold && target.score <= 1 + 1e-9) { words.append("a score of \(target.score)") }
                let label = example.labels[Int(target.position.x), Int(target.position.y)]
                if avoided.contains(RandomCase.classes[Int(label)]) { words.append("a target is centred on \(RandomCase.classes[Int(label)])") }
            }
            if !(area.geoPoints.isEmpty || area.geoPoints.count >= 3) { words.append("\(area.geoPoints.count) geo points") }
            for point in area.geoPoints {
                let shift = geometry.specimenShift(from: area.targets[0].position, to: point).length
                if !(shift <= settings.imageShiftLimit.value) { words.append("a geo point is \(shift) µm away") }
            }
        }
        let beam = geometry.beamDiameter.value + settings.beamMargin.value
        let closest = SampleMaps.closestApproach(areas, geometry: geometry, maximumTilt: settings.maximumTilt) * geometry.beamDiameter.value
        if closest < beam { words.append("two beams of \(beam) µm are \(closest) µm apart") }
        return words
    }

    private static func isOnAcquiredPixels(_ place: Point<Frame.MapPixels>, _ example: RandomCase) -> Bool {
        let left = place.x - Double(example.columns) / 2
        let top = place.y - Double(example.rows) / 2
        let (right, bottom) = (left + Double(example.columns), top + Double(example.rows))
        guard left >= -0.5, top >= -0.5, right <= Double(example.labels.width) + 0.5, bottom <= Double(example.labels.height) + 0.5 else {
            return false
        }
        guard let acquired = example.acquired else { return true }
        // A position between pixels has the score of the nearest field of whole pixels; what is not acquired is the right part of the map.
        return acquired[min(acquired.width - 1, Int((right - 0.5 - 1e-6).rounded(.down))), Int(place.y)]
    }

    // MARK: Files

    /// What is read otherwise than it was meant, in words.
    private static func misread(_ areas: [TargetArea], of example: RandomCase, named map: String) throws -> [String] {
        var words: [String] = []
        var series: Set<String> = []
        for (area, names) in zip(areas, AreaNames.areas(map: map, count: areas.count)) {
            let file = TargetsFile(area: area, name: names.area, geometry: example.geometry, settings: example.acquisition)
            let text = try file.text()
            words += differences(between: file, and: try PACEtomoTargets(parsing: text))
            let check = TargetsFileCheck(surroundings: .init(imageShiftLimit: example.settings.imageShiftLimit, stageTilt: Degrees(80)))
            words += check.findings(in: text, named: names.targetsFile).map(\.description)
            for entry in file.entries where !series.insert(entry.seriesFile).inserted { words.append("\(entry.seriesFile) twice") }
            if TargetsDocument(text).text != text { words.append("the file is another when it is written again") }
            let back = try PACEtomoTargets(parsing: text).area(on: example.geometry)
            let places = zip(back?.targets ?? [], area.targets).map { $0.position.distance(to: $1.position) }
            // A file holds tenths of nanometres.
            if places.count != area.targets.count || places.contains(where: { !($0 * example.geometry.mapPixelSize.value < 0.2) }) {
                words.append("targets lie elsewhere on the map when they are read back")
            }
            let points = PointsFile(area: area, metaData: nil)
            if try PointsFile(data: points.data()) != points || points.area != area { words.append("the points file reads otherwise") }
        }
        let parameters = try TargetParameters(settings: example.settings, classes: RandomCase.classes, geometry: example.geometry)
        if try TargetParameters(data: parameters.data()) != parameters { words.append("tgt_params.json reads otherwise") }
        return words
    }

    private static func differences(between file: TargetsFile, and read: PACEtomoTargets) -> [String] {
        var words: [String] = []
        func compare(_ name: String, _ text: String?, _ value: Double) {
            guard let number = text.flatMap(Double.init), abs(number - value) <= 0.5001e-4 else { return words.append("\(name) is \(text ?? "missing") for \(value)") }
        }
        if read.targets.count != file.entries.count || read.geoPoints.count != file.geoPoints.count { words.append("targets or geo points are lost") }
        for (target, entry) in zip(read.targets, file.entries) {
            compare("SSX", target["SSX"], entry.shift.dx)
            compare("SSY", target["SSY"], entry.shift.dy)
            compare("stageX", target["stageX"], entry.stage.x)
            compare("stageY", target["stageY"], entry.stage.y)
            if target["tsfile"] != entry.seriesFile || target["viewfile"] != entry.viewFile || target["skip"] != "False" { words.append("other keys") }
        }
        for (point, geo) in zip(read.geoPoints, file.geoPoints) {
            compare("SSX", point["SSX"].map { "\($0)" }, geo.shift.dx)
            compare("SSY", point["SSY"].map { "\($0)" }, geo.shift.dy)
        }
        for setting in file.settings {
            switch setting.value {
            case .flag(let flag): if read.flags[setting.name] != flag { words.append("\(setting.name) is another") }
            case .number(let number): compare(setting.name, read.settings[setting.name].map { "\($0)" }, number)
            case .text: words.append("a text is no setting")
            }
        }
        if read.flags["measureGeo"] != !file.geoPoints.isEmpty { words.append("measureGeo is another") }
        return words
    }
}
