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
