/// A file that `torch.save` wrote: what it describes, and its tensors, which are read one by one.
///
/// Format: a zip file with one folder, in which `data.pkl` is a pickle that names storages, and `data/<name>` are the storages.
struct TorchCheckpoint {
    let root: PickledValue
    private let archive: ZipArchive
    private let folder: String

    init(_ source: any ByteSource) throws(Damage) {
        archive = try ZipArchive(source)
        let described = archive.members.filter { $0.name.hasSuffix("/data.pkl") && $0.name.count { $0 == "/" } == 1 }
        guard let member = described.first, described.count == 1 else {
            throw Damage(
                archive.members.contains { $0.name.hasSuffix("/constants.pkl") || $0.name.hasSuffix("/version") }
                    ? "it is a zip file without a network that torch.save has written."
                    : "it is a zip file, but no checkpoint: it has no data.pkl.")
        }
        folder = String(member.name.dropLast("data.pkl".count))
        if let order = archive.member(folder + "byteorder"), try archive.contents(of: order, limit: 16) != Array("little".utf8) {
            throw Damage("it was written on a big-endian machine.")
        }
        guard archive.member(folder + "constants.pkl") == nil else {
            throw Damage("it is a TorchScript network, which does not say what it is for; put it into a folder with a model.json, and give the folder.")
        }
        let code = try archive.contents(of: member, limit: source.count)
        // Nearly all of a checkpoint are tensors: what describes them is a few hundredths of it.
        root = try PickleReader.read(code, room: 262_144 + (source.count - code.count) / 2)
    }

    /// The numbers of a tensor, row by row.
    func values(of tensor: SavedTensor) throws(Damage) -> [Float] {
        guard let member = archive.member("\(folder)data/\(tensor.storage)") else {
            throw Damage("the numbers of one of its tensors ('\(tensor.storage.forPeople)') are missing.")
        }
        guard member.size == tensor.storageCount * tensor.type.size else {
            throw Damage("storage '\(tensor.storage.forPeople)' has \(member.size) bytes; \(tensor.storageCount * tensor.type.size) are described.")
        }
        // Eight-bit numbers take four times their room as floats, and no network of this field has many of them.
        guard tensor.type.size > 1 || tensor.storageCount <= 65_536 else { throw Damage("storage '\(tensor.storage.forPeople)' holds eight-bit numbers, which no network of this field has.") }
        // In pieces, and of a dense tensor only its own part: what is kept is the tensor, and nothing beside it.
        let wanted = tensor.isDense ? tensor.offset ..< tensor.offset + tensor.count : 0 ..< tensor.storageCount
        var numbers: [Float] = []
        numbers.reserveCapacity(wanted.count)
        var first = 0
        try archive.forEachPiece(of: member) { bytes throws(Damage) in
            let fresh = first ..< first + bytes.count / tensor.type.size
            let part = fresh.clamped(to: wanted)
            if !part.isEmpty {
                let start = bytes.startIndex + (part.lowerBound - first) * tensor.type.size
                tensor.type.append(bytes[start ..< start + part.count * tensor.type.size], to: &numbers)
            }
            first = fresh.upperBound
        }
        return tensor.isDense ? numbers : tensor.gathered(from: numbers)
    }
}
