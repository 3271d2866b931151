import Foundation
import Geometry
import Raster

/// What avoided pixels cost in the part of the sample that the camera sees during a tilt series.
///
/// At the largest tilt the field reaches farther across the tilt axis, by one over the cosine: ice beside it comes in. The weights
/// of ``ScoreMap`` are stretched with the field, which leaves them their sum of 1; without tilt this is the share that it counts.
struct SweptPenalty {
    let labels: Raster<UInt8>
    /// By label: the cost of a field full of it.
    let cost: [Double]
    /// Where the samples lie from the centre, in map pixels, and their weights with sum 1.
    private let samples: [(x: Double, y: Double, weight: Double)]

    /// - Parameter cost: by label, that of a field full of it.
    init(labels: Raster<UInt8>, cost: [Double], plane: SqueezedPlane, columns: Int, rows: Int) {
        self.labels = labels
        self.cost = cost
        let count = 25
        let sigma = max(0.5, Double(max(rows, columns) / 2))
        var samples: [(x: Double, y: Double, weight: Double)] = []
        for i in 0 ..< count {
            for j in 0 ..< count {
                let x = ((Double(i) + 0.5) / Double(count) - 0.5) * Double(columns)
                let y = ((Double(j) + 0.5) / Double(count) - 0.5) * Double(rows)
                let stretched = plane.stretched(x: x, y: y)
                samples.append((stretched.x, stretched.y, exp(-(x * x + y * y) / (2 * sigma * sigma))))
            }
        }
        let sum = samples.reduce(0) { $0 + $1.weight }
        self.samples = samples.map { ($0.x, $0.y, $0.weight / sum) }
    }

    /// The cost at a position. Beyond the map nothing is known and nothing avoided.
    func penalty(at position: Point<Frame.MapPixels>) -> Double {
        var total = 0.0
        for sample in samples {
            let column = Int((position.x + sample.x).rounded(.down))
            let row = Int((position.y + sample.y).rounded(.down))
            guard column >= 0, row >= 0, column < labels.width, row < labels.height else { continue }
            total += cost[Int(labels[column, row])] * sample.weight
        }
        return total
    }
}
