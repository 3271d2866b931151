import Foundation
public import Microscope
import SerialEMClient
import SerialEMProtocol

/// What a run that died in the middle of a map left behind in SerialEM.
extension SerialEMMicroscope {
    public func recoverMap(_ request: MontageRequest, fileIsWhole: Bool) async throws -> MapRecovery {
        let c = connection
        let path = folder + "/" + request.file
        if try await Self.wording({ try await c.navIndexWithNote(request.file) }) != nil {
            // Its reply was lost, or what comes after it was not reached.
            try await makeMap(request)
            return .mapped
        }
        if try await isCurrent(path) { return try await recoverOpenMontage(request) }
        guard fileExists(path) else { return .notBegun }
        guard fileIsWhole else { return .cutShort }
        // SerialEM has ended since and forgot the overview; the file has it.
        try await Self.wording { try await c.openOldFile(path) }
        try await readOverview()
        try await makeMap(request)
        return .mapped
    }

    private func recoverOpenMontage(_ request: MontageRequest) async throws -> MapRecovery {
        let c = connection
        let (sections, pieces) = try await Self.wording {
            // SerialEM goes on with a montage whose client has gone, so all pieces may be there.
            (try await c.reportFileZsize().sections, try await c.reportNumMontagePieces())
        }
        if sections == 0 {
            try await closeCurrent(folder + "/" + request.file)
            return .notBegun
        }
        guard sections >= pieces else { return .resumable(pieces: sections, of: pieces) }
        // Whatever images came after it, the file has the overview.
        try await readOverview()
        try await makeMap(request)
        return .mapped
    }

    public func resumeMap(_ request: MontageRequest) async throws {
        let c = connection
        guard try await isCurrent(folder + "/" + request.file) else {
            throw MicroscopeError(.missing, "SerialEM has not the montage \(request.file) open any more, so it cannot go on with it.")
        }
        let (left, isLowDose) = try await Self.wording {
            let taken = try await c.reportFileZsize().sections
            return (max(0, try await c.reportNumMontagePieces() - taken), try await c.reportLowDose().isOn)
        }
        let set = isLowDose ? "V" : "R"
        try await requireSpace(for: request, pieces: left, set: set, isBegun: true)
        let exposure = try await exposure(of: set)
        // SerialEM goes on with a stage montage at the first piece that its file lacks.
        try await exposed { try await c.montage(pieces: left, exposure: exposure) }
        // The overview of a montage that went on lacks the earlier pieces (EMmontageController of SerialEM); its file has all.
        try await readOverview()
        try await makeMap(request)
    }

    public func closeMap(_ request: MontageRequest) async throws { try await closeCurrent(folder + "/" + request.file) }

    /// Makes the montage of the current file a map unless it is one, closes its file and saves the navigator: each may have
    /// been done by a run that ended before the next.
    func makeMap(_ request: MontageRequest) async throws {
        let c = connection
        try await confirm("The navigator's map \(request.file)") {
            if try await c.navIndexWithNote(request.file) == nil { _ = try await c.newMap(note: request.file) }
        } reads: {
            try await c.navIndexWithNote(request.file) != nil
        }
        try await confirm("The label \(request.label) of \(request.file)") {
            if let item = try await c.navIndexWithNote(request.file) { try await c.changeItemLabel(item, request.label) }
        } reads: {
            try await c.navIndexWithLabel(request.label) != nil
        }
        try await closeCurrent(folder + "/" + request.file)
        try await Self.wording { try await c.saveNavigator() }
    }

    /// The overview of the current montage into the buffer that maps of montages are made from.
    private func readOverview() async throws {
        let c = connection
        try await Self.wording { try await c.readFile(section: 0, buffer: "B") }
    }

    /// Closes the files that somebody left open, but for a montage of this folder, of which no map may have been made yet, or
    /// which may have to be gone on with: with its file SerialEM would forget it.
    func closeFiles(in folder: String) async throws {
        let c = connection
        while try await Self.wording({ try await c.reportFileNumber() }) != nil {
            let isMontage = try await Self.wording { try await c.reportFileZsize().montageSections != nil }
            if isMontage, try await currentFile().hasPrefix(folder + "/") { return }
            try await closeCurrent(currentFile())
        }
    }

    /// Closes a file if it is the current one.
    func closeCurrent(_ path: String) async throws {
        guard try await isCurrent(path) else { return }
        let c = connection
        try await confirm("The file \(path) closed") {
            try await c.closeFile()
        } reads: {
            try await !self.isCurrent(path)
        }
    }

    func isCurrent(_ path: String) async throws -> Bool {
        let c = connection
        guard try await Self.wording({ try await c.reportFileNumber() }) != nil else { return false }
        return try await Self.isSame(currentFile(), path)
    }

    private func currentFile() async throws -> String {
        let c = connection
        let values = try await Self.wording { try await c.perform("ReportCurrentFilename") }
        // On Windows SerialEM names files with its own slashes.
        return (values.first?.text ?? "").replacing("\\", with: "/")
    }
}
