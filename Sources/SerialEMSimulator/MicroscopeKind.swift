/// The make of the column. It decides units of image shift and beam tilt, apertures and what the autoloader tells.
public enum MicroscopeKind: String, Sendable, Hashable, CaseIterable {
    case thermo
    case jeol

    /// Readings of the image shift coils for what shifts by about one micrometre. SerialEM's unit is the micrometre on Thermo;
    /// elsewhere it is the column's own, and only the calibrated matrices tell.
    var imageShiftUnits: Double {
        switch self {
        case .thermo: 1
        case .jeol: 2
        }
    }
    /// Readings of the beam tilt coils for one milliradian: milliradians on Thermo, percent of the whole range on JEOL.
    var beamTiltUnits: Double {
        switch self {
        case .thermo: 1
        case .jeol: 5
        }
    }
    /// What the coils themselves allow, in micrometres, as ReportMaxImageShift gives it: 0 where only the property counts.
    var imageShiftLimit: Double {
        switch self {
        case .thermo: 0
        case .jeol: 12
        }
    }
}
