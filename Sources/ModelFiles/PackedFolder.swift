import Foundation

/// A zip file with a folder that somebody packed.
public struct PackedFolder {
    private let path: String
    private let archive: ZipArchive
    /// What a model needs of it, in the order of the archive.
    private let wanted: [ZipArchive.Member]

    /// Twenty folds of the largest networks that are trained, with what their optimiser remembers.
    private static let largest = 64 << 30
    /// Descriptions of nnU-Net take some kilobytes, its list of a training's images some megabytes.
    private static let largestDescription = 64 << 20
    /// Folders of nnU-Net hold what it said of its validation images, a few files of each.
    private static let mostMembers = 50_000

    /// Reads its directory. What could not be a model, by the sizes that stand there, is refused before anything is unpacked.
    public init(_ path: String) throws(ModelFileError) {
        self.path = path
        do throws(Damage) {
            archive = try ZipArchive(FileBytes(path: path))
            guard archive.members.count <= Self.mostMembers else {
                throw Damage("it holds \(archive.members.count) files; a packed model has \(Self.mostMembers) at most. Pack the model's folder alone.")
            }
            var wanted: [ZipArchive.Member] = []
            var (size, packed) = (0, 0)
            for member in archive.members where try Self.isWanted(member) {
                wanted.append(member)
                guard !member.name.hasSuffix(".json") || member.size <= Self.largestDescription else {
                    throw Damage("member '\(member.name.forPeople)' unpacks to \(Self.megabytes(member.size)); descriptions have \(Self.megabytes(Self.largestDescription)) at most.")
                }
                let (sum, overflow) = size.addingReportingOverflow(member.size)
                guard !overflow, sum <= Self.largest else { throw Damage("it unpacks to more than \(Self.largest >> 30) GB, and no model takes that.") }
                size = sum
                packed += member.packedSize
            }
            self.wanted = wanted
            // Weights are noise and hardly get smaller; what gets ten times larger is none. Descriptions do, and are small.
            guard size <= 10 * packed + 16 << 20 else {
                throw Damage("it unpacks from \(Self.megabytes(packed)) to \(Self.megabytes(size)), which no weights do; nothing of it was unpacked.")
            }
        } catch {
            throw ModelFileError(path, error)
        }
    }

    /// Whether a file of the archive is unpacked: the trainer's pictures and logs are not needed.
    private static func isWanted(_ member: ZipArchive.Member) throws(Damage) -> Bool {
        guard !member.name.hasSuffix("/") else { return false }
        let parts = member.name.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.contains("\\") && !$0.contains("\0") }) else {
            throw Damage("member '\(member.name.forPeople)' would be written outside of its folder.")
        }
        return parts.last.map { $0.hasSuffix(".json") || $0.hasSuffix(".pth") || $0.hasSuffix(".torchscript") || $0 == "CARD.md" } ?? false
    }

    private static func megabytes(_ bytes: Int) -> String { "\((bytes + 999_999) / 1_000_000) MB" }

    /// Writes its files below a folder, and nothing elsewhere; piece by piece, so that no file of it is ever in memory as a whole.
    public func unpack(to folder: String) throws(ModelFileError) {
        do throws(Damage) {
            for member in wanted {
                let target = folder + "/" + member.name
                do {
                    try FileManager.default.createDirectory(atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                    guard FileManager.default.createFile(atPath: target, contents: nil) else { throw CocoaError(.fileWriteUnknown) }
                    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: target))
                    defer { try? file.close() }
                    try archive.forEachPiece(ofAny: member) { piece in try file.write(contentsOf: piece) }
                } catch let damage as Damage {
                    throw damage
                } catch {
                    throw Damage("member '\(member.name.forPeople)' cannot be unpacked: \(error.localizedDescription)")
                }
            }
        } catch {
            throw ModelFileError(path, error)
        }
    }
}
