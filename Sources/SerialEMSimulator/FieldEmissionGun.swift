/// A cold field emitter: its current falls until the tip is flashed.
struct FieldEmissionGun: Sendable {
    private var lastFlash = -7_200.0
    private var lastHotFlash = -36_000.0
    var nextFlashIsHot = false
    /// Whether electrons come at all; only a JEOL lets a client switch that.
    var emits = true
    static let flashTime = 60.0

    /// A mild flash is due after eight hours, one at high temperature after a day.
    func flashIsAdvised(hot: Bool, at time: Double) -> Bool { hot ? time - lastHotFlash > 86_400 : time - lastFlash > 28_800 }
    /// Nanoamperes.
    func beamCurrent(at time: Double) -> Double { 150 * max(0.5, 1 - 0.03 * (time - lastFlash) / 3600) }
    mutating func flash(at time: Double) {
        lastFlash = time
        if nextFlashIsHot { lastHotFlash = time }
        nextFlashIsHot = false
    }
}
