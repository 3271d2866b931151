import Foundation
import Geometry
import ImageFiles
import Raster
import Targets
import Units

/// Chooses targets on segmented maps, for `Scripts/benchmark targeting`: one case per line of standard input, one answer
/// per line of standard output.
@main struct TargetsCheck {
    /// A map, how it lies, and what to look for.
    struct Case: Decodable {
        /// A PNG of label indices.
        let labels: String
        let classes: [String]
        /// Nanometres.
        let pixel: Double
        /// Degrees.
        let axis: Double
        /// Micrometres.
        let beam: Double
        let fieldWidth: Double
        let fieldHeight: Double
        let settings: TargetSettings

        var geometry: LamellaGeometry {
            let (s, c) = (sine(Degrees(axis)) * pixel / 1000, cosine(Degrees(axis)) * pixel / 1000)
            let toStage = LinearMap<Frame.MapPixels, Frame.Stage>(xpx: -s, xpy: c, ypx: c, ypy: s)
            return LamellaGeometry(
                mapPixelSize: PixelSize(pixel), beamDiameter: Micrometers(beam), recordFieldWidth: Micrometers(fieldWidth),
                recordFieldHeight: Micrometers(fieldHeight),
                mapToStage: AffineMap(linear: toStage, sending: .origin, to: .origin),
                stageToSpecimen: LinearMap(xpx: 1, xpy: 0, ypx: 0, ypy: 1))
        }
    }

    struct Answer: Encodable {
        /// Row and column of every target.
        let points: [[Double]]
        let score: Double
        let bound: Double
        /// The share of wanted pixels in some field of view.
        let covered: Double
        /// Of the processor, for targets, areas and geo points.
        let seconds: Double
        /// Of the processor, for the bound and the coverage.
        let boundSeconds: Double
    }

    static func main() throws {
        while let line = readLine() {
            let example = try JSONDecoder().decode(Case.self, from: Data(line.utf8))
            let labels: Raster<UInt8> = try PNGFile.readGrey(example.labels)
            func timed<Value>(_ body: () throws -> Value) rethrows -> (value: Value, seconds: Double) {
                let begin = clock()
                let value = try body()
                return (value, Double(clock() - begin) / Double(CLOCKS_PER_SEC))
            }
            let choice = try timed {
                try TargetSelection.select(
                    labels: labels, classes: example.classes, geometry: example.geometry, settings: example.settings)
            }
            let (selection, seconds) = try timed {
                try TargetSelection.selection(
                    labels: labels, classes: example.classes, geometry: example.geometry, settings: example.settings)
            }
            let targets = choice.value.flatMap(\.targets)
            let answer = Answer(
                points: targets.map { [$0.position.y, $0.position.x] }, score: selection.report.score,
                bound: selection.report.upperBound,
                covered: selection.report.coverage.wanted, seconds: choice.seconds,
                boundSeconds: max(0, seconds - choice.seconds))
            FileHandle.standardOutput.write(try JSONEncoder().encode(answer) + Data("\n".utf8))
        }
    }
}
