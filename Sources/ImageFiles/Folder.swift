import Foundation

/// Folders, with errors that an operator can read.
public enum Folder {
    /// The folder of a path without its last part; empty where it has no other, `/` below the root.
    ///
    /// Foundation's own on Linux ends the program where the path is one character long.
    public static func of(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.last == "/" { path.removeLast() }
        guard let slash = path.lastIndex(of: "/") else { return "" }
        var folder = path[..<slash]
        while folder.last == "/" { folder.removeLast() }
        return folder.isEmpty ? "/" : String(folder)
    }

    /// Makes a folder and those above it; one that is there already is fine.
    public static func make(_ path: String) throws(ImageFileError) {
        guard mkdir(path, 0o777) != 0 else { return }
        let number = errno
        if number == ENOENT {
            let parent = of(path)
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
