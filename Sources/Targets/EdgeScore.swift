import Foundation
import Geometry
import Raster

/// How well an outline of the wanted classes runs through the middle of the camera's field.
///
/// Eight kernels, one per direction in steps of 45 degrees, weigh one half of the field positively and the other
/// negatively with the Gaussian of ``ScoreMap``; each half sums to 1, so that an ideal straight edge through the centre
/// scores 1. The score is the best direction's.
struct EdgeScore {
    private let kernels: [[Float]]
    private let columns: Int
    private let rows: Int

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        let sigma = max(0.5, Double(max(rows, columns) / 2))
        kernels = (0 ..< 8).map { step in
            let angle = Double(step) * .pi / 4
            var kernel = [Float](repeating: 0, count: columns * rows)
            var half = 0.0
            for row in 0 ..< rows {
                for column in 0 ..< columns {
                    let dx = Double(column) - Double(columns - 1) / 2
                    let dy = Double(row) - Double(rows - 1) / 2
                    let side = cos(angle) * dx + sin(angle) * dy
                    guard abs(side) > 1e-9 else { continue }
                    let weight = exp(-(dx * dx + dy * dy) / (2 * sigma * sigma))
                    kernel[row * columns + column] = Float(side > 0 ? weight : -weight)
                    if side > 0 { half += weight }
                }
            }
            return half > 0 ? kernel.map { $0 / Float(half) } : kernel
        }
    }

    /// The best direction's score for the field that starts at (x, y), without penalty.
    func score(x: Int, y: Int, labels: Raster<UInt8>, target: [Bool]) -> Double {
        var best: Float = 0
        for kernel in kernels {
            var sum: Float = 0
            for row in 0 ..< rows {
                for column in 0 ..< columns where target[Int(labels[x + column, y + row])] {
                    sum += kernel[row * columns + column]
                }
            }
            best = max(best, sum)
        }
        return Double(min(1, best))
    }
}
