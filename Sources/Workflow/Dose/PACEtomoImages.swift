import Foundation
import ImageFiles
import Targets

/// The images that PACEtomo takes of an area besides its tilt series. It writes down none of them, so that their doses are
/// estimated: their number from what the script does with the settings of the area's targets file (PACEtomo 1.9.2), and the
/// dose of each from its exposure time and the beam of View or Record as SerialEM told it. The autofocus at the points at which
/// `measureGeo` measures the geometry lies beside the targets and is on none of them.
struct PACEtomoImages: Sendable, Hashable {
    /// Three for the rough eucentricity, one that is aligned to the target's View, one every 10 degrees on the way to the start tilt.
    let views: Int
    /// One that is centred, on the tracking target.
    let previews: Int
    /// Three of the autofocus at the tracking target.
    let focus: Int
    /// Records of the tracking target that are in no series.
    let tracking: Int

    private static let perFocus = 3

    /// - Parameter tilts: of a series.
    init(_ file: PACEtomoTargets, tilts: Int) {
        let start = file.settings["tiltTargets"] ?? file.settings["startTilt"] ?? 0
        views = 4 + (start.isFinite ? min(9, Int((start.magnitude / 10).rounded(.up))) : 0)
        previews = 1
        focus = Self.perFocus
        tracking = file.flags["trackTwice"] == true ? tilts : 0
    }

    /// What they put on the tracking target; focus counts there, for PACEtomo wants the Focus area on the tracking target.
    ///
    /// - Parameters:
    ///   - view: e/Å² of one View image.
    ///   - recordRate: e/Å² in a second of Record's beam, with which Preview and Focus are taken as well.
    ///   - times: exposure times of the parameter sets.
    func dose(view: Double, recordRate: Double, times: [String: Double]) -> Double {
        Double(views) * view + recordRate * (Double(previews) * (times["P"] ?? 0) + Double(focus) * (times["F"] ?? 0) + Double(tracking) * (times["R"] ?? 0))
    }

    /// What they put on the other targets: View lights the whole area.
    func doseOfOthers(view: Double) -> Double { Double(views) * view }
}
