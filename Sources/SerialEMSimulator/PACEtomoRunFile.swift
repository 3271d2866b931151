internal import Foundation
internal import Geometry
internal import Units

/// The file `<stem>_run<nn>.txt`: PACEtomo writes it anew after every image, so that a broken run can be taken up again.
///
/// While it runs, the tilt settings and `_spos` come first; the last writing leaves them out. Geometry points and all
/// other settings are never carried over.
struct PACEtomoRunFile: Sendable {
    /// What one side of the tilt series has reached at one target.
    struct Branch: Sendable {
        var shift: Vector<Frame.Specimen>
        var focus: Double
        /// Distance from the eucentric height, and from the tilt axis.
        let z0: Double
        let n0: Double
        var shifts: [Double] = []
        var angles: [Double] = []
        var imageShift: Vector<Frame.ImageShift>
        var dose = 0.0
        var section = 0
        let skip: Bool
    }
    let path: String
    let settings: [(name: String, value: Double)]
    let targets: [[String: String]]
    /// By target: the branch of the positive tilts and that of the negative ones.
    var branches: [(positive: Branch, negative: Branch)]

    /// The next free name of a stem.
    static func path(directory: String, stem: String) -> String {
        var run = 1
        func path() -> String { "\(directory)/\(stem)_run\(run < 10 ? "0" : "")\(run).txt" }
        while FileManager.default.fileExists(atPath: path()) { run += 1 }
        return path()
    }

    init(_ file: PACEtomoTargetFile, tilts: PACEtomoTilts, kept: [Int], column: Column, path: String) {
        self.path = path
        targets = file.targets
        let pretilt = Degrees(file.settings["pretilt"] ?? 0)
        let rotation = Degrees(file.settings["rotation"] ?? 0)
        settings = [
            ("startTilt", tilts.start), ("minTilt", tilts.minimum), ("maxTilt", tilts.maximum), ("step", tilts.step),
            ("pretilt", pretilt.value), ("rotation", rotation.value),
        ]
        branches = file.targets.enumerated().map { number, target in
            let shift = Vector<Frame.Specimen>(dx: Double(target["SSX"] ?? "") ?? 0, dy: Double(target["SSY"] ?? "") ?? 0)
            let slope = sine(pretilt) / cosine(pretilt)
            func branch(_ offset: String) -> Branch {
                Branch(
                    shift: shift, focus: column.defocus.value,
                    z0: slope * (cosine(rotation) * shift.dy - sine(rotation) * shift.dx),
                    n0: shift.dy - (file.settings[offset] ?? 0), imageShift: column.imageShift,
                    skip: target["skip"] == "True" || !kept.contains(number))
            }
            return (branch("taOffsetPos"), branch("taOffsetNeg"))
        }
    }

    /// Notes an image; the first one of a series belongs to both sides.
    mutating func add(target number: Int, angle: Double, start: Double, _ change: (inout Branch) -> Void) {
        if angle >= start { change(&branches[number].positive) }
        if angle <= start { change(&branches[number].negative) }
    }

    /// The text while the run stands at an image of a tilt and a target, or that of a finished run.
    func text(at position: (section: Int, target: Int)?) -> String {
        var text = ""
        if let position {
            for (name, value) in settings { text += "_set \(name) = \(fixed(value, 2))\n" }
            text += "_spos = \(position.section),\(position.target)\n\n"
        }
        let order = ["tgtfile", "tsfile", "viewfile", "SSX", "SSY", "stageX", "stageY", "LDArea", "SPACEscore"]
        for (number, target) in targets.enumerated() {
            text += "_tgt = \(number < 9 ? "00" : number < 99 ? "0" : "")\(number + 1)\n"
            let rest = target.keys.filter { !order.contains($0) && $0 != "skip" }.sorted()
            for key in order + rest + ["skip"] { if let value = target[key] { text += "\(key) = \(value)\n" } }
            text += "_pbr\n\(Self.text(branches[number].positive))_nbr\n\(Self.text(branches[number].negative))\n"
        }
        return text
    }

    private static func text(_ b: Branch) -> String {
        func list(_ values: [Double]) -> String { values.map { fixed($0, 4) }.joined(separator: ",") }
        let entries: [(String, String)] = [
            ("SSX", fixed(b.shift.dx, 4)), ("SSY", fixed(b.shift.dy, 4)), ("focus", fixed(b.focus, 4)), ("z0", fixed(b.z0, 4)),
            ("n0", fixed(b.n0, 4)), ("shifts", list(b.shifts)), ("angles", list(b.angles)),
            ("ISXset", fixed(b.imageShift.dx, 4)), ("ISYset", fixed(b.imageShift.dy, 4)),
            ("ISXali", fixed(b.imageShift.dx, 4)), ("ISYali", fixed(b.imageShift.dy, 4)), ("dose", fixed(b.dose, 4)),
            ("sec", "\(b.section)"), ("skip", b.skip ? "True" : "False"),
        ]
        return entries.map { "\($0.0) = \($0.1)\n" }.joined()
    }

    /// Writes the file in place, as Python's `open` does: a run that is killed can leave half of it.
    func write(at position: (section: Int, target: Int)?) throws {
        try text(at: position).write(toFile: path, atomically: false, encoding: .utf8)
    }
}
