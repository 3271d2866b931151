import Foundation
import Geometry
import ImageFiles
import Pictures
import Raster
public import Targets
import Units

/// Chooses targets anew on the map of a finished session, tells what was chosen, and writes what a session would write about it.
public struct TargetsJob: Sendable {
    private let map: FinishedMap
    private let settings: TargetSettings
    private let scorer: TargetEditor
    /// What was chosen.
    public let areas: [TargetArea]
    private let report: SelectionReport
    private let probabilities: [String: Raster<Float>]
    /// More of them repeat one another.
    private static let mostFindings = 20

    /// - Parameter settings: in the place of the session's.
    /// - Throws: ``TargetsError`` or ``AnalysisError``, one sentence each.
    public init(_ map: FinishedMap, settings: TargetSettings) throws {
        self.map = map
        self.settings = settings
        probabilities = try map.probabilities(for: settings)
        let selection = try TargetSelection.selection(
            labels: map.labels, classes: map.classes, acquired: map.acquired, probabilities: probabilities, geometry: map.geometry, settings: settings)
        (areas, report) = (selection.areas, selection.report)
        scorer = try TargetEditor(
            labels: map.labels, classes: map.classes, acquired: map.acquired, probabilities: probabilities, geometry: map.geometry, settings: settings)
    }

    /// `7 targets in 2 areas see 21 % of what is wanted, summed score 4.12 (no choice has more than 4.61)`.
    public var summary: String {
        let targets = areas.reduce(0) { $0 + $1.targets.count }
        guard targets > 0 else { return choice }
        return "\(choice) (no choice has more than \(Self.decimals(report.upperBound)))"
    }

    private var choice: String {
        let targets = areas.reduce(0) { $0 + $1.targets.count }
        guard targets > 0 else { return "no place scores above \(settings.scoreThreshold)" }
        return Self.choice(targets: targets, areas: areas.count, coverage: report.coverage, score: Self.score(of: areas))
    }

    private static func choice(targets: Int, areas: Int, coverage: Coverage, score: Double) -> String {
        "\(words(targets, "target")) in \(words(areas, "area")) see\(targets == 1 ? "s" : "") \(percent(coverage.wanted)) of what is wanted, summed score \(decimals(score))"
    }

    /// A row for each area, and one for all.
    public var table: TextTable {
        var table = TextTable(["area", "targets", "score", "largest image shift", "geo points"])
        for (area, name) in zip(areas, AreaNames.areas(map: map.name, count: areas.count)) {
            let shift = area.targets.map { map.geometry.specimenShift(from: area.targets[0].position, to: $0.position).length }.max() ?? 0
            table.add([name.area, "\(area.targets.count)", Self.decimals(Self.score(of: [area])), "\(Self.decimals(shift)) µm", "\(area.geoPoints.count)"])
        }
        if areas.count > 1 {
            table.add(["all", "\(areas.reduce(0) { $0 + $1.targets.count })", Self.decimals(Self.score(of: areas)), "", "\(areas.reduce(0) { $0 + $1.geoPoints.count })"])
        }
        return table
    }

    /// The targets of another selection beside these, one and the other scored as this selection scores, and what PACEtomo would not take of a
    /// targets file of theirs.
    public func comparison(with others: OtherTargets) throws -> [String] {
        let before = others.areas
        let reach = Micrometers(map.geometry.beamDiameter.value / 2)
        let entries = TargetComparison(before: before, after: areas, geometry: map.geometry, within: reach).entries
        let (old, new) = (score(before), score(areas))
        var change = ""
        if old > 0 { change = String(format: "; here %+.1f %%", 100 * (new / old - 1)) }
        let count = before.reduce(0) { $0 + $1.targets.count }
        // Targets files round to less than a pixel, points files are exact: what moved by a pixel and a half is elsewhere.
        let pixel = Micrometers(1.5 * map.geometry.mapPixelSize.value / 1000)
        let same = entries.count { $0.distance ?? reach < pixel }
        let moved = entries.filter { ($0.distance ?? .zero) >= pixel }
        let (gone, fresh) = (entries.filter { $0.after == nil }, entries.filter { $0.before == nil })
        let covered = try TargetSelection.coverage(
            of: before.flatMap(\.targets), labels: map.labels, classes: map.classes, probabilities: probabilities, geometry: map.geometry, settings: settings)
        var lines = [
            "\(others.path): \(Self.choice(targets: count, areas: before.count, coverage: covered, score: old))\(change)",
            "\(same) at the same place, \(moved.count) moved, \(gone.count) gone, \(fresh.count) new",
        ]
        var table = TextTable(["there", "score", "here", "score", "moved"])
        for entry in moved + gone + fresh {
            table.add([
                Self.name(entry.before, in: before), entry.before.map { Self.decimals(score($0, in: before)) } ?? "", Self.name(entry.after, in: areas),
                entry.after.map { Self.decimals(score($0, in: areas)) } ?? "", entry.distance.map { "\(Self.decimals($0.value)) µm" } ?? (entry.after == nil ? "gone" : "new"),
            ])
        }
        if !(moved + gone + fresh).isEmpty { lines += table.lines }
        lines += others.findings.prefix(Self.mostFindings).map(\.description)
        if others.findings.count > Self.mostFindings { lines.append("and \(others.findings.count - Self.mostFindings) more such") }
        return lines
    }

