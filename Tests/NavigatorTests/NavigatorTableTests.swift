import Foundation
import Geometry
import Navigator
import Testing
import Units

@Suite struct NavigatorTableTests {
    @Test(arguments: ["pyserialem_nav.nav", "semmatch_10-g1.nav"])
    func aRealFileKeepsItsItemsInTheOlderForm(name: String) throws {
        let file = try NavigatorFile.read(golden(name))
        let again = try NavigatorFile(bytes: file.tableBytes)
        #expect(again.items.count == file.items.count)
        for (old, new) in zip(file.items, again.items) {
            #expect(new.label == old.label)
            #expect(new.kind == old.kind)
            #expect(new.stage == old.stage)
            #expect(new.z == old.z)
            #expect(new.note == old.note)
            #expect(new.points == old.points)
            #expect(new.mapID == old.mapID)
            #expect(new.registration == old.registration)
            #expect(new.acquire == old.acquire)
            #expect(new.draw == old.draw)
            #expect((new.groupID ?? 0) == (old.groupID ?? 0))
            #expect(new.drawnID == old.drawnID)
            #expect(new["PieceOn"] == old["PieceOn"])
            #expect(new["BklshXY"] == old["BklshXY"])
            #expect(new.mapFile == old.mapFile)
            #expect(new.mapScaleMatrix == old.mapScaleMatrix)
            #expect(new.mapWidth == old.mapWidth)
            for key in ["MapMontage", "MapSection", "MapMagInd", "MapExposure", "MontUseStage", "MapProbeMode", "MapSpotSize"] {
                if let value = old[key], value != "-1" { #expect(new[key] == value, "\(key) of \(old.label)") }
            }
        }
    }

    /// Lines as the first versions of the form had them: fewer columns, and none for the identifier of a point.
    @Test func theFirstVersionIsReadWithoutAVersionLine() throws {
        let text = """
            Label\tColor\tX\tY\tZ\t#Pts\tCorner\tDraw\tRegPt\tRegis\tType\tNote\tMapFile\tMapID
            7\t1\t10.5\t-20.25\t3\t1\t0\t1\t2\t1\t0\ta note\(String(repeating: "\t0", count: 13))\t10.5\t-20.25
            8-A\t2\t0\t0\t3\t2\t0\t0\t0\t2\t2\t\tD:\\data\\map.st\t77\t1\t4\t2\t9\t0\t0.5\t1\t-1\t0.25\t512\t256\t-5\t-6\t5\t6
            """
        let file = try NavigatorFile(text: text)
        #expect(file.items.map(\.label) == ["7", "8-A"])
        #expect(file.items[0].stage == Point(x: 10.5, y: -20.25))
        #expect(file.items[0]["RegPt"] == "2")
        #expect(file.items[0].note == "a note")
        #expect(file.items[0].points == [Point(x: 10.5, y: -20.25)])
        #expect(file.items[1].kind == .map)
        #expect(file.items[1].draw == false)
        #expect(file.items[1].registration == 2)
        #expect(file.items[1].mapFile == "D:\\data\\map.st")
        #expect(file.items[1].mapID == 77)
        #expect(file.items[1]["MapSection"] == "4")
        #expect(file.items[1].mapScaleMatrix == LinearMap(xpx: 0.5, xpy: 1, ypx: -1, ypy: 0.25))
        #expect(file.items[1].mapWidth == 512)
        #expect(file.items[1].points == [Point(x: -5, y: -6), Point(x: 5, y: 6)])
        // Written again it is a file of today.
        #expect(file.text.hasPrefix("AdocVersion = 2.00\n"))
        #expect(try NavigatorFile(text: file.text).text == file.text)
    }

    @Test(arguments: [
        "Version\t9.99\nLabel\tColor\n", "Version\t1.52\n1\t2\n", "Label\tColor\n1\t0\tx\ty\tz\t1\n",
        "Label\tColor\n1\t0\t1\t2\t3\t99999999\t0\t1\t0\t1\t0\tn\n", "Label\tColor\n1\t0\t1\t2\t3\t3\t0\t1\t0\t1\t0\tn\n", "Version\tnan\nLabel\n",
    ]) func aBrokenTableIsAnError(text: String) {
        #expect(throws: NavigatorError.self) { try NavigatorFile(text: text) }
    }

    @Test func aTabInANoteDoesNotShiftTheColumns() throws {
        var file = NavigatorFile()
        file.items.append(.point(label: "1", stage: Point(x: 1, y: 2), z: .zero, note: "a\tb", mapID: 11, groupID: 5))
        let item = try #require(try NavigatorFile(bytes: file.tableBytes).items.first)
        #expect(item.note == "a b")
        #expect(item.groupID == 5)
        #expect(item.points == [Point(x: 1, y: 2)])
    }
}
