import Foundation
import ImageFiles
import Units

/// What a session reached on one grid, lamella by lamella.
struct GridReport: Codable, Sendable, Hashable {
    struct Lamella: Codable, Sendable, Hashable {
        let number: Int
        let className: String
        let score: Double
        let levelReached: Int
        let targets: Int
        let acquired: Int
        let note: String
        /// Electrons per square angstrom at its centre before tilt series; nil in journals of earlier builds, and at level 1.
        var dose: Double?
        /// Whether SerialEM told all of it; nil where there is none, and in journals of earlier builds.
        var doseIsCertain: Bool?
        /// Whether people left it out; nil in journals of earlier builds.
        var isSkipped: Bool?
    }
    let slot: Int
    let name: String
    let lamellae: [Lamella]
    /// Why a person skipped the grid, or the rest of it; nil in journals of earlier builds.
    private(set) var skipped: String?

    /// Whether that was because it failed; nil in journals of earlier builds.
    private(set) var failed: Bool?
    /// How it lay when it was loaded again last; nil where it was not.
    private(set) var realigned: Realignment?

    /// What was asked for and neither done nor left out by a person, in words; nil in journals of earlier builds, and where
    /// nothing was.
    private(set) var missing: String?

    var hasFailed: Bool { failed ?? false }

    /// Whether people left out the grid, or the rest of it.
    var isSkippedByPeople: Bool { skipped != nil && !hasFailed && missing == nil }

    /// Whether the session ended before it was done; nil in journals of earlier builds.
    private(set) var unfinished: Bool?

    /// What was reached before the session ended.
    func cutShort() -> Self {
        var report = self
        report.unfinished = true
        return report
    }

    /// A grid that was skipped before anything was done on it.
    init(slot: Int, name: String, skipped: String) {
        self.slot = slot
        self.name = name
        self.skipped = skipped
        lamellae = []
    }

    /// What was reached before the rest was skipped.
    func skipped(because reason: String) -> Self {
        var report = self
        report.skipped = reason
        return report
    }

    /// What was reached before it failed.
    func failed(because reason: String) -> Self {
        var report = skipped(because: reason).lacking(reason.trimmingSuffix("."))
        report.failed = true
        return report
    }

    /// What was reached before the rest was left out.
    func without(_ rest: LeftOut) -> Self { skipped(because: rest.reason).lacking(rest.byPerson ? nil : rest.reason) }

    /// The same without what was asked for and not done.
    func lacking(_ what: String?) -> Self {
        var report = self
        let all = [missing, what].compactMap(\.self)
        report.missing = all.isEmpty ? nil : all.joined(separator: "; ")
        return report
    }

    /// - Parameters:
    ///   - skipped: why a lamella was skipped, by its number.
    ///   - dismissed: those of them that people left out.
    ///   - skippedTooLate: why people skipped a lamella that was acquired all the same.
    init(
        slot: Int, name: String, found: [FoundLamella], recentred: [RecentredLamella] = [],
        analysed: [GridSession.AnalysedLamella] = [], acquired: [AcquiredTarget] = [], skipped: [Int: String] = [:],
        dismissed: Set<Int> = [], skippedTooLate: [Int: String] = [:], leftOut: [String: String] = [:],
        doses: [Int: LamellaDose] = [:], realigned: Realignment? = nil
    ) {
        self.realigned = realigned
        self.slot = slot
        self.name = name
        lamellae = found.map { lamella in
            let again = recentred.first { $0.number == lamella.number }
            let map = analysed.first { $0.map.number == lamella.number }
            let areas = map?.targeted?.areas ?? []
            let names = Set(areas.map(\.name))
            let series = acquired.filter { names.contains($0.area) && $0.isAcquired }.count
            let level = series > 0 ? 5 : map?.targeted != nil ? 4 : map?.segmented != nil ? 3 : map != nil ? 2 : 1
            let cut = acquired.filter { names.contains($0.area) }.cutAreas.map(\.words).joined(separator: "; ")
            let note =
                switch again?.outcome {
                case _ where skipped[lamella.number] != nil: "skipped: \(skipped[lamella.number] ?? "")"
                case _ where leftOut["L\(twoDigits(lamella.number))"] != nil: "left out: \(leftOut["L\(twoDigits(lamella.number))"] ?? "")"
                case .duplicate: "found twice"
                case .absent: "not found at intermediate magnification"
                case .found where map == nil: "not mapped; see the log"
                case .found where !cut.isEmpty: "cut short: \(cut)"
                case .found where skippedTooLate[lamella.number] != nil: "to be skipped, which came too late: \(skippedTooLate[lamella.number] ?? "")"
                case .found where map?.targeted != nil && areas.isEmpty: "no place worth a target"
                default: ""
                }
            return Lamella(
                number: lamella.number, className: lamella.className, score: lamella.score, levelReached: level,
                targets: areas.reduce(0) { $0 + $1.targets }, acquired: series, note: note,
                dose: doses[lamella.number]?.beforeAcquisition.value, doseIsCertain: doses[lamella.number]?.isCertain, isSkipped: dismissed.contains(lamella.number))
        }
    }

    /// A table for people: a line for the grid and one for each lamella.
    var lines: [String] {
        func padded(_ text: String, _ width: Int) -> String { text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0) }
        let isAcquired = lamellae.contains { $0.acquired > 0 }
        let classWidth = lamellae.map(\.className.count).max() ?? 0
        return ["\(name) (slot \(slot)): \(lamellae.count) lamellae" + (skipped.map { "; \(hasFailed ? "failed" : "skipped"): \($0)" } ?? "")]
            + (realigned.map { ["  loaded again: \($0.words)"] } ?? [])
            + lamellae.map { lamella in
                let score = String(format: "%.2f", lamella.score)
                let reached =
                    "level \(lamella.levelReached), \(lamella.targets) targets" + (isAcquired ? ", \(lamella.acquired) tilt series" : "")
                    + (lamella.dose.map { ", \(lamella.doseIsCertain == false ? "at least " : "")\(LamellaDose.words(Dose($0)))" } ?? "")
                return "  L\(twoDigits(lamella.number))  \(padded(lamella.className, classWidth)) \(score)  "
                    + (lamella.note.isEmpty ? reached : "\(reached); \(lamella.note)")
            }
    }

    var json: JSONValue {
        var entries: JSONObject = [
            "slot": .integer(slot), "name": .string(name),
            "lamellae": .array(
                lamellae.map { lamella -> JSONValue in
                    var entry: JSONObject = [
                        "number": .integer(lamella.number), "class": .string(lamella.className),
                        "score": .number((lamella.score * 1000).rounded() / 1000), "level_reached": .integer(lamella.levelReached),
                        "targets": .integer(lamella.targets), "acquired": .integer(lamella.acquired),
                        "note": .string(lamella.note),
                    ]
                    if let dose = lamella.dose { entry["dose_before_acquisition"] = .number((clamped(dose) * 1e6).rounded() / 1e6) }
                    if lamella.doseIsCertain == false { entry["dose_is_certain"] = .bool(false) }
                    return .object(entry)
                }),
        ]
        if let skipped { entries["skipped"] = .string(skipped) }
        if let failed { entries["failed"] = .bool(failed) }
        if let unfinished { entries["unfinished"] = .bool(unfinished) }
        if let realigned { entries["realignment"] = realigned.json }
        return .object(entries)
    }
}
