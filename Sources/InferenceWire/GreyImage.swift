/// An image as a camera or a file gives it. A network sees the same grey in each of its channels, as numbers of 0 ... 1.
///
/// On its way to the worker it takes a twelfth of the memory of its tensor of three channels.
public struct GreyImage: Sendable, Hashable {
    public let width: Int
    public let height: Int
    /// Row by row, as many as the sides say.
    public let pixels: [UInt8]

    /// - Throws: ``WireError/shapeMismatch(shape:values:)`` unless there are as many pixels as the sides say.
    public init(width: Int, height: Int, pixels: [UInt8]) throws(WireError) {
        guard Tensor.count(of: [height, width]) == pixels.count else {
            throw .shapeMismatch(shape: [height, width], values: pixels.count)
        }
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

extension Tensor {
    /// What a network of so many channels sees of images.
    /// - Throws: ``WireError/shapeMismatch(shape:values:)`` where their sides differ, or where there are none.
    public init(_ images: [GreyImage], channels: Int) throws(WireError) {
        guard let first = images.first, channels > 0 else { throw .shapeMismatch(shape: [images.count, channels], values: 0) }
        let shape = [images.count, channels, first.height, first.width]
        guard let count = Tensor.count(of: shape), images.allSatisfy({ $0.width == first.width && $0.height == first.height }) else {
            throw .shapeMismatch(shape: shape, values: images.reduce(0) { $0 + $1.pixels.count })
        }
        let grey = (0 ... 255).map { Float($0) / 255 }
        try self.init(
            shape: shape,
            values: [Float](unsafeUninitializedCapacity: count) { values, filled in
                for image in images {
                    for _ in 0 ..< channels {
                        for pixel in image.pixels {
                            values[filled] = grey[Int(pixel)]
                            filled += 1
                        }
                    }
                }
            })
    }
}
