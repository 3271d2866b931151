import Targets

/// A target area that level 5 is to acquire, and the part of the acquisition's step that it is in the journal.
struct PlannedArea: Sendable, Hashable {
    let lamella: Int
    let area: TargetedLamella.Area
    /// What is known of it in the journal: `grid-3/lamella-02/tilt-series`, with `-A2` for the second area of a lamella.
    let step: StepIdentifier

    var name: String { area.name }
    var targets: Int { area.targets }

    init(_ area: TargetedLamella.Area, ofLamella number: Int, slot: Int, map: String) {
        lamella = number
        self.area = area
        let suffix = area.name.hasPrefix(map + "_") ? "-\(area.name.dropFirst(map.count + 1))" : ""
        step = .lamella(slot, number, "tilt-series\(suffix)")
    }

    /// The number of the lamella that an area is on, by its name: `HeLa_1_L03_A2`.
    static func lamella(ofArea name: String) -> Int? { name.firstMatch(of: /_L(\d+)(?:_A\d+)?$/).flatMap { Int($0.1) } }

    /// What the operator reads of it.
    var title: String { "Acquire area \(name)" }
}

/// What the journal keeps of an area that is done with.
struct AreaRecord: Codable, Sendable, Hashable {
    /// nil where it was acquired to its end.
    let decision: AreaDecision?
    let targets: [AcquiredTarget]
}

/// How far an area is, by its files and by what was decided.
struct AreaStanding: Sendable {
    enum State: Sendable, Hashable {
        /// Acquired to its end.
        case whole
        /// Cut short, and people have said what becomes of it.
        case decided
        /// Begun, and not acquired to its end.
        case cut
        /// Nothing of it was exposed.
        case untouched
    }
    let planned: PlannedArea
    let state: State
    let run: AreaRun
    let acquired: [AcquiredTarget]

    var isClosed: Bool { state == .whole || state == .decided }
}

extension AreaRun {
    /// What lies on disk, target by target.
    func acquired(_ area: TargetedLamella.Area, in folder: String, _ decision: AreaDecision?) -> [AcquiredTarget] {
        AreaRun.series(files(of: area), in: folder).enumerated().map { index, series in
            AcquiredTarget(
                area: area.name, target: index + 1, seriesFile: series.file, images: series.images, isWhole: isWhole(images: series.images),
                planned: plannedTilts, decision: decision)
        }
    }

    /// Somebody may have given the series other names.
    func files(of area: TargetedLamella.Area) -> [String] {
        plannedSeries.isEmpty ? (1 ... max(1, area.targets)).map(AreaNames(area: area.name).seriesFile) : plannedSeries
    }
}

extension [AreaStanding] {
    /// What an earlier run left, in words.
    var words: String {
        let cut = filter { $0.state == .cut }.map { "\($0.planned.name) was cut short (\($0.acquired.tiltWords))" }
        let untouched = count { $0.state == .untouched }
        return (["\(self.count { $0.state == .whole }) of \(count) areas are finished"] + cut + (untouched > 0 ? ["\(untouched) not begun"] : []))
            .joined(separator: ", ")
    }
}
