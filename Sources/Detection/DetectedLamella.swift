public import Geometry

/// One lamella that the detector found, or an operator drew, on a whole-grid map.
public struct DetectedLamella: Codable, Sendable, Hashable {
    /// Outline in pixels of the map.
    public var box: Rectangle<Frame.MapPixels>
    /// Index into the classes of the detector.
    public var classIndex: Int
    /// Name of the class, such as "good" or "broken".
    public var className: String
    /// Confidence, 0 ... 1; exactly 1 for a box that an operator drew or classified.
    public var score: Double

    public init(box: Rectangle<Frame.MapPixels>, classIndex: Int, className: String, score: Double) {
        self.box = box
        self.classIndex = classIndex
        self.className = className
        self.score = score
    }
}
