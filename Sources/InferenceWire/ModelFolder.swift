import Foundation

/// A folder with a model: `model.json` and the TorchScript files that it names.
public struct ModelFolder: Sendable, Hashable {
    /// Absolute path of the folder.
    public let path: String
    public let description: ModelDescription
    /// Absolute paths of the TorchScript files: one, or one for each fold.
    public var networkPaths: [String] { description.networks.map { path + "/" + $0.file } }

    /// Opens a folder and checks all of it: description, values, TorchScript files and their checksums.
    public static func open(_ path: String) throws(ModelFolderError) -> ModelFolder {
        let model = try describe(path)
        for network in model.description.networks {
            let file = model.path + "/" + network.file
            guard let sum = SHA256.hexadecimal(ofFile: file) else { throw .fileMissing(path: file) }
            guard sum == network.sha256.lowercased() else { throw .checksumMismatch(path: file) }
        }
        return model
    }

    /// Reads and checks the description only.
    public static func describe(_ path: String) throws(ModelFolderError) -> ModelFolder {
        let folder = URL(fileURLWithPath: path).standardizedFileURL.path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw .folderMissing(path: folder)
        }
        guard let json = FileManager.default.contents(atPath: folder + "/model.json") else {
            throw .descriptionMissing(path: folder)
        }
        let description: ModelDescription
        do {
            description = try JSONDecoder().decode(ModelDescription.self, from: json)
        } catch {
            throw .descriptionDamaged(path: folder, reason: reason(of: error))
        }
        let problems = description.problems
        guard problems.isEmpty else {
            throw .descriptionDamaged(path: folder, reason: problems.joined(separator: "; "))
        }
        return ModelFolder(path: folder, description: description)
    }

    /// What an operator can mend, in a few words.
    private static func reason(of error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has the wrong type"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has a value that is not known"
        default: "it is not JSON"
        }
    }
}

/// Why a model folder cannot be used; the description is one sentence for the operator.
public enum ModelFolderError: Error, Sendable, Hashable, CustomStringConvertible {
    case folderMissing(path: String)
    case descriptionMissing(path: String)
    case descriptionDamaged(path: String, reason: String)
    case fileMissing(path: String)
    case checksumMismatch(path: String)

    public var description: String {
        switch self {
        case .folderMissing(let path): "There is no model folder at \(path)."
        case .descriptionMissing(let path): "The model folder \(path) has no readable model.json."
        case .descriptionDamaged(let path, let reason): "The file model.json in \(path) cannot be used: \(reason)."
        case .fileMissing(let path): "The network \(path) that model.json names cannot be read."
        case .checksumMismatch(let path):
            "The network \(path) is not the one that model.json describes (SHA-256 differs); copy the model folder again."
        }
    }
}
