/// Numbers of a network's input or output, row-major: the last dimension is contiguous.
public struct Tensor: Sendable, Hashable {
    /// Length of each dimension; a network takes batch, channel, row, column.
    public let shape: [Int]
    /// As many values as the product of the shape.
    public var values: [Float]

    /// A tensor of given values.
    /// - Throws: ``WireError/shapeMismatch(shape:values:)`` unless the number of values is the product of the shape.
    public init(shape: [Int], values: [Float]) throws(WireError) {
        guard Self.count(of: shape) == values.count else {
            throw .shapeMismatch(shape: shape, values: values.count)
        }
        self.shape = shape
        self.values = values
    }

    /// A tensor of one value. Negative lengths count as zero.
    public init(shape: [Int], filledWith value: Float) {
        self.shape = shape.map { max(0, $0) }
        values = Array(repeating: value, count: self.shape.reduce(1, *))
    }

    /// Images of one shape, each a batch of one, as one batch.
    /// - Throws: ``WireError/shapeMismatch(shape:values:)`` where the shapes differ or an image is none.
    public init(batch images: [Tensor]) throws(WireError) {
        let shape = images.first?.shape ?? []
        var values: [Float] = []
        values.reserveCapacity(images.count * (images.first?.values.count ?? 0))
        for image in images {
            guard image.shape == shape, shape.first == 1 else { throw .shapeMismatch(shape: shape, values: image.values.count) }
            values += image.values
        }
        try self.init(shape: [images.count] + shape.dropFirst(), values: values)
    }

    /// The images of a batch, each a batch of one; a tensor of one image or less is one.
    public var images: [Tensor] {
        guard let count = shape.first, count > 1 else { return [self] }
        let length = values.count / count
        return (0 ..< count).map { image in
            Tensor(checkedShape: [1] + shape.dropFirst(), values: Array(values[image * length ..< (image + 1) * length]))
        }
    }

    private init(checkedShape shape: [Int], values: [Float]) {
        self.shape = shape
        self.values = values
    }

    /// The product of a shape, or nil where a length is negative or the product is no longer an Int.
    static func count(of shape: [Int]) -> Int? {
        var product = 1
        for length in shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: length)
            guard length >= 0, !overflow else { return nil }
            product = next
        }
        return product
    }
}
