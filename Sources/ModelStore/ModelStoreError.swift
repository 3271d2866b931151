public import InferenceWire

/// Why the store would not do something; the description is one sentence for the operator.
public enum ModelStoreError: Error, Sendable, Hashable, CustomStringConvertible {
    case unknown(name: String, known: [String])
    case unusable(ModelFolderError)
    /// A model that is in use, and that somebody took away by hand.
    case gone(name: String)
    /// A folder that somebody put there by hand.
    case foreign(path: String, reason: String)
    /// A file that is no model, or lacks something; the sentence says which and what.
    case notTaken(String)
    case system(String)

    public var description: String {
        switch self {
        case .unknown(let name, let known):
            "There is no model '\(name.plain)' in the store" + (known.isEmpty ? ", which is empty; 'tomopilot models add' adds one." : "; there are \(known.joined(separator: ", ")).")
        case .gone(let name):
            "The model '\(name)' is in use, and is not in the store any more; add it again, or say 'tomopilot models deactivate \(name)'."
        case .foreign(let path, let reason): "\(path.plain) is no model of the store: \(reason)."
        case .unusable(let error): error.description
        case .notTaken(let sentence), .system(let sentence): sentence
        }
    }
}
