internal import Raster

/// A square pattern that repeats over the plane: relative changes of what the specimen lets through.
public struct Texture: Sendable {
    /// Pixels along each side of the square; a power of two.
    public let side: Int
    /// `side * side` values, rows upwards.
    public let values: [Float]
    /// The place in the pattern of the first pixel of the image; rows of the image run downwards.
    public let x: Int
    public let y: Int

    /// A pattern; `values.count` must be `side * side`.
    public init(side: Int, values: [Float], x: Int, y: Int) {
        precondition(side > 0 && values.count == side * side, "a texture is square")
        self.side = side
        self.values = values
        self.x = x
        self.y = y
    }

    func modulate(_ image: inout Raster<Float>) {
        func wrapped(_ k: Int) -> Int { ((k % side) + side) % side }
        for row in 0 ..< image.height {
            let line = wrapped(y - row) * side
            var column = wrapped(x)
            for k in row * image.width ..< (row + 1) * image.width {
                image.pixels[k] *= 1 + values[line + column]
                column = column + 1 == side ? 0 : column + 1
            }
        }
    }
}
