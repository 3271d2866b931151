import Foundation
import Geometry
import Navigator
import Testing
import Units

func golden(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/\(name)").path
}

@Suite struct NavigatorFileTests {
    @Test(arguments: ["pyserialem_nav.nav", "semmatch_10-g1.nav", "semmatch_newNav_validate.nav"])
    func aRealFileIsWrittenBackByteForByte(name: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: golden(name))))
        #expect(try NavigatorFile(bytes: bytes).bytes == bytes)
    }

    @Test func allItemsOfARealSessionAreThere() throws {
        let file = try NavigatorFile.read(golden("semmatch_10-g1.nav"))
        #expect(file.items.count == 1671)
        #expect(file.items.filter { $0.kind == .map }.count == 33)
        #expect(file.items.filter { $0.kind == .polygon }.count == 22)
        #expect(file.items.filter { $0.kind == .point }.count == 1616)
        #expect(file.items.filter(\.acquire).count == 280)
        let map = try #require(file.items.first)
        #expect(map.label == "2")
        #expect(map.stage == Point(x: 0.0405, y: -0.01158))
        #expect(map.z.value == -0.03672)
        #expect(map.note == "Sec 0 - 10-g1-LMM-Car8.st")
        #expect(map.mapFile == #"C:\Users\alber\OneDrive\Desktop\serialem_navtest\\10-g1-LMM-Car8.st"#)
        #expect(map.mapID == 1_600_537_066)
        #expect(map.registration == 8)
        #expect(file.index(ofMapID: 1_600_537_066) == 0)
        #expect(file.index(ofLabel: "no such label") == nil)
        #expect(!file.items.map(\.mapID).contains(file.unusedMapID()))
    }

    /// SerialEM wrote both the matrix and the corners: they must agree, the first corner being the top left one.
    @Test func theScaleMatrixPutsTheCornersOfARealMapInTheCornersOfItsImage() throws {
        let map = try #require(try NavigatorFile.read(golden("pyserialem_nav.nav")).items.first)
        let toMap = try #require(map.stageToMap)
        let corners = [(0.0, 0.0), (4096, 0), (4096, 4096), (0, 4096)]
        for (corner, expected) in zip(map.polygon.vertices, corners) {
            let pixel = toMap(corner)
            #expect(abs(pixel.x - expected.0) < 1)
            #expect(abs(pixel.y - expected.1) < 1)
        }
    }

    @Test func anEditChangesItsLineOnly() throws {
        let path = golden("semmatch_10-g1.nav")
        let before = try String(contentsOfFile: path, encoding: .utf8).utf8.split(separator: 10)
        var file = try NavigatorFile.read(path)
        file.items[1].note = "bad, skip"
        file.items[2].label = "4b"
        let after = Array(file.bytes).split(separator: 10)
        #expect(before.count == after.count)
        let changed = zip(before, after).filter { !$0.elementsEqual($1) }.map { String(decoding: $1, as: UTF8.self) }
        #expect(changed == ["Note = bad, skip\r", "[Item = 4b]\r"])
    }

    @Test func aNewFileReadsBackAsItWasMade() throws {
        var file = NavigatorFile(savedAs: "/session/grid.nav")
        let matrix = LinearMap<Frame.Stage, Frame.MapPixels>(xpx: 1.5, xpy: -99.5, ypx: -100.25, ypy: -2)
        var map = NavigatorItem.map(
            label: "L01", stage: Point(x: -12.5, y: 30.25), z: Micrometers(4.5), note: "G1_L01.mrc", file: "G1_L01.mrc",
            width: 900, height: 800, scaleMatrix: matrix, mapID: file.unusedMapID(), magnificationIndex: 17,
            binning: 4, montage: true, montageBinning: 1, frames: (3, 2), minimum: 10, maximum: 900.5)
        map["MapExposure"] = "1.5"
        file.items.append(map)
        file.items.append(
            .polygon(
                label: "PP1", vertices: [Point(x: 0, y: 0), Point(x: 4, y: 0), Point(x: 4, y: 2), Point(x: 0, y: 2)],
                z: Micrometers(1), note: "PP1: good (87 %)", color: .green, mapID: file.unusedMapID(), userValue1: 0.87))
        file.items.append(
            .point(
                label: "geo1", stage: Point(x: 1.25, y: 2), z: Micrometers(-3), color: .noRealign,
                mapID: file.unusedMapID(), groupID: 77))
        #expect(file.items.map(\.mapID) == [11, 12, 13])
        let again = try NavigatorFile(text: file.text)
        #expect(again.items.map(\.label) == ["L01", "PP1", "geo1"])
        #expect(again.items.map(\.kind) == [.map, .polygon, .point])
        #expect(again.items[0].mapScaleMatrix == matrix)
        #expect(again.items[0].mapWidth == 900)
        #expect(again.items[0].points.count == 5)
        #expect(again.items[1].stage == Point(x: 2, y: 1))
        #expect(again.items[1].points.first == again.items[1].points.last)
        #expect(again.items[1].polygon.vertices.count == 4)
        #expect(again.items[1]["UserValue1"] == "0.87")
        #expect(again.items[2].groupID == 77)
        #expect(again.items[2].points == [Point(x: 1.25, y: 2)])
        #expect(again.bytes == file.bytes)
        #expect(file.text.hasPrefix("AdocVersion = 2.00\nLastSavedAs = /session/grid.nav\n\n[Item = L01]\nColor = 2\n"))

        let view = again.items[0].virtualMap(
            label: "001", stage: Point(x: 1, y: 1), file: "view.mrc", width: 100, height: 100, minimum: 0, maximum: 1,
            mapID: 40)
        // The template is an overview reduced four times: the view has four times the pixels per micrometre.
        #expect(view.mapScaleMatrix?.xpy == -398)
        #expect(view["MapExposure"] == "1.5")
        #expect(view["SamePosId"] == "40")
    }

    @Test func aShiftMovesItemsWithTheirOutlines() throws {
        var file = try NavigatorFile.read(golden("pyserialem_nav.nav"))
        let before = file.items[0]
        file.shift(items: [0, 7], by: Vector(dx: 10, dy: -1))
        #expect(abs(file.items[0].stage.x - before.stage.x - 10) < 1e-3)
        #expect(abs(file.items[0].points[2].y - before.points[2].y + 1) < 1e-3)
        #expect(file.items[0].z == before.z)
    }

    @Test func theXMLFormIsReadAndWrittenAsText() throws {
        let xml = """
            <?xml version="1.0" encoding="utf-8"?>
            <navigator>
              <PreData>
                <AdocVersion>2.00</AdocVersion>
                <LastSavedAs>D:\\nav.nav</LastSavedAs>
              </PreData>
              <Item name="12-A">
                <Color>2</Color>
                <StageXYZ>75.5 11.25 -39.5</StageXYZ>
                <Type>2</Type>
                <Note>lamella &lt;3&gt; &amp; more</Note>
              </Item>
            </navigator>
            """
        let file = try NavigatorFile(text: xml)
        #expect(file.items.map(\.label) == ["12-A"])
        #expect(file.items[0].note == "lamella <3> & more")
        #expect(file.text.hasPrefix("AdocVersion = 2.00\nLastSavedAs = D:\\nav.nav\n\n[Item = 12-A]\n"))
        #expect(try NavigatorFile(text: file.text).items[0].stage == Point(x: 75.5, y: 11.25))
    }

    @Test(arguments: ["", "hello", "<html></html>", "<navigator>\n<Item name=\"1\">", "\u{0}\u{1}"])
    func otherTextIsAnErrorAndNotAnEmptyNavigator(text: String) {
        #expect(throws: NavigatorError.self) { try NavigatorFile(text: text) }
    }

    @Test func aFileInTheCodePageOfWindowsSurvives() throws {
        let bytes = Array("AdocVersion = 2.00\r\n\r\n[Item = 1]\r\nNote = 5 ".utf8) + [0xB5] + Array("m\r\nType = 0\r\n".utf8)
        let file = try NavigatorFile(bytes: bytes)
        #expect(file.items[0].note == "5 µm")
        #expect(file.bytes == bytes)
    }

    @Test func aLabelOrANoteCannotSmuggleInALine() throws {
        var file = NavigatorFile()
        file.items.append(.point(label: "1", stage: .origin, z: .zero, note: "a\n[Item = 2]", mapID: 11))
        #expect(try NavigatorFile(text: file.text).items.count == 1)
    }

    @Test func anErrorNamesTheFile() {
        let error = #expect(throws: NavigatorError.self) { try NavigatorFile.read("/nowhere/a.nav") }
        #expect(error?.message.contains("/nowhere/a.nav") == true)
    }
}
