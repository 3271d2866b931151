internal import ImageFiles
internal import SerialEMProtocol

extension CommandTable {
    /// What is written beside images, and read back.
    static let metadataCommands: [String: CommandHandler] = [
        "AddToAutodoc": { try await $0.addToAutodoc($1.text(1), $1.lastText) },
        "WriteAutodoc": { m, _ in try await m.writeAutodoc() },
        "ReportMetadataValues": { m, a in
            let value = try await m.metadata(a.text(1), key: a.text(2))
            return value.split(separator: " ").prefix(6).map { .text(String($0)) }
        },
        "ReportMetadataString": { [.text(try await $0.metadata($1.text(1), key: $1.text(2)))] },
        "ImageMetadataToVar": { try await $0.metadataToVariable($1.text(1), $1.text(2)) },
    ]
}

extension VirtualMicroscope {
    /// To the last section of the current file's mdoc, before the first image to its head.
    func addToAutodoc(_ key: String, _ value: String) throws -> [ReportedValue] {
        let place = try presentFile()
        guard openFiles[place].hasMdoc else { throw CommandFailure("There is no .mdoc file for the current image file.") }
        guard !key.isEmpty else { throw CommandFailure("A key is missing.") }
        var sections = openFiles[place].mdoc.sections
        guard let last = sections.lastIndex(where: { $0.kind == "ZValue" }) else {
            openFiles[place].mdoc.globals[key] = value
            return []
        }
        sections[last][key] = value
        openFiles[place].mdoc.sections = sections
        return []
    }
    func writeAutodoc() throws -> [ReportedValue] {
        let place = try presentFile()
        guard openFiles[place].hasMdoc else { throw CommandFailure("There is no .mdoc file for the current image file.") }
        do { try openFiles[place].writeMdoc() } catch { throw CommandFailure("Error writing to autodoc file: \(error)") }
        return []
    }

    /// Of the file that the image lies in, where it has one, else of the image itself.
    private func metadata(of name: String) throws -> [(String, String)] {
        let image = try buffer(named: name)
        let open = openFiles.first { $0.path == image.file }?.mdoc
        if let path = image.file, image.section >= 0, let mdoc = open ?? (try? Mdoc.read("\(path).mdoc")),
            let section = mdoc.sections.first(where: { $0.index == image.section && ($0.kind == "ZValue") == image.pieces.isEmpty })
        {
            return section.entries.keys.compactMap { key in section[key].map { (key, $0) } }
        }
        return SectionMetadata.entries(image)
    }
    func metadata(_ name: String, key: String) throws -> String {
        guard let value = try metadata(of: name).first(where: { $0.0 == key })?.1 else {
            throw CommandFailure("Key \(key) does not exist in the metadata autodoc structure.")
        }
        return value
    }
    func metadataToVariable(_ name: String, _ variable: String) throws -> [ReportedValue] {
        setVariable(variable, lines: try metadata(of: name).map { "\($0.0) = \($0.1)" })
        return []
    }
}
