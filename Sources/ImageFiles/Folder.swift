import Foundation

/// Folders, with errors that an operator can read.
public enum Folder {
    /// Makes a folder and those above it; one that is there already is fine.
    public static func make(_ path: String) throws(ImageFileError) {
        guard mkdir(path, 0o777) != 0 else { return }
        let number = errno
        if number == ENOENT {
            let parent = (path as NSString).deletingLastPathComponent
            guard !parent.isEmpty, parent != path else { throw .cannotMake(path, errno: number) }
            try make(parent)
            guard mkdir(path, 0o777) != 0 else { return }
        }
        // Somebody made it meanwhile, or it was there; a file of this name is no folder.
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { return }
        throw .cannotMake(path, errno: number)
    }
}
