internal import Foundation

/// At which tilts PACEtomo exposes, from the settings of a target file; degrees.
struct PACEtomoTilts: Sendable, Hashable {
    let start: Double
    let minimum: Double
    let maximum: Double
    let step: Double
    /// The tilt at which the targets were picked, if the file says so: their coordinates are those of that tilt.
    let ofTargets: Double

    /// The stage takes tilts up to `stageLimit` in both directions; limits that the start tilt has shifted are cut there.
    init(_ file: PACEtomoTargetFile, stageLimit: Double) {
        let settings = file.settings
        let limits = [settings["minTilt"] ?? -60, settings["maxTilt"] ?? 60].sorted()
        step = settings["step"] ?? 3
        ofTargets = settings["tiltTargets"] ?? 0
        guard ofTargets == 0, file.isOn("autoStartTilt", default: false) else {
            start = ofTargets != 0 ? ofTargets : settings["startTilt"] ?? 0
            (minimum, maximum) = (limits[0], limits[1])
            return
        }
        let pretilt = (settings["pretilt"] ?? 0) * .pi / 180
        let rotation = (settings["rotation"] ?? 0) * .pi / 180
        // Python rounds halves to the even number.
        start = -(atan(tan(pretilt) * cos(rotation)) * 180 / .pi).rounded(.toNearestOrEven)
        (minimum, maximum) = (max(-stageLimit, limits[0] + start), min(stageLimit, limits[1] + start))
    }

    /// The angles in the order of a grouped dose-symmetric scheme.
    func inOrder(group: Int) -> [Double] {
        guard step > 0, minimum <= start, start <= maximum, group > 0 else { return [start] }
        var up = stride(from: start + step, through: maximum + 1e-6, by: step).map { $0 }[...]
        var down = stride(from: start - step, through: minimum - 1e-6, by: -step).map { $0 }[...]
        var out = [start]
        while !up.isEmpty || !down.isEmpty {
            out += up.prefix(group)
            up = up.dropFirst(group)
            out += down.prefix(group)
            down = down.dropFirst(group)
        }
        return out
    }
}
