public import InferenceWire

/// Why the store would not do something; the description is one sentence for the operator.
public enum ModelStoreError: Error, Sendable, Hashable, CustomStringConvertible {
    case unknown(name: String, known: [String])
    case unusable(ModelFolderError)
    /// A file that is no model, or lacks something; the sentence says which and what.
    case notTaken(String)
    case system(String)

    public var description: String {
        switch self {
        case .unknown(let name, let known):
            "There is no model '\(name)' in the store" + (known.isEmpty ? ", which is empty; 'tomopilot models add' adds one." : "; there are \(known.joined(separator: ", ")).")
        case .unusable(let error): error.description
        case .notTaken(let sentence), .system(let sentence): sentence
        }
    }
}
