import Foundation
import Geometry
import ImageFiles
import Units

/// The form of Navigator files before autodocs: a line `Version`, a line of headings, then one line of tab-separated
/// columns for each item. Which columns there are depends on the version; SerialEM reads all of them and writes none.
///
/// ```
/// Version <tab> 1.52
/// Label <tab> Color <tab> X <tab> Y <tab> Z <tab> #Pts <tab> ... <tab> Note <tab> ... <tab> x and y of each point
/// ```
enum NavigatorTable {
    /// The last version of the form, which holds the most, times 100.
    static let latest = 152

    /// One or several columns of a line, and the key that an autodoc has for them.
    private struct Column {
        let key: String
        let count: Int
        /// The version that brought it.
        let since: Int
        /// What the autodoc leaves out, and the table writes in its place.
        let absent: [String]
        /// Added to the autodoc's number in the table: a place that is not filled reads as zero.
        let offset: Int

        init(_ key: String, _ count: Int = 1, since: Int = 100, absent: String = "0", offset: Int = 0) {
            self.key = key
            self.count = count
            self.since = since
            self.absent = Array(repeating: absent, count: count)
            self.offset = offset
        }
    }

    /// For every item; label, colour, stage position and number of points stand before.
    private static let common: [Column] = [
        Column("Corner"), Column("Draw", absent: "1"), Column("RegPt"), Column("Regis", absent: "1"), Column("Type"),
        Column("Note", absent: ""), Column("GroupID", since: 131), Column("PolyID", since: 131), Column("Imported", since: 131),
        Column("SuperMontXY", 2, since: 142, absent: "-1"), Column("OrigReg", since: 145), Column("DrawnID", since: 145),
        Column("BklshXY", 2, since: 147), Column("SamePosId", since: 148), Column("RawStageXY", 2, since: 148),
        Column("Acquire", since: 150), Column("PieceOn", since: 150, absent: "0", offset: 1), Column("", since: 150),
    ]

    /// For maps, after the file and the identifier.
    private static let map: [Column] = [
        Column("MapMontage"), Column("MapSection"), Column("MapBinning"), Column("MapMagInd"), Column("MapCamera"),
        Column("MapScaleMat", 4), Column("MapWidthHeight", 2), Column("MapMinMaxScale", 2, since: 101),
        Column("MapFramesXY", 2, since: 111), Column("MontBinning", since: 121), Column("MapExposure", since: 121),
        Column("MapSettling", since: 121), Column("ShutterMode", since: 121), Column("MapSpotSize", since: 121),
        Column("MapIntensity", since: 121), Column("MapSlitIn", since: 121), Column("MapSlitWidth", since: 121),
        Column("RotOnLoad", since: 121), Column("RealignedID", since: 121), Column("RealignErrXY", 2, since: 121),
        Column("LocalErrXY", 2, since: 144), Column("RealignReg", since: 144), Column("ImageType", since: 141),
        Column("MontUseStage", since: 143, absent: "-1"), Column("DefocusOffset", since: 147), Column("K2ReadMode", since: 147),
        Column("NetViewShiftXY", 2, since: 149), Column("MapAlpha", since: 151, absent: "-999"),
        Column("ViewBeamShiftXY", 2, since: 152), Column("ViewBeamTiltXY", 2, since: 152),
        Column("MapProbeMode", since: 152, offset: 1), Column("MapLDConSet", since: 152, offset: 1), Column("", since: 151),
    ]

    /// In version 1.51 three places at the end of a map were left for what was to come, in 1.52 one.
    private static func spare(_ version: Int) -> Int { version == 151 ? 2 : 0 }
    /// Version 1.46 had the backlash among the columns of maps.
    private static func hasBacklashInMap(_ version: Int) -> Bool { version == 146 }

    /// How many columns an item that is no map has in place of those of a map, the identifier among them from 1.31 on.
    private static func skipped(_ version: Int) -> Int {
        let steps = [
            (100, 2), (110, 2), (130, -2), (140, 1), (142, 1), (143, 3), (145, 14), (148, 2), (150, 4), (151, 4),
        ]
        return steps.reduce(13) { version > $1.0 ? $0 + $1.1 : $0 }
    }

