public import Geometry

/// A box to draw on a grid map.
public struct GridBox: Hashable, Sendable {
    public var rectangle: Rectangle<Frame.MapPixels>
    /// The detector's class, which gives the colour.
    public var className: String
    public var score: Double
    /// The lamella's name, for instance `L01`.
    public var label: String

    public init(rectangle: Rectangle<Frame.MapPixels>, className: String, score: Double, label: String) {
        self.rectangle = rectangle
        self.className = className
        self.score = score
        self.label = label
    }
}

/// The pictures that an operator looks at first: what was found on a grid and what will be exposed on a lamella.
public enum OverviewPicture {}
