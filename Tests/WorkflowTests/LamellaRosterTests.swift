import Detection
import Geometry
import Testing
import Units
@testable import Workflow

/// What people do to the boxes of a grid's lamellae, by hand or with SPACEtomo's tools.
@Suite struct LamellaRosterTests {
    /// A map of 2000 x 2000 px at 400 nm whose middle is the stage's.
    private static let picture = MapPicture(
        png: "g_wg.png", width: 2000, height: 2000, pixelSize: PixelSize(400),
        pixelToStage: AffineMap(
            linear: LinearMap(xpx: 0.4, xpy: 0, ypx: 0, ypy: -0.4), sending: Point(x: 1000, y: 1000), to: .origin),
        z: .zero)
    private static let source = LamellaRoster.Source(checksum: "new", excluded: ["gone"], stageLimit: Micrometers(300))

    private static func box(_ x: Double, _ className: String = "good", dx: Double = 0) -> DetectedLamella {
        DetectedLamella(
            box: Rectangle(minX: x + dx, minY: 900, maxX: x + dx + 40, maxY: 930), classIndex: 2, className: className, score: 0.9)
    }

    /// Five lamellae at x = 500, 600 … 900, numbered 1 to 5.
    private static let five = LamellaRoster(
        lamellae: (0 ..< 5).map { FoundLamella(number: $0 + 1, detected: box(500 + 100 * Double($0)), on: picture) })

    private func take(
        _ boxes: [DetectedLamella], into roster: LamellaRoster = five, begun: Set<Int> = []
    ) -> (roster: LamellaRoster, changes: LamellaRoster.Changes) {
        roster.taking(boxes, from: Self.source, on: Self.picture, begun: begun)
    }

    private var boxes: [DetectedLamella] { Self.five.lamellae.map { Self.box($0.box.minX) } }

    @Test func anUnchangedFileInAnyOrderChangesNothing() {
        // Programs that show boxes in micrometres give them back a little off.
        let (roster, changes) = take(boxes.reversed().map { Self.box($0.box.minX, dx: 0.001) })
        #expect(roster.lamellae == Self.five.lamellae)
        #expect(changes.words == nil)
    }

    @Test func numbersNeverShiftWhenLamellaeAreRemoved() {
        let (roster, changes) = take([boxes[0], boxes[2], boxes[4]])
        #expect(roster.lamellae.map(\.number) == [1, 3, 5])
        #expect(roster.removed.map(\.number) == [2, 4])
        #expect(changes.words == "3 lamellae instead of 5: 2 and 4 removed by hand")
    }

    @Test func anAddedLamellaGetsTheNextFreeNumberAndNotThatOfARemovedOne() {
        let without = take([boxes[0], boxes[1], boxes[2], boxes[3]]).roster
        let (roster, changes) = take([Self.box(1100), boxes[0], boxes[1], boxes[2], boxes[3]], into: without)
        #expect(roster.lamellae.map(\.number) == [1, 2, 3, 4, 6])
        #expect(roster.lamellae.last?.stage == Self.picture.pixelToStage(Point(x: 1120, y: 915)))
        #expect(changes.words == "5 lamellae instead of 4: 6 added by hand")
    }

    @Test func aBoxWhereALamellaWasRemovedBringsItBackUnderItsNumber() {
        let without = take([boxes[0], boxes[1]]).roster
        let (roster, changes) = take([boxes[0], boxes[1], boxes[3]], into: without)
        #expect(roster.lamellae.map(\.number) == [1, 2, 4])
        #expect(changes.added == [4])
    }

    @Test func aMovedLamellaKeepsItsNumberAndLiesWhereItsBoxIs() {
        var moved = boxes
        moved[1] = Self.box(600, dx: 12)
        let (roster, changes) = take(moved)
        #expect(roster.lamellae.map(\.number) == [1, 2, 3, 4, 5])
        #expect(roster.lamellae[1].stage == Self.picture.pixelToStage(Point(x: 632, y: 915)))
        #expect(changes.words == "5 lamellae: 2 moved by hand")
    }

    @Test func aLamellaThatIsGivenAnExcludedClassIsLeftOutAndOneThatIsTakenOutOfItComesIn() {
        var changed = boxes
        changed[0] = Self.box(500, "gone")
        changed[1] = Self.box(600, "broken")
        let (roster, changes) = take(changed + [Self.box(1300, "gone")])
        #expect(roster.lamellae.map(\.number) == [2, 3, 4, 5])
        #expect(roster.lamellae[0].className == "broken")
        #expect(changes.words == "4 lamellae instead of 5: 1 removed, 2 given another class by hand")
        #expect(take(changed + [Self.box(1300)], into: roster).roster.lamellae.map(\.number) == [2, 3, 4, 5, 6])
    }

    @Test func ofALamellaThatWasImagedOnlyTheRemovalIsTakenUp() {
        var moved = boxes
        moved[0] = Self.box(500, dx: 12)
        moved[1] = Self.box(600, "broken")
        moved.remove(at: 2)
        let (roster, changes) = take(moved, begun: [1, 2, 3])
        #expect(roster.lamellae == [0, 1, 3, 4].map { Self.five.lamellae[$0] })
        #expect(changes.tooLate == [1, 2])
        #expect(changes.removed == [3])
    }

    @Test func beyondTheStageLimitNothingIsAddedAndItIsSaid() {
        let changes = take(boxes + [Self.box(1900), Self.box(1800, "gone")]).changes
        #expect(changes.words == nil)
        #expect(changes.tooFar == ["box 6 lies at 368, 34 µm"])
    }
}
