import Foundation

/// A zip file with a folder that somebody packed.
public struct PackedFolder {
    private let path: String
    private let archive: ZipArchive
    /// Bytes of everything in it.
    public let size: Int

    public init(_ path: String) throws(ModelFileError) {
        self.path = path
        do throws(Damage) {
            archive = try ZipArchive(FileBytes(path: path))
            var sum = 0
            for member in archive.members {
                let (next, overflow) = sum.addingReportingOverflow(member.size)
                guard !overflow else { throw Damage("it unpacks to an impossible size.") }
                sum = next
            }
            size = sum
            // Networks are noise and hardly get smaller; what gets a hundred times larger is no model.
            let packed = archive.members.reduce(0) { $0 + $1.packedSize }
            guard size / 100 <= packed + 1_000_000 else { throw Damage("it unpacks to \(size) bytes, a hundred times more than it has.") }
        } catch {
            throw ModelFileError(path, error)
        }
    }

    /// Writes its files below a folder, and nothing elsewhere.
    public func unpack(to folder: String) throws(ModelFileError) {
        do throws(Damage) {
            for member in archive.members where !member.name.hasSuffix("/") {
                let parts = member.name.split(separator: "/", omittingEmptySubsequences: false)
                guard !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.contains("\\") && !$0.contains("\0") }) else {
                    throw Damage("member '\(member.name.forPeople)' would be written outside of its folder.")
                }
                // The trainer's pictures and logs are not needed.
                guard let last = parts.last, last.hasSuffix(".json") || last.hasSuffix(".pth") || last.hasSuffix(".torchscript") || last == "CARD.md" else { continue }
                let target = folder + "/" + member.name
                let contents = try archive.contents(of: member, limit: member.size)
                do {
                    try FileManager.default.createDirectory(atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                    try Data(contents).write(to: URL(fileURLWithPath: target))
                } catch {
                    throw Damage("member '\(member.name.forPeople)' cannot be unpacked: \(error.localizedDescription)")
                }
            }
        } catch {
            throw ModelFileError(path, error)
        }
    }
}
