import Foundation

extension SessionSettings {
    /// The same settings up to another level, 1 to 5.
    public func withLevel(_ level: Int) -> Self {
        var changed = self
        changed.setLevel(min(5, max(1, level)))
        return changed
    }

    /// The settings that decide what is done with a grid: another answer to a doubt, or
    /// another wish to look, does not undo one that is finished.
    var ofTheSample: Self {
        var changed = self
        changed.setUncertainSteps(.stop)
        changed.setInspection(.none)
        return changed
    }

    /// The same settings with every folder absolute, seen from the settings file; SerialEM has another working directory.
    public func withAbsolutePaths(from settingsFile: String) -> Self {
        let base = URL(fileURLWithPath: settingsFile).deletingLastPathComponent()
        var changed = self
        changed.setFolders { URL(fileURLWithPath: $0, relativeTo: base).standardizedFileURL.path }
        return changed
    }
}
