import Foundation
import Units

extension TargetsFileFindings {
    mutating func look(atTargets file: ReadTargets, imageShiftLimit: Micrometers?) {
        guard let first = file.targets.first else { return add(.someTarget, nil, "the file holds no target") }
        if file.targets.allSatisfy({ $0.keys["skip"]?.text == "True" }) {
            add(.acquiredTargets, first.line, "every target is skipped, so nothing is acquired")
        } else if first.keys["skip"]?.text == "True" {
            add(.acquiredTargets, first.keys["skip"]?.line, "the first target is skipped, but PACEtomo tracks on it and images it all the same; put another one first")
        }
        let reach = file.reach(imageShiftLimit: imageShiftLimit)
        var series: [String: Int] = [:]
        for (index, target) in file.targets.enumerated() {
            lookAtKeys(of: target, number: index + 1)
            lookAtNames(of: target, number: index + 1)
            if let value = target.keys["tsfile"] {
                if let other = series[value.text] {
                    add(.seriesOfTheirOwn, value.line, "tsfile of target \(index + 1) is \(Self.shown(value.text)), which is that of target \(other) too")
                }
                series[value.text] = series[value.text] ?? index + 1
            }
            guard let shift = ReadTargets.shift(target.keys) else { continue }
            let (distance, line) = ((shift.x * shift.x + shift.y * shift.y).squareRoot(), target.keys["SSX"]?.line)
            if index == 0, distance >= 5e-5 {
                add(.trackingAtZero, line, "the first target, on which is tracked, has the image shift \(Self.rounded(shift.x)), \(Self.rounded(shift.y)) µm, and must have 0")
            }
            guard target.keys["skip"]?.text != "True", distance > reach else { continue }
            add(
                .withinImageShift, line,
                "target \(index + 1) is \(Self.rounded(distance)) µm from the first, and PACEtomo leaves out what is beyond \(Self.rounded(reach)) µm; move it, or set its skip to True")
        }
    }

    static func rounded(_ value: Double) -> String { String(format: "%g", (value * 100).rounded() / 100) }

    private mutating func lookAtKeys(of target: (keys: ReadTargets.Keys, line: Int), number: Int) {
        let keys = target.keys
        for key in ["tsfile", "SSX", "SSY"] + (number == 1 ? ["stageX", "stageY"] : []) where keys[key] == nil {
            add(.neededKeys, target.line, "target \(number) has no \(key), and PACEtomo stops where it needs it")
        }
        for key in ["SSX", "SSY", "stageX", "stageY"] {
            guard let value = keys[key], value.number?.isFinite != true else { continue }
            add(.numericPositions, value.line, "\(key) of target \(number) is \(Self.shown(value.text)), which is no number")
        }
        if let skip = keys["skip"] {
            if !["True", "False"].contains(skip.text) {
                add(.skipExact, skip.line, "skip of target \(number) is \(Self.shown(skip.text)), and only the word True skips; write True or False")
            }
        } else {
            add(.skipWritten, target.line, "target \(number) has no skip: PACEtomo cannot take up a run again that was interrupted; add 'skip = False'")
        }
        if keys["viewfile"] == nil {
            add(.viewFiles, target.line, "target \(number) has no viewfile, so it is imaged where image shift puts it, without alignment")
        }
        if let area = keys["LDArea"], LowDoseArea(rawValue: area.text) == nil {
            add(.knownLowDoseArea, area.line, "LDArea of target \(number) is \(Self.shown(area.text)), and must be R, V or S")
        }
    }

    private mutating func lookAtNames(of target: (keys: ReadTargets.Keys, line: Int), number: Int) {
        for key in ["tsfile", "viewfile", "tgtfile"] {
            guard let value = target.keys[key] else { continue }
            if key == "tgtfile", value.text == "None" {
                add(.noFileCalledNone, value.line, "tgtfile of target \(number) is 'None', which PACEtomo takes for the name of a file; take the line out")
            } else if !AreaNames.isPlain(value.text) {
                add(
                    .plainFileNames, value.line,
                    "\(key) of target \(number) is \(Self.shown(value.text)), which must be a file name without a folder, of letters, digits, dot, minus and underscore")
            }
        }
    }

    // MARK: Geo points

    mutating func look(atGeoPoints file: ReadTargets, imageShiftLimit: Micrometers?) {
        let said = file.isOn("measureGeo")
        if said == nil, file.resumeLine == nil, !file.hasBranches {
            let points = file.geoPoints.count
            add(
                .geometrySaid, file.geoPoints.first?.line,
                "the file does not say measureGeo, so the script decides\(points > 0 ? ", and leaves its \(points) geo points unused by default" : ""); add '_bset measureGeo = \(points >= 3 ? "True" : "False")'")
        }
        guard said == true else { return }
        let reach = file.reach(imageShiftLimit: imageShiftLimit)
        for (index, point) in file.geoPoints.enumerated() {
            for key in ["SSX", "SSY"] where point.keys[key] == nil {
                add(.geoPointShifts, point.line, "geo point \(index + 1) lacks \(key), and PACEtomo stops when it measures the plane")
            }
            for (key, value) in point.keys where value.number?.isFinite != true {
                add(.finiteNumbers, value.line, "\(key) of geo point \(index + 1) is no finite number")
            }
        }
        let near = file.geoPoints.compactMap { ReadTargets.shift($0.keys) }.filter { ($0.x * $0.x + $0.y * $0.y).squareRoot() <= reach }
        let line = file.switches["measureGeo"]?.line ?? file.numbers["measureGeo"]?.line
        if near.count < 3 {
            add(.enoughGeoPoints, line, "measureGeo is on with \(near.count) of the 3 geo points within image shift that a plane needs, so pretilt and rotation stay those of the script")
        } else if Self.width(near) < 0.1 {
            add(.enoughGeoPoints, line, "the geo points lie in a line, so the plane that PACEtomo fits to them may have any tilt about it; move one of them")
        }
    }

    /// The extent of points across their longest direction in micrometres, as the root of their mean square.
    private static func width(_ points: [(x: Double, y: Double)]) -> Double {
        let n = Double(points.count)
        let (x, y) = (points.reduce(0) { $0 + $1.x } / n, points.reduce(0) { $0 + $1.y } / n)
        let (xx, yy, xy) = points.reduce(into: (0.0, 0.0, 0.0)) { sum, point in
            sum = (sum.0 + (point.x - x) * (point.x - x) / n, sum.1 + (point.y - y) * (point.y - y) / n, sum.2 + (point.x - x) * (point.y - y) / n)
        }
        let half = (xx + yy) / 2
        return max(0, half - max(0, half * half - xx * yy + xy * xy).squareRoot()).squareRoot()
    }
}
