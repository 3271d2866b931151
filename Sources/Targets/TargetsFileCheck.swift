public import Units

/// Everything in a targets file at which PACEtomo would stop, ask, leave out or misread, before it is acquired by.
///
/// | where PACEtomo 1.9.2 | what is looked at |
/// | --- | --- |
/// | reads the text | ``TargetsFileCheck/findings(in:named:)``, first the lines |
/// | takes over settings | names, kinds, and what comes too late or cannot be counted with |
/// | takes up targets and geo points | keys, names, positions, limits |
/// | looks around the file | run files, references, tilt series, with ``surroundings`` |
///
/// What no file shows is the microscope's: the offset of the Focus area, the offset of the tilt axis, the calibration of
/// coma against image shift, the path of frames. ``TargetsFileRule`` has every rule.
public struct TargetsFileCheck: Hashable, Sendable {
    /// What lies around a file, as far as it is known.
    public struct Surroundings: Hashable, Sendable {
        /// The names of the files in the folder of the targets file; nil where it is not looked at.
        public var files: Set<String>?
        /// SerialEM's limit of image shift.
        public var imageShiftLimit: Micrometers?
        /// How far the stage may be tilted to either side.
        public var stageTilt: Degrees?

        public init(files: Set<String>? = nil, imageShiftLimit: Micrometers? = nil, stageTilt: Degrees? = nil) {
            self.files = files
            self.imageShiftLimit = imageShiftLimit
            self.stageTilt = stageTilt
        }
    }

    public var surroundings: Surroundings

    public init(surroundings: Surroundings = Surroundings()) { self.surroundings = surroundings }

    /// All findings, in the order of the lines; those without a line come last.
    ///
    /// - Parameters:
    ///   - text: the content of the file.
    ///   - name: the name of the file, without its folder.
    public func findings(in text: String, named name: String) -> [TargetsFileFinding] {
        var found = TargetsFileFindings(file: name)
        let lines = PACEtomoLine.lines(of: text)
        found.look(atText: text, lines: lines)
        let read = ReadTargets(lines)
        found.look(atSettings: read)
        found.look(atTargets: read, imageShiftLimit: surroundings.imageShiftLimit)
        found.look(atGeoPoints: read, imageShiftLimit: surroundings.imageShiftLimit)
        found.look(around: read, surroundings)
        return found.sorted
    }
}

/// What a file says, with the lines that say it; of what stands twice the last.
struct ReadTargets {
    struct Value: Hashable {
        let text: String
        let line: Int
        var number: Double? { PACEtomoLine.number(text) }
    }
    typealias Keys = [String: Value]

    private(set) var numbers: [String: (value: Double, line: Int)] = [:]
    private(set) var switches: [String: (word: String, line: Int)] = [:]
    private(set) var targets: [(keys: Keys, line: Int)] = []
    private(set) var geoPoints: [(keys: Keys, line: Int)] = []
    private(set) var resumeLine: Int?
    private(set) var hasBranches = false

    init(_ lines: [PACEtomoLine]) {
        for line in lines {
            switch line.meaning {
            case .nothing, .failure: break
            case .number(let name, let value): numbers[name] = (value, line.number)
            case .flag(let name, let word): switches[name] = (word, line.number)
            case .resume: resumeLine = line.number
            case .target: targets.append(([:], line.number))
            case .geoPoint: geoPoints.append(([:], line.number))
            case .positiveBranch, .negativeBranch: hasBranches = true
            case .entry(let key, let text):
                let value = Value(text: text, line: line.number)
                if line.section == .target { targets[targets.count - 1].keys[key] = value }
                if line.section == .geoPoint { geoPoints[geoPoints.count - 1].keys[key] = value }
            }
        }
    }

    /// A switch as the script has it after the file; a number that is not 0 is true.
    func isOn(_ name: String) -> Bool? {
        if let flag = switches[name] { return PACEtomoTargets.isTrue(flag.word) }
        return numbers[name].map { $0.value != 0 }
    }

    /// Micrometres from the tracking target; nil where the file does not tell.
    static func shift(_ keys: Keys) -> (x: Double, y: Double)? {
        guard let x = keys["SSX"]?.number, let y = keys["SSY"]?.number, x.isFinite, y.isFinite else { return nil }
        return (x, y)
    }

    /// How far a target may be from the tracking target.
    func reach(imageShiftLimit: Micrometers?) -> Double {
        PACEtomoLimits.reach(
            imageShiftLimit: imageShiftLimit, script: numbers["imageShiftLimit"].map { Micrometers($0.value) },
            alignment: numbers["alignLimit"].map { Micrometers($0.value) }
        ).value
    }
}

/// The limits that PACEtomo's script brings with it.
public enum PACEtomoLimits {
    /// The script's own `imageShiftLimit` and `alignLimit`.
    static let imageShift = Micrometers(20)
    static let alignment = Micrometers(0.5)

    /// The farthest from the tracking target at which PACEtomo and SerialEM both acquire a target, on the specimen.
    ///
    /// PACEtomo leaves out what lies beyond `imageShiftLimit - alignLimit` (20 and 0.5 µm unless its script or the file
    /// says otherwise); SerialEM does not go beyond its property.
    ///
    /// - Parameters:
    ///   - imageShiftLimit: SerialEM's property; nil where it is not known.
    ///   - script: the file's own `imageShiftLimit`.
    ///   - alignment: the file's own `alignLimit`.
    public static func reach(
        imageShiftLimit: Micrometers?, script: Micrometers? = nil, alignment: Micrometers? = nil
    ) -> Micrometers {
        let own = (script ?? imageShift) - (alignment ?? Self.alignment)
        return imageShiftLimit.map { min($0, own) } ?? own
    }
}
