extension DecodingError {
    /// What the decoder says, in a few words.
    static func words(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _): "it lacks '\(key.stringValue.forPeople)'"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "'\(context.codingPath.map(\.stringValue).joined(separator: ".").forPeople)' has a value of the wrong kind"
        default: "it is no JSON"
        }
    }
}