    private func score(_ areas: [TargetArea]) -> Double {
        areas.flatMap(\.targets).filter { $0.lowDoseArea == .record }.reduce(0) { $0 + scorer.score(at: $1.position) }
    }

    private func score(_ reference: TargetReference, in areas: [TargetArea]) -> Double {
        scorer.score(at: areas[reference.area].targets[reference.target].position)
    }

    /// `3`, or `2.3` where there are several areas, as the picture numbers them.
    private static func name(_ reference: TargetReference?, in areas: [TargetArea]) -> String {
        reference.map { areas.count > 1 ? "\($0.area + 1).\($0.target + 1)" : "\($0.target + 1)" } ?? ""
    }

    /// Writes points files, parameters and the overview.
    ///
    /// - Parameters:
    ///   - lock: of the folder to write to.
    ///   - replaces: whether it may be the session's own folder of maps; parameters there stay, for they are those of all lamellae.
    /// - Returns: the paths of the files.
    public func write(to lock: MapFolderLock, replaces: Bool) throws -> [String] {
        let folder = lock.folder
        let isOwn = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path == URL(fileURLWithPath: map.folder).resolvingSymlinksInPath().path
        guard replaces || !isOwn else {
            throw AnalysisError("\(folder) is the session's own folder: choose another, or say --replace to put these targets in the place of the session's.")
        }
        let metaData = PointsFile.MetaData(
            pixelSize: map.geometry.mapPixelSize, rows: map.labels.height, columns: map.labels.width, datetime: timestamp())
        var files: [(name: String, data: Data)] = []
        for (index, area) in areas.enumerated() {
            files.append((PointsFile.name(map: map.name, index: index), try PointsFile(area: area, metaData: metaData).data()))
        }
        if areas.isEmpty { files.append((PointsFile.name(map: map.name, index: nil), try PointsFile.empty.data())) }
        if !areas.isEmpty {
            let exposures = PlannedExposures(
                areas, geometry: map.geometry, plane: TiltedPlane(tilts: -settings.maximumTilt ... settings.maximumTilt), viewBeam: map.viewBeam)
            let report = TargetReport(exposures, geometry: map.geometry, settings: settings, coverage: report.coverage)
            files.append(("\(map.name)_targets.json", try report.data()))
        }
        if !isOwn {
            files.append(("tgt_params.json", try TargetParameters(settings: settings, classes: map.classes, geometry: map.geometry).data()))
            files.append((TargetSettingsFile.name, try TargetSettingsFile(settings: settings, classes: map.classes).data()))
        }
        let picture = OverviewPicture.lamella(
            LamellaScene(
                map: map.image, labels: map.labels, classes: map.classes, areas: areas, geometry: map.geometry,
                maximumTilt: settings.maximumTilt, beamStretch: 1 / settings.plane(tiltAxisAngle: map.geometry.tiltAxisAngle).factor,
                imageShiftLimit: settings.imageShiftLimit, recordFieldRotation: map.recordFieldRotation,
                heading: [map.name, choice, "chosen anew \(timestamp())"]))
        let path = "\(folder)/\(map.name)_overview.png"
        // What takes room comes first: on a full disk the targets of before stay whole.
        try PNGFile.write(RGBImage(width: picture.width, height: picture.height, pixels: picture.interleavedBytes), to: path)
        try WholeFile.write(files.map { ("\(folder)/\($0.name)", [UInt8]($0.data)) })
        let written = Set(files.map(\.name))
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where OtherTargets.number(ofPointsFile: name, map: map.name) != nil && !written.contains(name) {
            // A folder of such a name is somebody's.
            unlink("\(folder)/\(name)")
        }
        return files.map { "\(folder)/\($0.name)" } + [path]
    }

    private static func score(of areas: [TargetArea]) -> Double { areas.flatMap(\.targets).reduce(0) { $0 + $1.score } }
    private static func decimals(_ value: Double) -> String {
        let text = String(format: "%.2f", value)
        return text == "-0.00" ? "0.00" : text
    }
    private static func percent(_ share: Double) -> String { String(format: share < 0.0995 ? "%.1f %%" : "%.0f %%", 100 * share) }
    private static func words(_ count: Int, _ thing: String) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }
}
