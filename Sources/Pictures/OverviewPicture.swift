public import Geometry

/// A box to draw on a grid map.
public struct GridBox: Hashable, Sendable, Codable {
    public var rectangle: Rectangle<Frame.MapPixels>
    /// The detector's class, which gives the colour.
    public var className: String
    public var score: Double
    /// The lamella's name, for instance `L01`; empty for a box that never became one.
    public var label: String
    /// Why it is not processed, in two or three words; nil where it is.
    public var leftOut: String?
    /// What was reached on it, in two or three words, for instance `12 targets`.
    public var reached: String
    /// The model's own colour of the class; nil: that of its name.
    public var classColour: RGB?

    public init(
        rectangle: Rectangle<Frame.MapPixels>, className: String, score: Double, label: String, leftOut: String? = nil,
        reached: String = "", classColour: RGB? = nil
    ) {
        self.rectangle = rectangle
        self.className = className
        self.score = score
        self.label = label
        self.leftOut = leftOut
        self.reached = reached
        self.classColour = classColour
    }

    var colour: RGB { leftOut != nil && label.isEmpty ? Palette.leftOut : classColour ?? Palette.of(lamella: className) }
}

/// The pictures that an operator looks at first: what was found on a grid and what will be exposed on a lamella.
public enum OverviewPicture {}
