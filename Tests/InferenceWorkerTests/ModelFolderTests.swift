import Foundation
import InferenceWire
import Testing
import Units

@Suite struct ModelFolderTests {
    @Test("SHA-256 gives the digests of FIPS 180-4")
    func vectors() {
        #expect(SHA256.hexadecimal(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            SHA256.hexadecimal(of: [UInt8]("abc".utf8))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            SHA256.hexadecimal(of: [UInt8]("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8))
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    }

    @Test("A digest does not depend on the pieces in which bytes come", arguments: [1, 55, 56, 63, 64, 65, 119, 128, 1000])
    func pieces(_ count: Int) {
        let bytes = (0 ..< count).map { UInt8(truncatingIfNeeded: $0 * 7) }
        var hash = SHA256()
        for byte in bytes { hash.update([byte]) }
        #expect(hash.hexadecimal() == SHA256.hexadecimal(of: bytes))
    }

    /// A folder with a model.json that is made for the test and removed after it.
    static func withFolder(
        json: String?, model: String? = "abc", _ body: (String) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try json.map { try Data($0.utf8).write(to: folder.appendingPathComponent("model.json")) }
        try model.map { try Data($0.utf8).write(to: folder.appendingPathComponent("model.torchscript")) }
        try body(folder.path)
    }

    static let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    static let json = """
        {"name": "lamellae 2", "kind": "lamella-segmenter", "file": "model.torchscript", "sha256": "\(sum)",
         "pixel_size": 20, "patch_size": [512, 640], "classes": ["background", "white", "black"],
         "normalisation": "zscore", "mirroring": true, "step": 0.5, "licence": "MIT", "trained_on": "simulated maps"}
        """

    @Test("A whole folder opens, and its description survives being written")
    func whole() throws {
        try Self.withFolder(json: Self.json) { path in
            let folder = try ModelFolder.open(path)
            let description = folder.description
            #expect(description.patchRows == 512 && description.patchColumns == 640 && description.mirroringAxes == [0, 1])
            #expect(description.pixelSize == PixelSize(20) && description.channels == 1)
            let copy = try JSONDecoder().decode(ModelDescription.self, from: JSONEncoder().encode(description))
            #expect(copy == description)
        }
    }

    @Test("Each fault of a folder is told in a sentence of its own")
    func faults() throws {
        func fault(_ path: String) -> String {
            do throws(ModelFolderError) {
                _ = try ModelFolder.open(path)
                return ""
            } catch {
                return error.description
            }
        }
        #expect(fault("/nowhere/model") == "There is no model folder at /nowhere/model.")
        try Self.withFolder(json: nil) { #expect(fault($0).hasSuffix("has no readable model.json.")) }
        try Self.withFolder(json: "{") { #expect(fault($0).hasSuffix("cannot be used: it is not JSON.")) }
        let damages = [
            ("\"name\": \"lamellae 2\", ", "", "name is missing."),
            ("\"lamella-segmenter\"", "\"cat-finder\"", "kind has a value that is not known."),
            ("[512, 640]", "\"big\"", "patch_size has the wrong type."),
            ("[512, 640]", "[1, 2, 3]", "patch_size has a value that is not known."),
            ("\"pixel_size\": 20", "\"pixel_size\": -1", "pixel_size must be more than 0."),
            ("\"step\": 0.5", "\"step\": 0.0001", "step must be 0.05 to 1, the part of the patch that lies between two windows (nnU-Net: 0.5)."),
            ("\"white\"", "\"wh\\u001b[2Jite\"", "the name 'wh\\u{1B}[2Jite' has control characters; names of a model and its classes are one line of plain text."),
            ("\"lamellae 2\"", "\"a\\u202eb\"", "the name 'a\\u{202E}b' has control characters; names of a model and its classes are one line of plain text."),
            ("\"file\": \"model.torchscript\"", "\"file\": \"../x\"", "file must be the name of a file in the folder."),
        ]
        for (old, new, reason) in damages {
            try Self.withFolder(json: Self.json.replacingOccurrences(of: old, with: new)) { path in
                #expect(fault(path).hasSuffix(reason), "\(fault(path))")
            }
        }
        try Self.withFolder(json: Self.json, model: nil) { #expect(fault($0).hasSuffix("cannot be read.")) }
        try Self.withFolder(json: Self.json, model: "abd") { #expect(fault($0).contains("SHA-256 differs")) }
    }
}
