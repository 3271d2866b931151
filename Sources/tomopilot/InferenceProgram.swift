import Foundation
import Workflow

/// Where the program lies that runs the networks.
enum InferenceProgram {
    /// - Parameter named: the path that the operator gave; nil looks beside this program.
    static func path(named: String?) throws -> String {
        if let named { return named }
        let own = (Bundle.main.executablePath ?? CommandLine.arguments[0]) as NSString
        let path = own.deletingLastPathComponent + "/tomopilot-infer"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw WorkflowError.refused("The inference worker is not at \(path); name it with --infer.")
        }
        return path
    }
}
