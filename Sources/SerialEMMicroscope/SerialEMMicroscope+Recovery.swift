import Foundation
public import Microscope
import SerialEMClient
import SerialEMProtocol

/// What a run that died in the middle of a map left behind in SerialEM.
extension SerialEMMicroscope {
    public func recoverMap(_ request: MontageRequest) async throws -> Bool {
        let c = connection
        let path = folder + "/" + request.file
        guard try await Self.wording({ try await c.reportFileNumber() }) != nil, try await currentFile() == path else { return false }
        let isWhole = try await Self.wording {
            // SerialEM goes on with a montage whose client has gone, so all pieces may be there.
            let size = try await c.reportFileZsize()
            let pieces = try await c.reportNumMontagePieces()
            return size.montageSections == 1 && size.sections == pieces
        }
        if isWhole { try await makeMap(request) } else { try await Self.wording { try await c.closeFile() } }
        return isWhole
    }

    /// Closes the files that somebody left open, but for the montage of this folder of which no map may have been made yet:
    /// with its file SerialEM would forget the overview.
    func closeFiles(in folder: String) async throws {
        let c = connection
        while try await Self.wording({ try await c.reportFileNumber() }) != nil {
            let isMontage = try await Self.wording { try await c.reportFileZsize().montageSections == 1 }
            if isMontage, try await currentFile().hasPrefix(folder + "/") { return }
            try await Self.wording { try await c.closeFile() }
        }
    }

    private func currentFile() async throws -> String {
        let c = connection
        let values = try await Self.wording { try await c.perform("ReportCurrentFilename") }
        // On Windows SerialEM names files with its own slashes.
        return (values.first?.text ?? "").replacing("\\", with: "/")
    }
}
