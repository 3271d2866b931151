import Foundation
public import Geometry

/// A PACEtomo targets file `<area>_tgts.txt`.
///
/// PACEtomo reads it with a parser that stops the microscope's script on any slip, so the text is parsed back by
/// ``PACEtomoTargets`` and compared before it is returned.
public struct TargetsFile: Hashable, Sendable {
    /// One target; the first is the tracking target.
    public struct Entry: Hashable, Sendable {
        /// The tilt series to write, and the View image to align to.
        public var seriesFile: String
        public var viewFile: String?
        /// From the tracking target, in micrometres on the specimen.
        public var shift: Vector<Frame.Specimen>
        public var stage: Point<Frame.Stage>
        public var lowDoseArea: LowDoseArea
        public var score: Double?
        public var skip: Bool

        public init(
            seriesFile: String, viewFile: String?, shift: Vector<Frame.Specimen>, stage: Point<Frame.Stage>,
            lowDoseArea: LowDoseArea = .record, score: Double? = nil, skip: Bool = false
        ) {
            self.seriesFile = seriesFile
            self.viewFile = viewFile
            self.shift = shift
            self.stage = stage
            self.lowDoseArea = lowDoseArea
            self.score = score
            self.skip = skip
        }
    }

    /// One place to measure defocus at.
    public struct Geo: Hashable, Sendable {
        public var shift: Vector<Frame.Specimen>
        public var stage: Point<Frame.Stage>
        public init(shift: Vector<Frame.Specimen>, stage: Point<Frame.Stage>) {
            self.shift = shift
            self.stage = stage
        }
    }

    /// A change of one of PACEtomo's variables.
    public struct Setting: Hashable, Sendable {
        public var name: String
        public var value: SettingValue
        public init(_ name: String, _ value: SettingValue) {
            self.name = name
            self.value = value
        }

        /// Refuses what PACEtomo does not know, or cannot take from a targets file.
        public func check() throws(TargetsError) { _ = try TargetsFile.line(of: self) }
    }

    public var settings: [Setting]
    public var entries: [Entry]
    public var geoPoints: [Geo]

    /// Says by itself whether to measure the plane unless the settings say so, because PACEtomo's own default ignores geo
    /// points.
    public init(settings: [Setting], entries: [Entry], geoPoints: [Geo]) {
        let isSaid = settings.contains { $0.name == "measureGeo" }
        self.settings = settings + (isSaid ? [] : [Setting("measureGeo", .flag(geoPoints.count >= 3))])
        self.entries = entries
        self.geoPoints = geoPoints
    }

    /// The file of an area on a map. Says whether to measure the plane unless the settings say so themselves, because
    /// PACEtomo's own default ignores geo points.
    ///
    /// - Parameter hasViewFiles: whether a View reference is or will be beside the file for each target.
    public init(
        area: TargetArea, name: String, geometry: LamellaGeometry, settings: [Setting] = [], hasViewFiles: Bool = true
    ) {
        let names = AreaNames(area: name)
        let tracking = area.targets.first?.position ?? .origin
        self.settings = settings
        if !settings.contains(where: { $0.name == "measureGeo" }) {
            self.settings.append(Setting("measureGeo", .flag(area.geoPoints.count >= 3)))
        }
        entries = area.targets.enumerated().map { index, target in
            Entry(
                seriesFile: names.seriesFile(index + 1), viewFile: hasViewFiles ? names.viewFile(index + 1) : nil,
                shift: geometry.specimenShift(from: tracking, to: target.position),
                stage: geometry.stage(of: target.position), lowDoseArea: target.lowDoseArea, score: target.score)
        }
        geoPoints = area.geoPoints.map {
            Geo(shift: geometry.specimenShift(from: tracking, to: $0), stage: geometry.stage(of: $0))
        }
    }

    /// The text to write, checked.
    public func text() throws(TargetsError) -> String {
        try check()
        var lines: [String] = []
        for setting in settings {
            if let line = try Self.line(of: setting) { lines.append(line) }
        }
        if !lines.isEmpty { lines.append("") }
        for (index, entry) in entries.enumerated() {
            lines += ["_tgt = \(AreaNames.padded(index + 1))", "tsfile = \(entry.seriesFile)"]
            if let view = entry.viewFile { lines.append("viewfile = \(view)") }
            lines += Self.position(entry.shift, entry.stage)
            lines.append("LDArea = \(entry.lowDoseArea.rawValue)")
            lines.append("SPACEscore = \(entry.score.map(Self.fixed) ?? "None")")
            lines += ["skip = \(entry.skip ? "True" : "False")", ""]
        }
        for (index, point) in geoPoints.enumerated() {
            lines += ["_geo = \(index + 1)"] + Self.position(point.shift, point.stage) + [""]
        }
        let text = lines.joined(separator: "\n") + "\n"
        try verify(text)
        return text
    }

    private static func position(_ shift: Vector<Frame.Specimen>, _ stage: Point<Frame.Stage>) -> [String] {
        [
            "SSX = \(fixed(shift.dx))", "SSY = \(fixed(shift.dy))", "stageX = \(fixed(stage.x))",
            "stageY = \(fixed(stage.y))",
        ]
    }

