/// How far PACEtomo is with each target, by the records of a run file (`<stem>_run<nn>.txt`).
///
/// PACEtomo rewrites it after every image, with the tilt settings and `_spos` while it runs and without at the end. Geo
/// points, switches and other settings are in none.
public struct RunProgress: Hashable, Sendable {
    /// What was acquired of a target.
    public struct Series: Hashable, Sendable {
        /// The tilt series; nil where the file does not name one.
        public let file: String?
        /// Angles of the images in degrees, from the lowest; the start tilt, which both branches note, once.
        public let angles: [Double]
        /// e/Å² as PACEtomo counted them; nil where it did not.
        public let dose: Double?
        /// Whether the target was left out from the beginning.
        public let isSkipped: Bool
        /// Branches that PACEtomo gave up before their end, or left out: `positive`, `negative`.
        public let endedBranches: [String]
    }

    /// In the order of the file.
    public let series: [Series]
    /// Where it stood when it wrote the file, both counted from 0; nil in a run that has ended.
    public let resume: PACEtomoTargets.Resume?
    /// Pretilt and rotation in degrees that the run goes by; nil where the file does not tell, as at the end.
    public let pretilt: Double?
    public let rotation: Double?

    /// - Parameter run: a run file as PACEtomo reads it.
    public init(_ run: PACEtomoTargets) {
        resume = run.resume
        pretilt = run.settings["pretilt"]
        rotation = run.settings["rotation"]
        series = run.targets.indices.map { index in
            let branches = [run.positiveBranches[index] ?? [:], run.negativeBranches[index] ?? [:]]
            let angles = branches.flatMap { Self.numbers($0["angles"]) }.sorted()
            // The image at the start tilt belongs to both branches.
            let distinct = angles.enumerated().filter { $0.offset == 0 || $0.element - angles[$0.offset - 1] > 1e-3 }.map(\.element)
            let doses = branches.compactMap { $0["dose"].flatMap(PACEtomoLine.number) }.filter(\.isFinite)
            let isSkipped = run.targets[index]["skip"] == "True"
            return Series(
                file: run.targets[index]["tsfile"], angles: distinct, dose: doses.max(), isSkipped: isSkipped,
                endedBranches: zip(["positive", "negative"], branches).filter { $0.1["skip"] == "True" }.map(\.0))
        }
    }

    /// What a targets file says that PACEtomo does not know any more once it goes on from a run file of it, in words;
    /// empty where nothing is lost.
    public static func lost(of planned: PACEtomoTargets) -> [String] {
        let kept: Set = ["startTilt", "minTilt", "maxTilt", "step", "pretilt", "rotation"]
        var words: [String] = []
        if planned.flags["measureGeo"] == true, !planned.geoPoints.isEmpty { words.append("\(planned.geoPoints.count) geo points") }
        words += planned.flags.keys.filter { $0 != "measureGeo" }.sorted()
        words += planned.settings.keys.filter { !kept.contains($0) }.sorted()
        return words
    }

    private static func numbers(_ list: String?) -> [Double] {
        (list ?? "").split(separator: ",").compactMap { PACEtomoLine.number(String($0)) }.filter(\.isFinite)
    }
}
