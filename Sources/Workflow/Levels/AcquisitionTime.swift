/// How long PACEtomo may take for areas, before anybody has seen how long it takes here: twice what a slow microscope needs, and an
/// hour for refills.
///
/// A slow microscope needs half an hour for an area until its first tilt (eucentricity, alignment, geometry, focus), a minute for
/// each tilt, and for each image of a target 20 s besides its exposure.
struct AcquisitionTime: Sendable, Hashable {
    private(set) var seconds = 3600.0
    private(set) var images = 0

    /// PACEtomo's own tilts where the targets file says nothing: -60 to 60 in steps of 3 degrees.
    private static let usualTilts = 41

    /// - Parameter exposure: of one image of a tilt series, in seconds; nil where SerialEM does not tell.
    init(_ areas: [(targets: Int, tilts: Int?)], exposure: Double?) {
        // PACEtomo's exposures are seconds; a number that nobody means is not reckoned with.
        let time = exposure.map { $0.isFinite ? min(600, max(0, $0)) : 0 } ?? 10
        for area in areas {
            let tilts = Double(area.tilts ?? Self.usualTilts)
            let targets = Double(max(1, area.targets))
            seconds += 2 * (1800 + tilts * (60 + targets * (20 + time)))
            images += max(1, area.targets) * (area.tilts ?? Self.usualTilts)
        }
    }

    var longest: Duration { .seconds(seconds) }
    var basis: String { "twice what a slow microscope needs for \(images) images of tilt series, and an hour; none was done here before" }
}
