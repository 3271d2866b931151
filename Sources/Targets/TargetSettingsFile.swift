public import Foundation

/// What the targets of a session were chosen by, beside its maps: `target_settings.json`.
///
/// SPACEtomo's `tgt_params.json` has no place for all of it, and does not name the classes that are neither wanted nor avoided.
public struct TargetSettingsFile: Codable, Hashable, Sendable {
    public static let name = "target_settings.json"

    public var settings: TargetSettings
    /// The classes of the segmentation by label.
    public var classes: [String]

    public init(settings: TargetSettings, classes: [String]) {
        self.settings = settings
        self.classes = classes
    }

    public init(data: Data) throws(TargetsError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw TargetsError(.unreadableFile, "This is no target_settings.json: \(words(for: error)).")
        }
    }

    public func data() throws(TargetsError) -> Data { try encoded(self, name: "file target_settings.json") }
}
