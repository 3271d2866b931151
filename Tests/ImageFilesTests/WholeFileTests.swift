import Foundation
import ImageFiles
import Raster
import Testing
import Units

/// A folder of its own for each test, gone afterwards.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}

func golden(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/\(name)").path
}

@Suite struct WholeFileTests {
    @Test func theContentIsReplacedAndNothingElseStaysInTheFolder() throws {
        try withFolder { folder in
            let path = folder + "/note.txt"
            try AtomicFile.write("one", to: path)
            try AtomicFile.write("two", to: path)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "two")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["note.txt"])
        }
    }

    @Test func aBodyThatThrowsLeavesTheFormerContent() throws {
        try withFolder { folder in
            let path = folder + "/note.txt"
            try AtomicFile.write("one", to: path)
            #expect(throws: ImageFileError.self) {
                try WholeFile.write(to: path) { file throws(ImageFileError) in
                    try file.append([65])
                    throw ImageFileError(code: .damaged, path: path, message: "stop")
                }
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "one")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["note.txt"])
        }
    }

    @Test func whatAWriterThatWasKilledLeftGoesAndNothingElse() throws {
        try withFolder { folder in
            let kept = ["map.png", "map.png.tmp", "notes.tmp", "a.b.tmp", "map.MRC.XYZXYZ9.tmp"]
            for name in kept + ["map.png.3kwggn9o8p8ls.tmp", "L01_seg.png.1v63aohg.tmp"] { try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
            WholeFile.removeLeftovers(in: folder)
            #expect(Set(try FileManager.default.contentsOfDirectory(atPath: folder)) == Set(kept))
            WholeFile.removeLeftovers(in: folder + "/not-there")
        }
    }

    /// A writer that was killed leaves its temporary file; the next one of the same name takes it away, but not that of a writer who
    /// is still at work, nor anybody else's.
    @Test func theNextWriterRemovesWhatAKilledOneLeftAndNothingInUse() throws {
        try withFolder { folder in
            let kept = ["map.png.tmp", "notes.txt.3kwggn9o8p8ls.tmp", "map.png.json.3kwggn9o8p8ls.tmp", "map.png.XYZXYZ9.tmp"]
            for name in kept + ["map.png.3kwggn9o8p8ls.tmp", "map.png.1v63aohg.tmp"] { try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
            try WholeFile.write(to: folder + "/map.png") { first throws(ImageFileError) in
                try first.append([1])
                // In the same second another writer of the file begins and ends.
                try WholeFile.write([2, 2], to: folder + "/map.png")
                try first.append([1, 1])
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/map.png")) == Data([1, 1, 1]))
            #expect(Set(try FileManager.default.contentsOfDirectory(atPath: folder)) == Set(kept + ["map.png"]))
        }
    }

    @Test func manyWritersOfOneFileLeaveOneOfThemWhole() throws {
        try withFolder { folder in
            DispatchQueue.concurrentPerform(iterations: 60) { number in
                try? WholeFile.write([UInt8](repeating: UInt8(number), count: 5000), to: folder + "/map.png")
            }
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/map.png"))
            #expect(bytes.count == 5000 && Set(bytes).count == 1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["map.png"])
        }
    }

    @Test func aMissingFolderIsNamedTogetherWithTheReason() {
        let error = #expect(throws: ImageFileError.self) { try WholeFile.write([1], to: "/nowhere/at/all.bin") }
        #expect(error?.code == .cannotWrite)
        #expect(error?.message == "Cannot write /nowhere/at/all.bin: No such file or directory.")
    }

    /// The device that is always full, where the system has one.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func aFullDiskIsAnErrorOfItsOwn() {
        let error = #expect(throws: ImageFileError.self) {
            _ = try MRCWriter(path: "/dev/full", width: 4, height: 4, pixelType: .uint16, pixelSize: .init(1))
        }
        #expect(error?.code == .diskFull)
        #expect(
            error?.message
                == "Cannot write /dev/full: No space left on device. Free space on this disk and write again.")
    }

    @Test func whatAKilledWriterLeftIsRemovedAndNotWhatSomebodyWrites() throws {
        try withFolder { folder in
            let path = folder + "/map_probabilities.mrc"
            let writer = try MRCRowWriter(path: path, width: 2, height: 1, sections: 1, pixelSize: PixelSize(1))
            // Of a writer that was killed, of another file, and what is nobody's leftover.
            for name in ["map_probabilities.mrc.3kwggn9o8p8ls.tmp", "other.mrc.3kwggn9o8p8ls.tmp", "map_probabilities.mrc.tmp"] { try Data("half".utf8).write(to: URL(fileURLWithPath: folder + "/" + name)) }
            WholeFile.removeAbandoned(of: [path])
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(names.count == 3 && Set(names).isSuperset(of: ["map_probabilities.mrc.tmp", "other.mrc.3kwggn9o8p8ls.tmp"]), "\(names)")
            try writer.append([1, 2])
            try writer.finish()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).contains("map_probabilities.mrc"))
        }
    }
}
