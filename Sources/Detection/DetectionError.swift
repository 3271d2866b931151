/// Why a map could not be searched for lamellae; the description is for the operator.
public enum DetectionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The model folder holds another kind of network, or values that make no sense.
    case unsuitableModel(String)
    case confidenceOutOfRange(Double)
    case emptyMap
    /// The map's pixel size is not a positive number of nm per pixel.
    case pixelSizeUnknown
    /// At the detector's pixel size the map would have too many pixels; its own pixel size is probably wrong.
    case mapTooLarge(width: Int, height: Int)
    case refusedByReference(width: Int, height: Int, side: Int)
    /// The network returned something else than boxes of the described classes.
    case unexpectedOutput(shape: [Int], expectedRows: Int)
    /// The network returned values that are no numbers: its weights are damaged.
    case notFinite

    public var description: String {
        switch self {
        case .unsuitableModel(let reason): "The model cannot be used as a lamella detector: \(reason)."
        case .confidenceOutOfRange(let value): "The detector's confidence must be 0 to 1, not \(value)."
        case .emptyMap: "The whole-grid map has no pixels."
        case .pixelSizeUnknown: "The whole-grid map has no valid pixel size."
        case .mapTooLarge(let width, let height):
            "At the detector's pixel size the map would have \(width) x \(height) pixels; check the map's pixel size."
        case .refusedByReference(let width, let height, let side):
            "The map has \(width) x \(height) pixels at the detector's pixel size; the reference fails where one side is shorter and the other longer than \(side), so search it without."
        case .unexpectedOutput(let shape, let rows):
            "The detector returned a tensor of shape \(shape) instead of [1, \(rows), boxes]; model.json and network do not fit."
        case .notFinite: "The detector returned values that are no numbers: its weights are damaged, or the training went wrong."
        }
    }
}
