import Foundation
import Navigator
import SerialEMProtocol
import SerialEMSimulator
import Testing

@Suite struct NavigatorCommandTests {
    /// Three points of a group, one alone, and a polygon.
    private func fill(_ bench: Bench) async throws -> Int {
        try await bench.run("OpenNavigator", .text("grid.nav"))
        let group = Int(try await bench.numbers("GetUniqueNavID")[0])
        for (x, y) in [(1.0, 2.0), (3, 4), (5, 6)] {
            try await bench.run("AddStagePosAsNavPoint", .number(x), .number(y), .number(7), .integer(group))
        }
        try await bench.run("AddStagePosAsNavPoint", .number(-8), .number(9), .number(1))
        try await bench.run("SetVariable", .text("xs"), .text("0\n4\n4\n0"))
        try await bench.run("SetVariable", .text("ys"), .text("0\n0\n2\n2"))
        #expect(try await bench.numbers("AddStagePointsAsPolygon", .text("xs"), .text("ys"), .number(1.5)) == [5])
        return group
    }

    @Test func groupsAreReportedAsArrays() async throws {
        try await withBench { bench in
            let group = try await fill(bench)
            #expect(try await bench.numbers("GetNavGroupStageCoords", .integer(group), .text("gx"), .text("gy"), .text("gz")) == [3])
            #expect(try await bench.texts("GetVariable", .text("gx")) == ["1.000000\n3.000000\n5.000000"])
            #expect(try await bench.texts("GetVariable", .text("gz")) == ["7.000000\n7.000000\n7.000000"])
            try await bench.run("SetItemAcquire", .integer(2))
            try await bench.run("SetSelectedNavItem", .integer(1))
            #expect(try await bench.numbers("ReportGroupStatus") == [-1, Double(group), 3, 1])
            #expect(try await bench.failure("GetNavGroupStageCoords", .integer(0), .text("gx"), .text("gy")).contains("must be positive"))
            try await bench.run("MoveStageTo", .number(0), .number(0), .number(12))
            try await bench.run("UpdateGroupZ")
            let heights = try await bench.numbers("ReportOtherItem", .integer(3))
            #expect(abs(heights[3] - 12) < 0.1)
            #expect(try await bench.numbers("ReportOtherItem", .integer(4))[3] == 1)
        }
    }

    @Test func itemsAreFoundChangedShiftedAndDeleted() async throws {
        try await withBench { bench in
            _ = try await fill(bench)
            try await bench.run("ChangeItemNote", .integer(4), .text("lamella 3"))
            try await bench.run("ChangeItemLabel", .integer(4), .text("L03"))
            #expect(try await bench.numbers("NavIndexWithNote", .text("lamella 3")) == [4])
            #expect(try await bench.numbers("NavIndexWithLabel", .text("l03")) == [4])
            #expect(try await bench.numbers("NavIndexWithLabel", .text("none")) == [0])
            #expect(try await bench.numbers("FindItemWithLabelOrNote", .integer(1), .text("lam")) == [4, -8, 9])
            #expect(try await bench.numbers("ReportOtherItem", .integer(-1)) == [5, 2, 1, 1.5, 1])
            #expect(try await bench.failure("ReportOtherItem", .integer(0)).contains("out of range"))
            #expect(try await bench.failure("ChangeItemNote", .integer(-1), .text("x")).contains("must be positive"))
            #expect(try await bench.failure("ChangeItemColor", .integer(1), .integer(6)).contains("0 to 5"))
            try await bench.run("SetNavItemUserValue", .integer(4), .integer(1), .text("good"))
            #expect(try await bench.texts("ReportItemUserValue", .integer(4), .integer(1)) == ["good"])
            #expect(try await bench.texts("ReportItemUserValue", .integer(4), .integer(2)) == ["none"])
            try await bench.run("ShiftItemsByMicrons", .number(10), .number(-1))
            #expect(try await bench.numbers("ReportOtherItem", .integer(5)) == [5, 12, 0, 1.5, 1])
            try await bench.run("GetItemPointArray", .integer(5), .text("px"), .text("py"))
            #expect(try await bench.texts("GetVariable", .text("px"))[0].hasPrefix("10.000000\n14.000000"))
            #expect(try await bench.failure("ShiftItemsByMicrons", .number(101), .number(0)).contains("100 microns"))
            try await bench.run("DeleteNavigatorItem", .integer(-1))
            #expect(try await bench.numbers("ReportNumTableItems") == [4])
            #expect(try await bench.failure("SetTiltSeriesAtItem", .integer(9)).hasSuffix("SetTiltSeriesAtItem(9)"))
        }
    }

