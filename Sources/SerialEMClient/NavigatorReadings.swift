public import Units

/// Whether the Navigator is open.
public enum NavigatorState: Int, Sendable, Hashable {
    case closed = 0
    case open = 1
    /// Open, and its items belong to a file.
    case openWithFile = 2
}

/// An item of the Navigator's table.
public struct NavigatorItem: Sendable, Hashable {
    /// What an item is.
    public enum Kind: Int, Sendable, Hashable {
        case point = 0
        case polygon = 1
        case map = 2
    }

    /// Its place in the table from 1, which changes when others are deleted.
    public let index: Int
    /// Stage X.
    public let x: Micrometers
    /// Stage Y.
    public let y: Micrometers
    /// Stage height.
    public let z: Micrometers
    /// What it is.
    public let kind: Kind
}

/// The stage position of a pixel of a buffer.
public struct BufferStagePosition: Sendable, Hashable {
    /// Stage X.
    public let x: Micrometers
    /// Stage Y.
    public let y: Micrometers
    /// The piece of the montage in which the pixel lies; `nil` outside montages.
    public let piece: Int?
    /// The column in the piece.
    public let pieceX: Double?
    /// The row in the piece.
    public let pieceY: Double?
}
