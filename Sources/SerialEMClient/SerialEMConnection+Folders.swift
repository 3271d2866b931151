extension SerialEMConnection {
    /// Whether SerialEM sees a file or a directory under this name.
    public func doesFileExist(_ path: String) async throws(SerialEMError) -> Bool {
        try await read("DoesFileExist", [.text(path)]).flag(0)
    }
}
