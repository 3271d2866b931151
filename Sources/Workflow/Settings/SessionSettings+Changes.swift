import Foundation
import InferenceWire
public import ModelStore

extension SessionSettings {
    /// The same settings up to another level, 1 to 5, for every grid.
    public func withLevel(_ level: Int) -> Self {
        var changed = self
        changed.automationLevel = min(5, max(1, level))
        changed.grids = grids?.mapValues { $0.withoutLevel() }
        return changed
    }

    /// What holds for one grid: the settings of all with its own in their place.
    public func of(grid slot: Int) -> Self {
        var changed = self
        changed.grids = nil
        grids?[slot]?.change(&changed)
        return changed
    }

    /// The level of the grid that goes farthest.
    public var highestLevel: Int { gridList.map { of(grid: $0).automationLevel }.max() ?? automationLevel }

    /// The same settings with another word on where maps are analysed.
    public func analysed(by analysis: AnalysisSettings?) -> Self {
        var changed = self
        changed.analysis = analysis
        return changed
    }

    /// What becomes of the session when a grid fails.
    func failurePolicy(ofGrid slot: Int) -> FailurePolicy { grids?[slot]?.onFailure ?? onGridFailure ?? .stop }

    /// The settings that decide what is done with a grid: where SerialEM is, where maps are analysed, what is watched, another wish to look, another answer to a doubt or a
    /// failure, and what is said of other grids do not undo one that is finished.
    package var ofTheSample: Self {
        var changed = self
        (changed.host, changed.port, changed.safety, changed.uncertainSteps) = ("", 0, .standard, .stop)
        changed.inspection = .none
        changed.analysis = nil
        changed.onGridFailure = nil
        changed.grids = nil
        return changed
    }

    /// The same settings with every folder absolute, seen from the settings file, since SerialEM has another working directory; and with the
    /// models of a store in the place of their names, and the ones in use in the place of none.
    ///
    /// - Throws: ``SettingsError`` where a model is needed and neither named nor in use, or the store's own error.
    public func withAbsolutePaths(from settingsFile: String, models: ModelStore) throws -> Self {
        let base = URL(fileURLWithPath: settingsFile).deletingLastPathComponent()
        func absolute(_ path: String) -> String { URL(fileURLWithPath: path, relativeTo: base).standardizedFileURL.path }
        func folder(_ named: String, _ kind: ModelKind, key: String, isNeeded: Bool) throws -> String {
            if let found = try models.folder(named: named, kind: kind, from: base) { return found }
            guard isNeeded else { return "" }
            let task = kind == .detector ? "finds lamellae" : "segments them"
            throw SettingsError(
                file: settingsFile,
                problems: [.init(line: nil, message: "'\(key)' is missing, and no model that \(task) is in use; 'tomopilot models activate NAME' puts one to use")])
        }
        var changed = self
        changed.analysis = analysis?.withAbsolutePaths(from: base)
        changed.setFolders(
            session: absolute(sessionFolder), detector: try folder(detectorFolder, .detector, key: "WG_model", isNeeded: true),
            segmenter: try folder(segmenterFolder, .segmenter, key: "MM_model", isNeeded: highestLevel >= 3))
        return changed
    }
}
