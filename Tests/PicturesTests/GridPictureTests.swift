import Geometry
import Raster
import Testing
import Units

@testable import Pictures

struct GridPictureTests {
    private func box(_ x: Double, _ y: Double, label: String, leftOut: String? = nil) -> GridBox {
        GridBox(
            rectangle: Rectangle(minX: x, minY: y, maxX: x + 20, maxY: y + 20), className: "good", score: 0.9, label: label,
            leftOut: leftOut)
    }

    private func picture(_ boxes: [GridBox]) -> Raster<RGB> {
        OverviewPicture.grid(
            map: Raster(width: 400, height: 400, filledWith: 0), pixelSize: PixelSize(400), boxes: boxes, heading: ["G01"],
            maximumSide: 800)
    }

    /// How often a colour is on the map; the legend below it does not count.
    private func count(_ colour: RGB, in picture: Raster<RGB>) -> Int {
        picture.pixels.prefix(800 * 800).filter { $0.isNear(colour) }.count
    }

    @Test func lamellaeAreEnlargedBelowTheMap() {
        let without = picture([])
        let two = picture([box(100, 100, label: "L01"), box(300, 100, label: "L02")])
        #expect(two.height > without.height + 80)
    }

    @Test func aBoxThatIsLeftOutHasABrokenGreyFrame() {
        let good = Palette.of(lamella: "good")
        let leftOut = picture([box(100, 100, label: "", leftOut: "gone")])
        let kept = picture([box(100, 100, label: "L01")])
        let (dashes, frame) = (count(Palette.leftOut, in: leftOut), count(good, in: kept))
        #expect(dashes > 0)
        #expect(frame > dashes)
        let green = count(good, in: leftOut)
        #expect(green == 0)
    }

    @Test func filmIsLiftedAndTheOrderOfGreyLevelsStays() {
        let tones = Tones.grid(Raster(width: 40, height: 40, filledWith: 60))
        let shown = (0 ... 255).map { tones(Float($0)) }
        #expect(shown == shown.sorted())
        #expect(shown[60] > 90)
        #expect(shown[0] == 0 && shown[255] == 255)
    }

    @Test func noTextOfThePicturesNeedsALetterThatIsMissing() {
        let frame = PixelFont.rows(of: "\u{1F600}")
        let used = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:;-_+/%()=#\u{B0}\u{B5}\u{B2}'?"
        for letter in used { #expect(PixelFont.rows(of: letter) != frame, "no letter \(letter)") }
    }

    @Test(arguments: "AOgi.%")
    func everyDotOfALetterIsOnAStroke(letter: Character) {
        let strokes = PixelFont.strokes(of: letter)
        for (y, bits) in PixelFont.rows(of: letter).enumerated() {
            for x in 0 ..< 5 where bits >> (4 - x) & 1 == 1 {
                #expect(strokes.contains { $0.from == PixelFont.Dot(x: x, y: y) })
            }
        }
    }
}
