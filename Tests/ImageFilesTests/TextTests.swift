import Foundation
import ImageFiles
import Testing
import Units

@Suite struct MdocTests {
    @Test(arguments: [
        "aretomo3_L1_tgt_001.mrc.mdoc", "mdocfile_TS_01.mrc.mdoc", "mdocfile_frame_set_multiple.mdoc",
        "mdocfile_montage_section.mdoc", "pyserialem_gm.mrc.mdoc",
    ])
    func aRealFileIsWrittenBackByteForByte(name: String) throws {
        try withFolder { folder in
            try Mdoc.read(golden(name)).write(to: folder + "/copy.mdoc")
            let copy = try Data(contentsOf: URL(fileURLWithPath: folder + "/copy.mdoc"))
            let original = try Data(contentsOf: URL(fileURLWithPath: golden(name)))
            #expect(copy == original)
        }
    }

    @Test func aRealMontageTellsItsPieces() throws {
        let mdoc = try Mdoc.read(golden("pyserialem_gm.mrc.mdoc"))
        #expect(mdoc.pieces.count == 25)
        #expect(mdoc.sections.count == 26)
        #expect(mdoc.pixelSize == PixelSize(231.2))
        #expect(mdoc.imageSize.map { [$0.width, $0.height] } == [2048, 2048])
        #expect(mdoc.titles.count == 2)
        #expect(mdoc.titles.last == "Tilt axis angle = 90.6, binning = 2  spot = 3  camera = 0")
        let piece = mdoc.pieces[1]
        #expect(piece.pieceCoordinates == PieceCoordinates(x: 0, y: 1844))
        #expect(piece.alignedPieceCoordinates == PieceCoordinates(x: -93, y: 1825))
        #expect(piece.stagePosition == SIMD2(-836.364, -415.786))
        #expect(piece.tiltAngle == Degrees(-0.1))
        #expect(mdoc.sections.last?.kind == "MontSection")
        #expect(mdoc.sections.last?.index == 0)
    }

    @Test func theFieldsOfAnUnbracketedTitleAndOfFrameSetsAreRead() throws {
        let mdoc = try Mdoc.read(golden("mdocfile_frame_set_multiple.mdoc"))
        #expect(mdoc.titles.count == 1)
        #expect(mdoc.sections.first?.kind == "FrameSet")
        #expect(mdoc.sections.first?.tiltAngle == Degrees(32.986))
    }

    @Test func aNewFileHasTheLayoutOfSerialEM() {
        var mdoc = Mdoc()
        mdoc.pixelSize = PixelSize(36)
        mdoc.globals["ImageFile"] = "L01.mrc"
        mdoc.imageSize = (1440, 1024)
        mdoc.titles = ["SerialEM: simulated"]
        var section = MdocSection(index: 0)
        section.tiltAngle = Degrees(-12.5)
        section.pieceCoordinates = PieceCoordinates(x: 0, y: 900)
        section.stagePosition = SIMD2(1.5, -2.25)
        var next = MdocSection(kind: "MontSection", index: 0)
        next["Text"] = "one\n[ZValue = 9]"
        mdoc.sections = [section, next]
        #expect(
            mdoc.text == """
                PixelSpacing = 360
                ImageFile = L01.mrc
                ImageSize = 1440 1024

                [T = SerialEM: simulated]

                [ZValue = 0]
                TiltAngle = -12.5
                PieceCoordinates = 0 900 0
                StagePosition = 1.5 -2.25

                [MontSection = 0]
                Text = one [ZValue = 9]

                """)
        #expect(Mdoc(text: mdoc.text).sections.count == 2)
    }
}

@Suite struct JSONTests {
    @Test func anObjectKeepsItsOrderAndIsIndentedByFour() throws {
        let value: JSONValue = [
            "z": 1, "a": .tagged(array: [[1.5, 2], [3, 4]]), "path": .tagged(path: "C:\\maps\\a.mrc"), "none": nil,
            "empty": [],
        ]
        let text = """
            {
                "z": 1,
                "a": {
                    "$array": [
                        [
                            1.5,
                            2.0
                        ],
                        [
                            3.0,
                            4.0
                        ]
                    ]
                },
                "path": {
                    "$path": "C:/maps/a.mrc"
                },
                "none": null,
                "empty": []
            }
            """
        #expect(value.text == text)
        #expect(try JSONValue(text: text) == value)
        #expect(value["a"]?.doubles2D == [[1.5, 2], [3, 4]])
        #expect(value.untagged["path"]?.string == "C:/maps/a.mrc")
    }

    @Test func aSidecarOfTheFieldIsRead() throws {
        let sidecar = try JSONValue(
            text: #"""
                { "datetime": "2026-03-02 14:05:31", "img_size": {"$array": [4310, 3977]}, "pix_size": 2.283,
                  "stage_coords": {"$array": ["-123.456", "45.678", "-12.3"]}, "scalar": {"$array": 1.5},
                  "original_map": "X:\/session\/\u00b5\ud83d\ude00.mrc", "tilt": NaN }
                """#)
        #expect(sidecar["img_size"]?.doubles == [4310, 3977])
        #expect(sidecar["stage_coords"]?.doubles == [-123.456, 45.678, -12.3])
        #expect(sidecar.untagged["scalar"]?.double == 1.5)
        #expect(sidecar["original_map"]?.string == "X:/session/µ😀.mrc")
        #expect(sidecar["tilt"] == .null)
    }

    @Test func whatIsNotANumberIsNotWritten() throws {
        #expect(JSONValue.number(.nan).text == "null")
        #expect(JSONValue.string("a\"\\\n\u{1}µ").text == #""a\"\\\n\u0001µ""#)
        #expect(try JSONValue(text: JSONValue.number(0.1 + 0.2).text) == .number(0.1 + 0.2))
    }

    @Test(arguments: ["", "{", "[1,", "{\"a\" 1}", "[1] 2", "\"abc", "tru", "{1: 2}", "1e", "\"\\x\"", "\"\\u12\""])
    func brokenTextIsAnError(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(text: text) }
    }

    @Test func deepNestingIsAnErrorAndNoCrash() {
        #expect(throws: JSONError.self) { try JSONValue(text: String(repeating: "[", count: 100_000)) }
    }
}