    @Test(arguments: [false, true]) func aSavedTableIsReadAndMergedAgain(tables: Bool) async throws {
        try await withBench(navigatorTables: tables) { bench in
            let group = try await fill(bench)
            try await bench.run("ChangeItemNote", .integer(2), .text("second point"))
            try await bench.run("SetItemAcquire", .integer(2))
            try await bench.run("SaveNavigator")
            let head = try String(contentsOfFile: bench.path("grid.nav"), encoding: .utf8).prefix(12)
            #expect(head == (tables ? "Version\t1.52" : "AdocVersion "))
            try await bench.run("CloseNavigator")
            #expect(try await bench.numbers("ReportIfNavOpen") == [0])
            #expect(try await bench.failure("ReportNumTableItems").contains("must be open"))
            try await bench.run("ReadNavFile", .text("grid.nav"))
            #expect(try await bench.numbers("ReportNumTableItems") == [5])
            #expect(try await bench.numbers("ReportOtherItem", .integer(2)) == [2, 3, 4, 7, 0])
            #expect(try await bench.texts("GetVariable", .text("navNote")) == ["second point"])
            #expect(try await bench.numbers("ReportItemAcquire", .integer(2)) == [1])
            #expect(try await bench.numbers("GetNavGroupStageCoords", .integer(group), .text("x"), .text("y")) == [3])
            // Items that are there already are not added again.
            try await bench.run("MergeNavFile", .text("grid.nav"))
            #expect(try await bench.numbers("ReportNumTableItems") == [5])
            try await bench.run("DeleteNavigatorItem", .integer(1))
            try await bench.run("MergeNavFile", .text("grid.nav"))
            #expect(try await bench.numbers("ReportNumTableItems") == [5])
            #expect(try await bench.texts("ReportNavFile", .integer(1)) == [bench.path("grid"), ".nav", bench.folder, "grid"])
        }
    }

    @Test func closingWithChangesAsksAndSavesWhenToldTo() async throws {
        try await withBench(dialogSeconds: nil) { bench in
            _ = try await fill(bench)
            async let closed = bench.run("CloseNavigator")
            while await bench.microscope.openDialog == nil { await Task.yield() }
            _ = await bench.microscope.answerDialog(.button(1))
            _ = try await closed
            #expect(try NavigatorFile.read(bench.path("grid.nav")).items.count == 5)
        }
    }

    @Test func pointsOnAnImageLieWhereTheImageShowsThem() async throws {
        try await withBench { bench in
            try await bench.run("LoadCartridge", .integer(1))
            try await bench.run("SetColumnOrGunValve", .integer(1))
            try await bench.run("GoToImagingState", .text("2"))
            try await bench.run("SetBinning", .text("R"), .number(4))
            try await bench.run("OpenNavigator")
            try await bench.run("OpenNewFile", .text("map.mrc"))
            try await bench.run("R")
            #expect(try await bench.numbers("NewMap", .integer(-1), .text("view")) == [1])
            try await bench.run("ReportOtherItem", .integer(1))
            #expect(try await bench.texts("GetVariable", .text("navNote")) == ["view Sec 0 - map.mrc"])
            try await bench.run("LoadOtherMap", .integer(1), .text("P"))
            #expect(try await bench.numbers("AddImagePosAsNavPoint", .text("P"), .number(40), .number(100), .number(-999), .integer(77)) == [2])
            #expect(try await bench.numbers("NavIndexItemDrawnOn", .integer(2)) == [1])
            #expect(try await bench.numbers("NavIndexItemDrawnOn", .integer(1)) == [0])
            let back = try await bench.numbers("ReportItemImageCoords", .integer(2), .text("P"))
            #expect(abs(back[0] - 40) < 0.01)
            #expect(abs(back[1] - 100) < 0.01)
            #expect(back[2] == 1)
            #expect(try await bench.numbers("GetNavGroupImageCoords", .integer(77), .text("P"), .text("x"), .text("y")) == [1])
            let matrix = try await bench.numbers("StageToBufImageMatrix", .text("P"), .integer(0))
            let place = try await bench.numbers("ReportOtherItem", .integer(2))
            #expect(abs(matrix[0] * place[1] + matrix[1] * place[2] + matrix[4] - 40) < 0.01)
            #expect(abs(matrix[2] * place[1] + matrix[3] * place[2] + matrix[5] - 100) < 0.01)
            let inverse = try await bench.numbers("BufImageToStageMatrix", .text("P"), .integer(0))
            #expect(abs(inverse[0] * 40 + inverse[1] * 100 + inverse[4] - place[1]) < 1e-3)
        }
    }

    @Test func theCameraMatricesFollowTheBinningThatWasAskedFor() async throws {
        try await withBench { bench in
            let plain = try await bench.numbers("SpecimenToCameraMatrix", .integer(0))
            let inverse = try await bench.numbers("CameraToStageMatrix", .integer(0))
            try await bench.run("BinningForCameraMatrix", .number(4))
            for (a, b) in zip(try await bench.numbers("SpecimenToCameraMatrix", .integer(0)), plain) { #expect(abs(a * 4 - b) < 1e-6 * abs(b) + 1e-9) }
            for (a, b) in zip(try await bench.numbers("CameraToStageMatrix", .integer(0)), inverse) { #expect(abs(a - 4 * b) < 1e-6 * abs(b) + 1e-9) }
            try await bench.startNewPeriod()
            #expect(try await bench.numbers("SpecimenToCameraMatrix", .integer(0)) == plain)
        }
    }
}
