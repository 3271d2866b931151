/// The colours of the pictures. Distinct for the common forms of colour blindness as far as ten colours can be; marks are
/// in colours that no class has.
enum Palette {
    static let tracking = RGB(0xFF2BD6)
    static let target = RGB(0x00E5FF)
    static let geo = RGB(0xFFFFFF)
    static let tiltAxis = RGB(0xFFFFFF)
    static let limit = RGB(0xFFB300)
    static let leftOut = RGB(0x9AA0A6)
    static let paper = RGB(0x16181C)
    static let ink = RGB(0xF2F2F2)
    private static let series = [
        0x9C6BFF, 0x3FBF7F, 0xF0E442, 0xFF5C5C, 0xF5A623, 0x4C7DFF, 0xCC79A7, 0x8C6D46, 0xB7E07A, 0xE6E6E6,
    ].map { RGB($0) }

    /// The colour of a class of a segmentation; classes that stand for "nothing there" have none, so that the map shows.
    ///
    /// - Parameter given: the model's own colour.
    static func of(class name: String, index: Int, given: RGB? = nil) -> RGB? {
        switch name {
        case "background", "white", "black", "vacuum": nil
        case _ where given != nil: given
        case "cell", "cytoplasm": RGB(0x3FBF7F)
        case "nucleus": RGB(0xF0E442)
        case "mitos", "mitochondria": RGB(0xFF5C5C)
        case "lipiddroplets": RGB(0xF5A623)
        case "crack": RGB(0x9C6BFF)
        case "ice": RGB(0x4C7DFF)
        default: series[index % series.count]
        }
    }

    /// The colour of a class of lamella: from fit to acquire to not there.
    static func of(lamella name: String) -> RGB {
        switch name {
        case "good": RGB(0x34D058)
        case "thick": RGB(0xF0E442)
        case "wedge": RGB(0xF5A623)
        case "contaminated": RGB(0x56B4E9)
        case "broken": RGB(0xFF5C5C)
        case "gone": RGB(0x9AA0A6)
        default: RGB(0xD55EFF)
        }
    }
}
