public import Geometry
import Units

extension Frame {
    /// Micrometres on the grid: x right, y up, origin in the centre of the grid.
    public enum Grid {}
}

/// What a lamella turned out to be, in the order of the detector's classes.
public enum LamellaClass: Int, CaseIterable, Sendable, Codable {
    case broken, contaminated, good, thick, wedge, gone
}

/// The nine values of a segmentation of a lamella map, in the order of the segmentation model.
public enum SegmentationLabel: UInt8, CaseIterable, Sendable, Codable {
    case background, white, black, crack, ice, cell, nucleus, mitos, lipiddroplets
}

/// An elliptical body on a lamella: a cell, something inside a cell, or an ice crystal.
public struct Organelle: Sendable, Codable {
    /// What it is; one of ice, cell, nucleus, mitos and lipiddroplets.
    public let label: SegmentationLabel
    public let center: Point<Frame.Grid>
    /// Half of the longer axis, in micrometres.
    public let halfLength: Double
    /// Half of the shorter axis, in micrometres.
    public let halfWidth: Double
    /// Direction of the longer axis, in degrees counter-clockwise from x.
    public let angle: Double
}

/// A strip across a lamella where the material is missing. Positions are along the width of the lamella, from its centre.
public struct Gap: Sendable, Codable {
    /// Where the strip crosses the middle line of the lamella, in micrometres.
    public let position: Double
    /// Sideways run per unit of height.
    public let slope: Double
    /// Half of the width of the strip, in micrometres.
    public let halfWidth: Double
    /// How far the strip reaches along the height, in micrometres from the centre of the lamella.
    public let from: Double
    public let to: Double
}

/// A milled lamella: a rectangular band between two trenches.
public struct Lamella: Sendable, Codable {
    public let id: Int
    public let center: Point<Frame.Grid>
    /// Side of the band across the milling direction, in micrometres.
    public let width: Double
    /// Side of the band along the milling direction, in micrometres.
    public let height: Double
    /// Direction of the width, in degrees counter-clockwise from x.
    public let angle: Double
    public let kind: LamellaClass
    /// Transmission of the band at its centre, 0 to 1.
    public let transmission: Double
    /// Change of the transmission from one end of the width to the other.
    public let gradientAlongWidth: Double
    /// Change of the transmission from one end of the height to the other.
    public let gradientAlongHeight: Double
    /// Heights of the trenches beyond the band, in micrometres.
    public let trenchAbove: Double
    public let trenchBelow: Double
    /// Where the band is missing altogether (broken lamellae).
    public let missing: Gap?
    /// Thin cracks.
    public let cracks: [Gap]
    /// Everything on the band; cells come before what they hold, ice comes last.
    public let organelles: [Organelle]

    /// The axis-parallel box about the band, without the trenches; for a lamella that is gone, where the band would be.
    public var box: Rectangle<Frame.Grid> {
        let c = cosine(Degrees(angle)).magnitude
        let s = sine(Degrees(angle)).magnitude
        let halfX = (width * c + height * s) / 2
        let halfY = (width * s + height * c) / 2
        return Rectangle(
            minX: center.x - halfX, minY: center.y - halfY, maxX: center.x + halfX, maxY: center.y + halfY)
    }

    /// The organelles with one label.
    public func organelles(_ label: SegmentationLabel) -> [Organelle] { organelles.filter { $0.label == label } }
}
