import Foundation
import ImageFiles
import Testing

struct FolderTests {
    @Test(arguments: [
        ("m", ""), ("m.png", ""), ("", ""), ("/", "/"), ("/m", "/"), ("a/m", "a"), ("a/b/m", "a/b"), ("/a/m", "/a"), ("a/m/", "a"), ("a//m", "a"), ("//m", "/"),
    ])
    func theFolderOfAPathIsAllButItsLastPart(_ path: String, _ folder: String) {
        #expect(Folder.of(path) == folder)
    }

    @Test func severalFilesAreReplacedTogetherOrNotAtAll() throws {
        let folder = NSTemporaryDirectory() + "several-\(UUID().uuidString)"
        try Folder.make(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try WholeFile.write([(folder + "/a", [1]), (folder + "/b", [2])])
        // The second has no folder to lie in: the first stays what it was.
        #expect(throws: ImageFileError.self) { try WholeFile.write([(folder + "/a", [3]), (folder + "/none/b", [4])]) }
        #expect(FileManager.default.contents(atPath: folder + "/a") == Data([1]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a", "b"])
    }
}
