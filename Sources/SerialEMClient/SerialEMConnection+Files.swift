extension SerialEMConnection {
    /// Sets the working directory of SerialEM, for relative names.
    public func setDirectory(_ directory: String) async throws(SerialEMError) {
        try await run("SetDirectory", [.text(directory)], kind: .repeatable)
    }

    /// The working directory of SerialEM.
    public func reportDirectory() async throws(SerialEMError) -> String { try await read("ReportDirectory").text(0) }

    /// Makes a directory and its parents; one that exists is left as it is.
    public func makeDirectory(_ directory: String) async throws(SerialEMError) {
        try await run("MakeDirectory", [.text(directory)], kind: .repeatable)
    }

    /// Lets new files replace old ones, until control ends.
    public func allowFileOverwrite(_ on: Bool) async throws(SerialEMError) {
        try await run("AllowFileOverwrite", [.flag(on)], kind: .repeatable)
    }

    /// Free space on the disk of a directory, in megabytes.
    public func reportFreeDiskSpace(_ directory: String) async throws(SerialEMError) -> Double {
        try await read("ReportFreeDiskSpace", [.text(directory)]).number(0)
    }

    /// Makes an image file, which becomes the current one; one of the same name is an error unless overwriting is allowed.
    public func openNewFile(_ path: String) async throws(SerialEMError) {
        try await run("OpenNewFile", [.text(path)], kind: .exposing)
    }

    /// Opens an image file, which becomes the current one.
    public func openOldFile(_ path: String) async throws(SerialEMError) {
        try await run("OpenOldFile", [.text(path)], kind: .repeatable)
    }

    /// Closes the current image file; the one opened before becomes current.
    public func closeFile() async throws(SerialEMError) { try await run("CloseFile", kind: .exposing) }

    /// Appends the image of a buffer, A if not said otherwise, to a file, the current one if not said otherwise.
    public func save(buffer: String? = nil, fileNumber: Int? = nil) async throws(SerialEMError) {
        try await run(
            "Save", [.text(buffer ?? (fileNumber == nil ? nil : "A")), .integer(fileNumber)], kind: .exposing,
            deadline: Deadline.movement)
    }

    /// Reads a section, counted from 0, of the current file into a buffer, the read buffer if not said otherwise.
    public func readFile(section: Int, buffer: String? = nil) async throws(SerialEMError) {
        try await run("ReadFile", [.integer(section), .text(buffer)], kind: .repeatable, deadline: Deadline.task)
    }

    /// The number of the current file from 1, or `nil` if none is open.
    public func reportFileNumber() async throws(SerialEMError) -> Int? {
        let number = try await read("ReportFileNumber").integer(0)
        return number > 0 ? number : nil
    }

    /// Sections of the current file, and of a montage file its montages. Waits for images that are still being saved.
    public func reportFileZsize() async throws(SerialEMError) -> (sections: Int, montageSections: Int?) {
        let values = try await run("ReportFileZsize", kind: .reading, deadline: Deadline.movement)
        return (try values.integer(0), try values.optional(1, values.integer))
    }
}
