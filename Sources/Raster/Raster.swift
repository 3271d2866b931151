/// An image: rows from top to bottom as displayed, pixels of a row from left to right, without padding.
///
/// This is the order of SerialEM's image buffers and of PNG; MRC files hold the rows from bottom to top and are flipped
/// where they are read and written, nowhere else.
public struct Raster<Pixel: Sendable>: Sendable {
    public let width: Int
    public let height: Int
    /// `width * height` values; pixel (x, y) is at `y * width + x`.
    public var pixels: [Pixel]

    /// An image of one value.
    public init(width: Int, height: Int, filledWith value: Pixel) {
        precondition(width >= 0 && height >= 0, "a raster cannot have a negative side")
        self.width = width
        self.height = height
        pixels = Array(repeating: value, count: width * height)
    }

    /// An image of given pixels; `pixels.count` must be `width * height`.
    public init(width: Int, height: Int, pixels: [Pixel]) {
        precondition(pixels.count == width * height, "a raster needs width * height pixels")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    @inlinable public subscript(x: Int, y: Int) -> Pixel {
        get { pixels[y * width + x] }
        set { pixels[y * width + x] = newValue }
    }

    /// Each pixel changed by a function.
    @inlinable public func map<Other: Sendable>(_ change: (Pixel) throws -> Other) rethrows -> Raster<Other> {
        Raster<Other>(width: width, height: height, pixels: try pixels.map(change))
    }

    /// The part with columns `x ..< x + width` and rows `y ..< y + height`; what lies outside this image is `fill`.
    public func cropped(x: Int, y: Int, width w: Int, height h: Int, fill: Pixel) -> Raster {
        var out = Raster(width: w, height: h, filledWith: fill)
        let x0 = Swift.max(0, x)
        let x1 = Swift.min(width, x + w)
        guard x0 < x1 else { return out }
        for row in Swift.max(0, y) ..< Swift.max(Swift.max(0, y), Swift.min(height, y + h)) {
            let to = (row - y) * w + (x0 - x)
            out.pixels.replaceSubrange(to ..< to + (x1 - x0), with: pixels[row * width + x0 ..< row * width + x1])
        }
        return out
    }
}

extension Raster: Equatable where Pixel: Equatable {}
extension Raster: Hashable where Pixel: Hashable {}
