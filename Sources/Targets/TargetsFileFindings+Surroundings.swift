import Units

extension TargetsFileFindings {
    mutating func look(around read: ReadTargets, _ surroundings: TargetsFileCheck.Surroundings) {
        let own = RunFileName(file)
        if !AreaNames.isPlain(file) || !file.hasSuffix(".txt") {
            add(.plainOwnName, nil, "PACEtomo looks for files of this name as a pattern; use letters, digits, dot, minus and underscore, and the ending .txt")
        }
        if let line = read.resumeLine {
            add(.noInterruptedRun, line, "a run was interrupted here, and PACEtomo asks a person in a box on SerialEM's screen whether it goes on")
        }
        if own != nil || read.hasBranches || read.resumeLine != nil {
            add(
                .nothingLostInRun, nil,
                "a run file carries over neither geo points nor switches nor other settings than those of the tilts: what goes on from here goes by the script's own")
        }
        if let stage = surroundings.stageTilt?.value {
            for name in ["minTilt", "maxTilt", "startTilt", "tiltTargets"] {
                guard let tilt = read.numbers[name], abs(tilt.value) > stage else { continue }
                add(.tiltsWithinStage, tilt.line, "\(name) is \(Self.rounded(tilt.value))°, and the stage tilts to \(Self.rounded(stage))° at most; PACEtomo asks a person about that")
            }
        }
        guard let files = surroundings.files else { return }
        look(amongFiles: files, read, isRun: own != nil)
    }

    private mutating func look(amongFiles files: Set<String>, _ read: ReadTargets, isRun: Bool) {
        if let last = RunFileName.last(of: RunFileName(file)?.targetsFile ?? file, among: files), last != file {
            add(.noRunFile, nil, "PACEtomo reads \(last), the last run file beside it, and not this file; move the run files away for this one to count")
        }
        for (index, target) in read.targets.enumerated() where target.keys["skip"]?.text != "True" {
            for key in ["viewfile", "tgtfile"] {
                guard let value = target.keys[key], value.text != "None", !files.contains(value.text) else { continue }
                add(.filesPresent, value.line, "\(key) of target \(index + 1) is \(Self.shown(value.text)), which is not beside the file")
            }
            // What an interrupted run has written goes on in it.
            guard !isRun, let series = target.keys["tsfile"], files.contains(series.text) else { continue }
            add(.newSeries, series.line, "the tilt series \(Self.shown(series.text)) of target \(index + 1) exists already, and PACEtomo puts it aside as '\(series.text)~'")
        }
    }
}

/// The name of a file that PACEtomo writes while it acquires: `<stem>_run<nn>.txt` beside `<stem>.txt`.
public struct RunFileName: Hashable, Sendable {
    /// The targets file that the run began with.
    public let targetsFile: String

    /// Nil for the name of any other file.
    public init?(_ name: String) {
        guard let parts = name.wholeMatch(of: /(.+)_run\d\d\.txt/) else { return nil }
        targetsFile = "\(parts.1).txt"
    }

    /// The run file that PACEtomo reads in place of a targets file: the last one by its name; nil where there is none.
    public static func last(of targetsFile: String, among files: some Sequence<String>) -> String? {
        files.filter { RunFileName($0)?.targetsFile == targetsFile }.max()
    }
}
