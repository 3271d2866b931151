/// What a targets file must keep for PACEtomo to do what was meant: each case is something at which PACEtomo 1.9.2c was
/// seen, or read, to stop, wait, leave out or misread.
///
/// The writer (``TargetsFile``) makes files that keep all of them; ``TargetsFileCheck`` looks at files of anybody.
public enum TargetsFileRule: String, CaseIterable, Hashable, Sendable {
    // How the text is read.
    /// The text begins with no byte order mark: the first line would be none that PACEtomo knows.
    case noByteOrderMark
    /// Letters are ASCII: Python reads others by the code page of the microscope's Windows.
    case plainLetters
    /// Every line is one that the parser takes: `key = value` with single blanks after the first target, settings of four
    /// words, numbers where numbers belong, no branch record before a target.
    case readableLines
    /// No line with words begins with a blank: it would be ignored.
    case noIndentedLines
    /// No comments: inside a target they become keys.
    case noComments
    /// Nothing stands behind a value: only the third word is read, and a name is cut at its blank.
    case oneWordValues
    /// A section begins with its keyword alone: `_tgts` opens a target too.
    case exactKeywords
    /// A key stands once in a section, and a setting once in a file: the last one counts.
    case noRepetitions

    // Settings.
    /// Settings have names of PACEtomo's variables: others are ignored.
    case knownSettings
    /// `_bset` is for switches, and `_set` for numbers.
    case fittingSettings
    /// `_bset` says True or False: any word but true, yes, y and on is false, `1` among them.
    case plainSwitches
    /// Numbers are finite: with nan every comparison is false.
    case finiteNumbers
    /// `groupSize` and `tgtMntSize` are not set: as floating-point numbers they cannot be counted with.
    case noCounts
    /// `imageShiftLimit` is not set: SerialEM's own limit has been set by then.
    case noImageShiftLimit
    /// `beamTiltComp` is not switched off: its calibration has been asked for by then.
    case noBeamTiltCompensationOff
    /// `sortByTilt` is not switched on: what it needs was loaded, or not, by the script's own value.
    case noSortingOn
    /// `refFromPreview` needs a `tgtfile` for every target.
    case previewsForReferences
    /// `tiltTargets` leaves `startTilt` without effect.
    case oneStartTilt
    /// `minTilt` lies below `maxTilt`, and `minDefocus` is not above `maxDefocus`: they are exchanged.
    case orderedLimits
    /// The start tilt lies within the tilt limits, and `step` is a positive number.
    case startWithinTilts
    /// The limits lie whole steps from the start tilt: the range is shrunk to such.
    case wholeSteps
    /// Start tilt and pretilt have different signs: otherwise the lamella stands steeper than the stage.
    case startAgainstPretilt

    // Targets.
    /// There is a target.
    case someTarget
    /// Some target is acquired, and the first is: it is tracked on even where it is skipped.
    case acquiredTargets
    /// Every target has the keys that PACEtomo asks for: `tsfile`, `SSX`, `SSY`, and the first `stageX` and `stageY`.
    case neededKeys
    /// Every target has `skip`: without it an interrupted run cannot be taken up again.
    case skipWritten
    /// `skip` is exactly `True` or `False`: any other word does not skip.
    case skipExact
    /// Positions are numbers.
    case numericPositions
    /// The first target, on which is tracked, has the image shift 0.
    case trackingAtZero
    /// No two targets write the same tilt series.
    case seriesOfTheirOwn
    /// Names of files have no folder and none of the letters that stand for others: they are looked for in SerialEM's
    /// folder, as patterns.
    case plainFileNames
    /// `tgtfile = None` is a file of that name.
    case noFileCalledNone
    /// Every target has a `viewfile`: without it nothing is aligned.
    case viewFiles
    /// `LDArea` is R, V or S.
    case knownLowDoseArea
    /// No target lies beyond the image shift of PACEtomo and of SerialEM: it is left out.
    case withinImageShift

    // Geo points.
    /// The file says by `measureGeo` whether the plane is measured: by itself PACEtomo does not.
    case geometrySaid
    /// A plane that is measured has three points within the image shift that are not in a line.
    case enoughGeoPoints
    /// Geo points that are measured have `SSX` and `SSY`.
    case geoPointShifts

    // What lies around the file.
    /// The file's own name is no pattern and ends as the navigator's note has to.
    case plainOwnName
    /// There is no run file: PACEtomo reads the last of those in place of this one.
    case noRunFile
    /// The file is none that an interrupted run left: PACEtomo asks a person whether to recover.
    case noInterruptedRun
    /// What a run file does not carry over is not needed: geo points, switches and the other settings.
    case nothingLostInRun
    /// The files that the targets name are there.
    case filesPresent
    /// The tilt series is not there yet: PACEtomo puts it aside under another name.
    case newSeries
    /// The tilts are within what the stage may do: PACEtomo asks a person otherwise.
    case tiltsWithinStage

    /// What PACEtomo does where the rule is broken.
    public var consequence: Consequence {
        switch self {
        case .noByteOrderMark, .readableLines, .noCounts, .previewsForReferences, .someTarget, .neededKeys, .numericPositions,
            .plainFileNames, .noFileCalledNone, .geoPointShifts, .plainOwnName, .filesPresent, .noSortingOn:
            .stops
        case .skipWritten, .noInterruptedRun, .tiltsWithinStage: .asks
        case .acquiredTargets, .withinImageShift: .leavesOut
        case .plainLetters, .noIndentedLines, .noComments, .oneWordValues, .exactKeywords, .noRepetitions, .knownSettings,
            .fittingSettings, .plainSwitches, .finiteNumbers, .noBeamTiltCompensationOff, .noImageShiftLimit, .oneStartTilt,
            .orderedLimits, .startWithinTilts, .skipExact, .trackingAtZero, .seriesOfTheirOwn, .knownLowDoseArea, .noRunFile:
            .misreads
        case .wholeSteps, .startAgainstPretilt, .viewFiles, .geometrySaid, .enoughGeoPoints, .nothingLostInRun, .newSeries:
            .lacks
        }
    }

    /// From the worst to the mildest.
    public enum Consequence: Int, Comparable, CaseIterable, Hashable, Sendable {
        /// The script stops, some of it hours after it read the file.
        case stops
        /// It waits for an answer in a box on SerialEM's screen.
        case asks
        /// A target is not acquired.
        case leavesOut
        /// It goes on with something else than the file seems to say.
        case misreads
        /// It goes on with less than it could have.
        case lacks

        public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }
}

/// One thing in a targets file that PACEtomo would trip over.
public struct TargetsFileFinding: Hashable, Sendable, CustomStringConvertible {
    public let rule: TargetsFileRule
    /// The file's name as it was given.
    public let file: String
    /// Counted from 1; nil where no line is to blame.
    public let line: Int?
    /// What it is and what would be right, without file and line.
    public let words: String

    /// One sentence with the file and the line.
    public var description: String { "\(file)\(line.map { ", line \($0)" } ?? ""): \(words)." }
}
