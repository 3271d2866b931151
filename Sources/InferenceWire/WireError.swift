/// What can be wrong with a tensor or a message on the line between service and worker.
public enum WireError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The number of values is not the product of the shape.
    case shapeMismatch(shape: [Int], values: Int)
    /// A message ends too early or says something unknown.
    case malformed(String)
    /// A frame announces more bytes than any tensor of ours has.
    case frameTooLarge(Int)
    /// The line broke in the middle of a frame.
    case brokenLine
    /// The operating system refused to read or write; the number is errno.
    case system(Int32)

    public var description: String {
        switch self {
        case .shapeMismatch(let shape, let values): "A tensor of shape \(shape) cannot hold \(values) values."
        case .malformed(let what): "A message between service and inference worker is malformed: \(what)."
        case .frameTooLarge(let bytes): "A message between service and inference worker announces \(bytes) bytes, too many."
        case .brokenLine: "The line between service and inference worker broke in the middle of a message."
        case .system(let number): "The line between service and inference worker failed (errno \(number))."
        }
    }
}
