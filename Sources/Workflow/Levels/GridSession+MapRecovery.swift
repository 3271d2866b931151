import Foundation
import Geometry
import ImageFiles
import Microscope
import Navigator
import Units

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
                "\(path) holds a montage that was cut short, and what is not in it may have been exposed too", evidence: try await knownOfMap(path))
        }
    }

    /// What file, navigator and stage say of a montage that was cut short.
    func knownOfMap(_ path: String) async throws -> [String] {
        let sections = (try? MRCFile.header(path).sections).map { "\($0) image\($0 == 1 ? "" : "s")" } ?? "no header that can be read"
        let written = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
        let entries = try? Mdoc.read(path + ".mdoc").sections
        let pieces = entries.map { "its mdoc describes \($0.count { $0.kind == "ZValue" }) of them and no whole montage" } ?? "its mdoc cannot be read"
        let items = try await bare.navigator().items
        let stage = try await bare.stagePosition()
        return [
            "the file has \(sections)" + (written.map { ", written last at \($0.forPeople)" } ?? "") + ", and \(pieces)",
            "SerialEM does not have it open as its current file, and none of the \(items.count) items of its navigator is a map of it",
            "the stage is at \(rounded(stage.point.x)), \(rounded(stage.point.y)) µm, z \(rounded(stage.z.value)) µm",
        ]
    }

    private func rounded(_ value: Double) -> String { String(format: "%.1f", value) }

    /// Makes a map of what a person says is all there.
    func mapOfWhatIsThere(_ request: MontageRequest, setup: ImagingSetup) async throws -> String {
        let path = folder.inFolder(request.file)
        guard let header = try? MRCFile.header(path), header.sections > 0 else {
            throw WorkflowError.refused("\(path) cannot be read, or has no image in it")
        }
        try await use(setup)
        guard try await microscope.recoverMap(request, fileIsWhole: true) == .mapped else {
            throw WorkflowError.refused("SerialEM makes no map of \(path)")
        }
        return request.file
    }

    /// SerialEM writes the entry of a whole montage after its last piece.
    static func isWholeMontage(_ path: String) -> Bool {
        guard let mdoc = try? Mdoc.read(path + ".mdoc"), let header = try? MRCFile.header(path) else { return false }
        let pieces = mdoc.sections.filter { $0.kind == "ZValue" }.count
        return mdoc.sections.contains { $0.kind == "MontSection" } && header.sections == pieces
    }
}
