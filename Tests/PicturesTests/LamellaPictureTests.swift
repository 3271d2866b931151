import Geometry
import Raster
import Targets
import Testing
import Units

@testable import Pictures

/// What the operator reads off a lamella's picture is where it will be exposed.
struct LamellaPictureTests {
    /// 20 nm per pixel, 400 x 300 pixels; a beam of 1 µm, a field of 0.8 x 0.4 µm.
    private func scene(axis: Double, rotation: Double = 0, limit: Double? = nil) -> LamellaScene {
        let pixel = 0.02
        let geometry = LamellaGeometry(
            mapPixelSize: PixelSize(20), beamDiameter: Micrometers(1), recordFieldWidth: Micrometers(0.8),
            recordFieldHeight: Micrometers(0.4),
            mapToStage: AffineMap(
                linear: LinearMap(xpx: pixel, xpy: 0, ypx: 0, ypy: -pixel), sending: .origin, to: .origin),
            stageToSpecimen: LinearMap(xpx: 1, xpy: 0, ypx: 0, ypy: 1), tiltAxisAngle: Degrees(axis))
        return LamellaScene(
            map: Raster(width: 400, height: 300, filledWith: 90), labels: Raster(width: 400, height: 300, filledWith: 0),
            classes: ["background", "cell"],
            areas: [
                TargetArea(targets: [
                    Target(position: Point(x: 100, y: 150), score: 1), Target(position: Point(x: 300, y: 150), score: 1),
                ])
            ], geometry: geometry, maximumTilt: Degrees(60), imageShiftLimit: limit.map { Micrometers($0) },
            recordFieldRotation: Degrees(rotation), heading: ["L01"])
    }

    /// The sheet of a scene, for its scale and the first row of its map.
    private func sheet(_ scene: LamellaScene) -> Sheet {
        Sheet(
            Sheet.Contents(
                map: scene.map, tones: .grid(scene.map), frameWidth: 400, frameHeight: 300, heading: scene.heading, legend: [],
                maximumSide: 1600))
    }

    /// Whether a colour was drawn at a map position, give or take two pixels.
    private func shows(_ colour: RGB, x: Double, y: Double, _ scene: LamellaScene) -> Bool {
        let picture = OverviewPicture.lamella(scene)
        let place = sheet(scene).place(Point(x: x, y: y))
        for dy in -2 ... 2 {
            for dx in -2 ... 2 where picture[Int(place.x) + dx, Int(place.y) + dy].isNear(colour) { return true }
        }
        return false
    }

    @Test func theBeamIsLongAcrossTheTiltAxis() {
        // Half axes: 25 pixels along the axis, 50 across it at 60 degrees.
        let places = [(350.0, 150.0), (300, 175), (300, 200)]
        let upright = places.map { shows(Palette.target, x: $0.0, y: $0.1, scene(axis: 0)) }
        #expect(upright == [true, true, false])
        let level = places.map { shows(Palette.target, x: $0.0, y: $0.1, scene(axis: 90)) }
        #expect(level == [false, false, true])
    }

    @Test func theFieldTurnsWithTheCamera() {
        // Half sides: 20 pixels wide, 10 high.
        let rotations = [0.0, 90]
        let wide = rotations.map { shows(Palette.target, x: 320, y: 150, scene(axis: 0, rotation: $0)) }
        #expect(wide == [true, false])
        let narrow = rotations.map { shows(Palette.target, x: 310, y: 150, scene(axis: 0, rotation: $0)) }
        #expect(narrow == [false, true])
    }

    @Test func theTrackingTargetHasAColourOfItsOwn() {
        let shown = [120.0, 320].map { shows(Palette.tracking, x: $0, y: 150, scene(axis: 0)) }
        #expect(shown == [true, false])
    }

    @Test func theImageShiftLimitIsACircleAboutTheTrackingTarget() {
        let limited = scene(axis: 0, limit: 2.4)
        let picture = OverviewPicture.lamella(limited)
        let sheet = sheet(limited)
        let middle = sheet.place(Point(x: 100, y: 150))
        var seen = 0
        for y in sheet.top ..< sheet.top + sheet.mapHeight {
            for x in 0 ..< sheet.mapWidth where picture[x, y] == Palette.limit {
                let (dx, dy) = (Double(x) - middle.x, Double(y) - middle.y)
                #expect(abs((dx * dx + dy * dy).squareRoot() - 120 * sheet.scale) < 4)
                seen += 1
            }
        }
        #expect(seen > 100)
    }

    @Test func aLamellaWithoutTargetsShowsItsCentre() {
        var bare = scene(axis: 0)
        bare.areas = []
        bare.centre = Point(x: 200, y: 100)
        let isShown = shows(Palette.tracking, x: 200, y: 100, bare)
        #expect(isShown)
    }

    @Test func brokenNumbersDrawNothingAndDoNotStopTheSession() {
        var broken = scene(axis: 0, limit: .infinity)
        broken.areas = [TargetArea(targets: [Target(position: Point(x: .nan, y: .infinity), score: 0)])]
        #expect(OverviewPicture.lamella(broken).width == 1600)
    }

    @Test func aModelsOwnColourOfAClassIsUsedAndNothingIsDrawnOverWhatIsNotThere() {
        let own = RGB(red: 1, green: 2, blue: 3)
        #expect(Palette.of(class: "mitos", index: 1, given: own) == own)
        #expect(Palette.of(class: "something", index: 1, given: own) == own)
        #expect(Palette.of(class: "background", index: 0, given: own) == nil)
        var box = GridBox(rectangle: Rectangle(minX: 0, minY: 0, maxX: 9, maxY: 9), className: "good", score: 1, label: "L01", classColour: own)
        #expect(box.colour == own)
        box.classColour = nil
        #expect(box.colour == Palette.of(lamella: "good"))
        var coloured = scene(axis: 0)
        coloured.classes = ["background", "mitos"]
        coloured.labels = Raster(width: coloured.labels.width, height: coloured.labels.height, filledWith: 1)
        let plain = OverviewPicture.lamella(coloured)
        coloured.colours = ["mitos": own]
        #expect(OverviewPicture.lamella(coloured) != plain)
    }
}
