import Foundation

/// Files that are read from any place.
public enum RegularFile {
    /// Refuses pipes, sockets and devices, which would keep a reader waiting for ever. A file that is not there is the reader's to tell.
    public static func check(_ path: String) throws(ImageFileError) {
        var status = stat()
        guard stat(path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { return }
        throw .unsupported(path, "it is a pipe, a socket or a device, and must be a file")
    }
}
