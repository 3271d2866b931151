import Foundation
import ImageFiles
import Microscope

/// A map that an earlier run began: what SerialEM, the navigator and the file say of it.
extension GridSession {
    /// What became of a montage. Where SerialEM has ended in the middle of one, its pieces are on disk and the rest is not;
    /// nobody can then say which places were exposed and not saved.
    func evidence<Input>(
        of request: MontageRequest, setup: ImagingSetup
    ) async throws -> Step<Input, String>.Evidence {
        let path = folder.inFolder(request.file)
        // A map is made with the conditions that SerialEM then has.
        try await use(setup)
        switch try await microscope.recoverMap(request, fileIsWhole: Self.isWholeMontage(path)) {
        case .mapped: return .happened(request.file)
        case .notBegun: return .didNotHappen
        case .resumable(let pieces, let all):
            return .partly("\(pieces) of \(all) pieces were taken; SerialEM goes on with the others") { [self] in
                try await use(setup)
                try await microscope.resumeMap(request)
                return request.file
            }
        case .cutShort where (try? MRCFile.header(path).sections) == 0: return .didNotHappen
        case .cutShort:
            return .unknown(
                "\(path) holds a montage that was cut short; make it a map in SerialEM, or move it away to map the place again")
        }
    }

    /// SerialEM writes the entry of a whole montage after its last piece.
    static func isWholeMontage(_ path: String) -> Bool {
        guard let mdoc = try? Mdoc.read(path + ".mdoc"), let header = try? MRCFile.header(path) else { return false }
        let pieces = mdoc.sections.filter { $0.kind == "ZValue" }.count
        return mdoc.sections.contains { $0.kind == "MontSection" } && header.sections == pieces
    }
}
