/// Why an image could not be analysed; the description is one sentence for the operator.
public struct AnalysisError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
