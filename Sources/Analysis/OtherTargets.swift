import Foundation
import Geometry
import ImageFiles
import Raster
import Targets
import Units

/// Targets of a map that somebody else chose, or an earlier run.
public struct OtherTargets: Sendable {
    /// Where they come from.
    let path: String
    let areas: [TargetArea]
    /// What a targets file lacks, a sentence each, with its line.
    let findings: [TargetsFileFinding]

    /// - Parameter path: a points file, a targets file of PACEtomo, or a folder with points files of the map.
    public init(_ path: String, of map: FinishedMap) throws {
        self.path = path
        areas = try Self.read(path, of: map)
        guard path.hasSuffix(".txt"), let data = FileManager.default.contents(atPath: path) else {
            findings = []
            return
        }
        findings = TargetsFileCheck().findings(in: String(decoding: data, as: UTF8.self), named: (path as NSString).lastPathComponent)
    }

    private static func read(_ path: String, of map: FinishedMap) throws -> [TargetArea] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw AnalysisError("There is no '\(path)' to compare with: name a points file (.json), a targets file (_tgts.txt) or a folder with points files of \(map.name).")
        }
        try RegularFile.check(path)
        let name = (path as NSString).lastPathComponent
        if let other = lamella(ofPointsFile: name), other != map.name, lamella(ofPointsFile: map.name + "_points.json") != nil {
            throw AnalysisError("\(path) cannot be compared with: it has the targets of \(other), and this is \(map.name).")
        }
        guard isFolder.boolValue else { return [try area(path, of: map)].filter { !$0.targets.isEmpty } }
        let numbered = try FileManager.default.contentsOfDirectory(atPath: path).compactMap { name in
            number(ofPointsFile: name, map: map.name).map { (name: name, number: $0) }
        }
        guard !numbered.isEmpty else { throw AnalysisError("\(path) has no points files of \(map.name) to compare with.") }
        return try numbered.sorted { $0.number < $1.number }.map { try area("\(path)/\($0.name)", of: map) }.filter { !$0.targets.isEmpty }
    }

    /// The number of an area by the name of its points file, -1 where there is none; nil of any other file.
    static func number(ofPointsFile name: String, map: String) -> Int? {
        let prefix = map + "_points"
        guard name.hasPrefix(prefix), name.hasSuffix(".json"), name.count >= prefix.count + 5 else { return nil }
        let digits = name.dropFirst(prefix.count).dropLast(5)
        return digits.isEmpty ? -1 : digits.allSatisfy(\.isNumber) ? Int(digits) : nil
    }

    /// The lamella that a points file names, such as `Grid1_L03`; nil of files with other names.
    private static func lamella(ofPointsFile name: String) -> String? {
        guard let end = name.range(of: "_points", options: .backwards), name.hasSuffix(".json") else { return nil }
        let lamella = name[..<end.lowerBound]
        guard let number = lamella.range(of: "_L", options: .backwards), !lamella[number.upperBound...].isEmpty, lamella[number.upperBound...].allSatisfy(\.isNumber) else { return nil }
        return String(lamella)
    }

    private static func area(_ path: String, of map: FinishedMap) throws -> TargetArea {
        guard let data = FileManager.default.contents(atPath: path) else { throw AnalysisError("\(path) cannot be read; check its permissions.") }
        let area: TargetArea
        do {
            area = path.hasSuffix(".txt") ? try pacetomo(data, of: map) : try points(data, of: map)
        } catch {
            throw AnalysisError("\(path) cannot be compared with: \(error)")
        }
        let (width, height) = (Double(map.labels.width), Double(map.labels.height))
        for (index, target) in area.targets.enumerated() where !((0 ... width).contains(target.position.x) && (0 ... height).contains(target.position.y)) {
            throw AnalysisError("\(path) cannot be compared with: target \(index + 1) does not lie on the map of \(map.name).")
        }
        return area
    }

    private static func points(_ data: Data, of map: FinishedMap) throws -> TargetArea {
        let file = try PointsFile(data: data)
        var area = file.area
        // Of another picture of the same map.
        let pixelSize = file.metaData?.pixelSize ?? map.geometry.mapPixelSize.value
        guard pixelSize.isFinite, pixelSize > 0.005, pixelSize < 1e6 else { throw AnalysisError("its pix_size is \(pixelSize), and must be that of a map in nm.") }
        let scale = pixelSize / map.geometry.mapPixelSize.value
        for index in area.targets.indices {
            area.targets[index].position.x *= scale
            area.targets[index].position.y *= scale
        }
        return area
    }

    private static func pacetomo(_ data: Data, of map: FinishedMap) throws -> TargetArea {
        let file = try PACEtomoTargets(parsing: String(decoding: data, as: UTF8.self))
        try file.checkAcquirable()
        guard let toMap = map.geometry.mapToStage.inverse, let toStage = map.geometry.stageToSpecimen.inverse else {
            throw AnalysisError("the map has no stage calibration.")
        }
        func number(_ key: String, _ target: [String: String]) -> Double { target[key].flatMap(Double.init) ?? 0 }
        guard let first = file.targets.first else { return TargetArea(targets: []) }
        let tracking = Point<Frame.Stage>(x: number("stageX", first), y: number("stageY", first))
        // PACEtomo goes by the shifts; the stage positions of the others are for people.
        return TargetArea(
            targets: file.targets.filter { $0["skip"] != "True" }.map { target in
                let shift = toStage(Vector(dx: number("SSX", target), dy: number("SSY", target)))
                return Target(position: toMap(tracking + shift), score: target["SPACEscore"].flatMap(Double.init) ?? 0)
            })
    }
}
