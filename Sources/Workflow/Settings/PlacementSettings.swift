public import Targets
public import Units

/// How targets keep their distance from each other and from what is avoided, beyond what SPACEtomo's settings say.
public struct PlacementSettings: Codable, Hashable, Sendable {
    /// `pretilt`: how steeply lamellae are inclined about the tilt axis on the untilted stage.
    public let pretilt: Degrees
    /// `auto_start_tilt`: tilt series start where the lamella lies flat, as the setting of PACEtomo's script has it.
    public let startsAtPretilt: Bool
    /// `penalty_window`: where avoided classes take from a score.
    public let penaltyWindow: TargetSettings.PenaltyWindow
    /// `clear_centre`: no avoided class within half the shorter side of the field of a target's centre.
    public let keepsCentreClear: Bool

    /// nil where everything is as by default, so that a session of before is read, and goes on, unchanged.
    init?(_ reader: inout SettingsReader) {
        pretilt = reader.pretilt()
        startsAtPretilt = reader.flag("auto_start_tilt", default: false)
        penaltyWindow = reader.name("penalty_window", default: .field)
        keepsCentreClear = reader.flag("clear_centre", default: true)
        if pretilt == .zero, !startsAtPretilt, penaltyWindow == .field, keepsCentreClear { return nil }
    }

    /// Says the same in the settings of a selection.
    func change(_ settings: inout TargetSettings) {
        if pretilt != .zero { settings.pretilt = pretilt }
        if startsAtPretilt { settings.startsAtPretilt = true }
        if penaltyWindow != .field { settings.penaltyWindow = penaltyWindow }
        if !keepsCentreClear { settings.keepsCentreClear = false }
    }
}

extension SettingsReader {
    mutating func pretilt() -> Degrees { Degrees(number("pretilt", default: 0, in: -45 ... 45, unit: " degrees")) }
}