    static func isTable(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "Version\t".utf8) || bytes.starts(with: "Label\t".utf8) }

    // MARK: Reading

    static func read(_ text: String) throws(NavigatorError) -> [NavigatorItem] {
        var lines = text.split(whereSeparator: \.isNewline)[...]
        var version = 100
        if let first = lines.first, first.hasPrefix("Version") {
            let number = first.split(separator: "\t").dropFirst().first.flatMap { Double($0.trimmingCharacters(in: .whitespaces)) }
            guard let number, number.isFinite, number >= 1, number <= Double(latest) / 100 + 1e-6 else {
                throw .wrongFormat("\(first) is no version from 1.00 to 1.52")
            }
            version = Int((number * 100).rounded())
            lines = lines.dropFirst()
        }
        guard lines.first?.hasPrefix("Label") == true else { throw .wrongFormat("its table has no headings") }
        var items: [NavigatorItem] = []
        for line in lines.dropFirst() where !line.allSatisfy(\.isWhitespace) {
            items.append(try item(String(line), version: version))
        }
        return items
    }

    private static func item(_ line: String, version: Int) throws(NavigatorError) -> NavigatorItem {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        var place = 0
        // SerialEM takes what is missing at the end of a line as empty.
        func next() -> String {
            defer { place += 1 }
            return place < fields.count ? fields[place] : ""
        }
        var section = Autodoc.Section(kind: "Item", name: next())
        section.entries["Color"] = next()
        let stage = (0 ..< 3).map { _ in next() }
        guard fields.count >= 11, stage.allSatisfy({ Double($0)?.isFinite == true }) else {
            throw .wrongFormat("the line of item \(section.name) has no stage position")
        }
        section.entries["StageXYZ"] = stage.joined(separator: " ")
        let count = next()
        guard let points = Int(count), (0 ... 1_000_000).contains(points) else {
            throw .wrongFormat("item \(section.name) has \(count) points")
        }
        section.entries["NumPts"] = count
        func take(_ columns: [Column]) {
            for column in columns where version >= column.since {
                var values = (0 ..< column.count).map { _ in next() }
                guard !column.key.isEmpty, values != column.absent, values.contains(where: { !$0.isEmpty }) else { continue }
                if column.offset != 0, let number = Double(values[0]).flatMap({ Int(exactly: $0) }) { values = ["\(number - column.offset)"] }
                section.entries[column.key] = values.joined(separator: " ")
            }
        }
        take(common)
        // What an autodoc always tells.
        if section.entries["Regis"] == nil { section.entries["Regis"] = "1" }
        if section.entries["Type"] == nil { section.entries["Type"] = "0" }
        if section.entries["Type"] == "2" {
            section.entries["MapFile"] = next()
            section.entries["MapID"] = next()
            take(map)
            if hasBacklashInMap(version) { section.entries["BklshXY"] = "\(next()) \(next())" }
            for _ in 0 ..< spare(version) { _ = next() }
            for key in ["MapMontage", "MapSection"] where section.entries[key] == nil { section.entries[key] = "0" }
        } else {
            if version > 130 {
                _ = next()
                let identifier = next()
                if identifier != "0", !identifier.isEmpty { section.entries["MapID"] = identifier }
            }
            place += skipped(version)
        }
        var xs: [String] = []
        var ys: [String] = []
        for _ in 0 ..< points where place + 1 < fields.count {
            xs.append(next())
            ys.append(next())
        }
        guard xs.count == points else { throw .wrongFormat("item \(section.name) has \(xs.count) of \(points) points") }
        if !xs.isEmpty {
            section.entries["PtsX"] = xs.joined(separator: " ")
            section.entries["PtsY"] = ys.joined(separator: " ")
        }
        return NavigatorItem(section: section)
    }

    // MARK: Writing

    /// The table of the latest version, with the line ends of Windows. What it has no column for is left out.
    static func bytes(_ items: [NavigatorItem]) -> [UInt8] {
        let heads = ["Label", "Color", "X", "Y", "Z", "#Pts"] + common.flatMap { heading($0) } + ["MapFile", "MapID"] + map.flatMap { heading($0) }
        var lines = ["Version\t1.52", heads.joined(separator: "\t") + "\tPoints"]
        for item in items { lines.append(fields(of: item).joined(separator: "\t")) }
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    private static func heading(_ column: Column) -> [String] {
        let name = column.key.isEmpty ? "Spare" : column.key
        return column.count == 1 ? [name] : (1 ... column.count).map { "\(name)\($0)" }
    }

    private static func fields(of item: NavigatorItem) -> [String] {
        func clean(_ text: String) -> String { text.replacing("\t", with: " ") }
        func values(_ column: Column) -> [String] {
            guard let value = item[column.key] else { return column.absent }
            if column.key == "Note" { return [clean(value)] }
            let words = value.split(separator: " ").map(String.init)
            guard words.count == column.count else { return column.absent }
            if column.offset != 0, let number = Int(words[0]) { return ["\(number + column.offset)"] }
            return words
        }
        let points = item.points
        let xs = (item["PtsX"] ?? "").split(separator: " ").map(String.init)
        let ys = (item["PtsY"] ?? "").split(separator: " ").map(String.init)
        var out = [clean(item.label), item["Color"] ?? "0", autodocNumber(item.stage.x), autodocNumber(item.stage.y), autodocNumber(item.z.value)]
        out += ["\(points.count)"] + common.flatMap(values)
        if item.kind == .map {
            out += [clean(item.mapFile ?? ""), item["MapID"] ?? "0"] + map.flatMap(values)
        } else {
            out += ["0", item["MapID"] ?? "0"] + Array(repeating: "0", count: skipped(latest))
        }
        for index in points.indices { out += [xs[index], ys[index]] }
        return out
    }
}
