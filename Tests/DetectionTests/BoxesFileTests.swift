import Detection
import Geometry
import Testing
import Units

@Suite struct BoxesFileTests {
    let classes = ["broken", "contaminated", "good", "thick", "wedge", "gone"]

    @Test("What is written is read back")
    func roundTrip() throws {
        let file = BoxesFile(
            lamellae: [
                DetectedLamella(
                    box: Rectangle(minX: 612.5, minY: 388, maxX: 655, maxY: 421.75), classIndex: 2, className: "good",
                    score: 0.75)
            ], pixelSize: PixelSize(400), imageRows: 1310, imageColumns: 1275, date: "2026-03-02 10:22:05")
        #expect(try BoxesFile.decode(file.encoded(), classes: classes) == file)
        let empty = BoxesFile(lamellae: [], pixelSize: nil, imageRows: nil, imageColumns: nil, date: "")
        #expect(try BoxesFile.decode(empty.encoded(), classes: classes) == empty)
        #expect(String(decoding: try empty.encoded(), as: UTF8.self).contains("\"pix_size\":null"))
    }

    @Test("A file without labels takes the names of the detector's classes")
    func withoutLabels() throws {
        let text = """
            {"boxes": [[612.4, 388.0, 655.1, 421.7, 2.0, 0.91], [205.0, 840.5, 251.0, 872.5, 5, 1.0]],
             "meta_data": {"pix_size": 400.0, "img_size": {"$array": [1310, 1275]}, "datetime": "2026-03-02 10:22:05"}}
            """
        let file = try BoxesFile.decode([UInt8](text.utf8), classes: classes)
        #expect(file.lamellae.map(\.className) == ["good", "gone"])
        #expect(file.imageRows == 1310 && file.imageColumns == 1275 && file.pixelSize == PixelSize(400))
    }

    @Test("A bare list and exchanged corners are read")
    func bareList() throws {
        let file = try BoxesFile.decode([UInt8]("[[30, 40, 10, 20, 0, 1]]".utf8), classes: classes)
        #expect(file.lamellae.first?.box == Rectangle(minX: 10, minY: 20, maxX: 30, maxY: 40))
    }

    @Test(
        "A damaged file is refused with one sentence",
        arguments: ["", "{}", "[[1,2,3]]", "[[1,2,3,4,9,1]]", "[[1,2,3,4,0.5,1]]", "[[1,2,3,4,1e300,1]]", "[\"a\"]"])
    func damage(_ text: String) {
        #expect(throws: BoxesFile.Damage.self) { try BoxesFile.decode([UInt8](text.utf8), classes: classes) }
    }
}