    /// Four decimals: a tenth of a nanometre. Never an exponent, never a negative zero.
    static func fixed(_ value: Double) -> String {
        let text = String(format: "%.4f", value)
        return text == "-0.0000" ? "0.0000" : text
    }

    private static func line(of setting: Setting) throws(TargetsError) -> String? {
        let kind = PACEtomoVariables.kinds[setting.name]
        guard let kind else {
            // The comparison takes as long as both names together are square.
            let known = setting.name.utf8.count <= 200 ? Array(PACEtomoVariables.kinds.keys).sorted() : []
            let hint = nearestName(to: setting.name, in: known)
            let question = hint.map { ": did you mean '\($0)'?" } ?? "."
            throw TargetsError(.invalidName, "PACEtomo has no setting '\(setting.name.prefix(80))'\(question)")
        }
        if isTooLate(setting) {
            throw TargetsError(
                .invalidValue, "PACEtomo cannot take \(setting.name) from a targets file: set it in the script.")
        }
        switch (setting.value, kind) {
        case (.flag(let flag), .flag): return "_bset \(setting.name) = \(flag ? "True" : "False")"
        case (.number(let number), .number) where number.isFinite && abs(number) < 1e9:
            return "_set \(setting.name) = \(number == number.rounded() ? String(Int(number)) : fixed(number))"
        case (.text(""), _): return nil
        default:
            throw TargetsError(
                .invalidValue,
                "The setting \(setting.name) must be \(kind == .flag ? "true or false" : "a number"), not \(setting.value).")
        }
    }

    /// What the script counts with, or has done something about before it reads the file; see ``TargetsFileRule``.
    private static func isTooLate(_ setting: Setting) -> Bool {
        switch (setting.name, setting.value) {
        case (_, .text("")): false
        case ("imageShiftLimit", _), ("beamTiltComp", .flag(false)), ("sortByTilt", .flag(true)): true
        default: PACEtomoVariables.kinds[setting.name] == .countNotSettable
        }
    }

    private func check() throws(TargetsError) {
        guard !entries.isEmpty else { throw TargetsError(.invalidValue, "A targets file needs at least one target.") }
        for name in entries.flatMap({ [$0.seriesFile] + ($0.viewFile.map { [$0] } ?? []) }) {
            guard AreaNames.isPlain(name) else {
                throw TargetsError(
                    .invalidName,
                    "'\(name)' cannot stand in a targets file: use letters, digits, dot, minus and underscore only.")
            }
        }
        guard Set(entries.map(\.seriesFile)).count == entries.count else {
            throw TargetsError(.invalidName, "Two targets write the same tilt series file: number the files.")
        }
        let positions = entries.map { ($0.shift, $0.stage) } + geoPoints.map { ($0.shift, $0.stage) }
        let numbers = positions.flatMap { [$0.0.dx, $0.0.dy, $0.1.x, $0.1.y] } + entries.compactMap(\.score)
        guard numbers.allSatisfy({ $0.isFinite && abs($0) < 1e6 }) else {
            throw TargetsError(.invalidValue, "A target has a position or score that is no ordinary number: \(numbers).")
        }
        guard entries[0].shift.length < 5e-5 else {
            throw TargetsError(.invalidValue, "The tracking target must have the image shift 0, not \(entries[0].shift).")
        }
    }

    /// PACEtomo must find in the text what was meant.
    private func verify(_ text: String) throws(TargetsError) {
        let read: PACEtomoTargets
        do {
            read = try PACEtomoTargets(parsing: text)
            try read.checkAcquirable()
        } catch {
            throw TargetsError(.refusedByPACEtomo, "PACEtomo would refuse this file: \(error)")
        }
        let same = zip(entries, read.targets).allSatisfy { entry, target in
            target["tsfile"] == entry.seriesFile && target["viewfile"] == entry.viewFile
                && target["SSX"] == Self.fixed(entry.shift.dx) && target["SSY"] == Self.fixed(entry.shift.dy)
                && target["stageX"] == Self.fixed(entry.stage.x) && target["stageY"] == Self.fixed(entry.stage.y)
                && target["skip"] == (entry.skip ? "True" : "False")
        }
        let meant = settings.count { $0.value != .text("") }
        guard same, read.targets.count == entries.count, read.geoPoints.count == geoPoints.count, read.warnings.isEmpty,
            read.settings.count + read.flags.count == meant
        else { throw TargetsError(.refusedByPACEtomo, "PACEtomo would read other targets than were meant from this file.") }
        let check = TargetsFileCheck()
        if let finding = check.findings(in: text, named: "x_tgts.txt").first(where: { !Self.wishes.contains($0.rule) }) {
            throw TargetsError(.refusedByPACEtomo, "PACEtomo would not read this file as it is meant: \(finding.words).")
        }
    }

    /// Rules that whoever chose the targets and settings may break, knowing why; all others the writer keeps.
    private static let wishes: Set<TargetsFileRule> = [
        .wholeSteps, .startAgainstPretilt, .viewFiles, .enoughGeoPoints, .withinImageShift, .acquiredTargets, .oneStartTilt, .orderedLimits,
        .startWithinTilts,
    ]
}
