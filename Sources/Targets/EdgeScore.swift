import Foundation

/// How well an outline of the wanted classes runs through the middle of the camera's field.
///
/// Eight kernels, one per direction in steps of 45 degrees, weigh one half of the field positively and the other
/// negatively with the Gaussian of ``ScoreMap``; each half sums to 1, so that an ideal straight edge through the centre
/// scores 1. The score is the best direction's. Opposite directions differ in their sign only.
struct EdgeScore {
    /// One row of the field under one kernel: the columns of its positive and of its negative half.
    private struct Halves {
        var positive: Range<Int>
        var negative: Range<Int>
    }

    /// By direction and row.
    private let halves: [[Halves]]
    /// By row.
    private let weights: [Double]
    /// By direction: the sum of a half.
    private let sums: [Double]
    /// Sums of the weights of the columns before each, and of all.
    private let columnSums: [Double]
    private let columns: Int

    init(columns: Int, rows: Int) {
        self.columns = columns
        let sigma = max(0.5, Double(max(rows, columns) / 2))
        let columnSums = ScoreMap.gaussian(count: columns, sigma: sigma).reduce(into: [0.0]) { $0.append($0[$0.count - 1] + $1) }
        let weights = ScoreMap.gaussian(count: rows, sigma: sigma)
        let halves = (0 ..< 4).map { direction in
            let angle = Double(direction) * .pi / 4
            return (0 ..< rows).map { row in
                let sides = (0 ..< columns).map { column in
                    cos(angle) * (Double(column) - Double(columns - 1) / 2) + sin(angle) * (Double(row) - Double(rows - 1) / 2)
                }
                // The columns of a half lie side by side: a kernel's border is a straight line.
                func range(_ isIn: (Double) -> Bool) -> Range<Int> {
                    guard let first = sides.firstIndex(where: isIn), let last = sides.lastIndex(where: isIn) else { return 0 ..< 0 }
                    return first ..< last + 1
                }
                return Halves(positive: range { $0 > 1e-9 }, negative: range { $0 < -1e-9 })
            }
        }
        sums = halves.map { halves in
            zip(halves, weights).reduce(0) { $0 + $1.1 * (columnSums[$1.0.positive.upperBound] - columnSums[$1.0.positive.lowerBound]) }
        }
        (self.halves, self.weights, self.columnSums) = (halves, weights, columnSums)
    }

    /// The best direction's score for the field that starts at (x, y), without penalty.
    ///
    /// - Parameter target: by label, whether its pixels are wanted.
    func score(x: Int, y: Int, runs: LabelRuns, target: [Bool]) -> Double {
        var totals = SIMD4<Double>.zero
        for row in weights.indices {
            runs.forEach(row: y + row, from: x, to: x + columns) { label, start, end in
                guard target[label] else { return }
                for direction in 0 ..< 4 {
                    let halves = halves[direction][row]
                    totals[direction] += weights[row] * (sum(halves.positive, start - x, end - x) - sum(halves.negative, start - x, end - x))
                }
            }
        }
        var best = 0.0
        for direction in 0 ..< 4 where sums[direction] > 0 { best = max(best, abs(totals[direction]) / sums[direction]) }
        return min(1, best)
    }

    /// The sum of the weights of the columns that a run shares with a half.
    private func sum(_ half: Range<Int>, _ start: Int, _ end: Int) -> Double {
        let (first, last) = (max(half.lowerBound, start), min(half.upperBound, end))
        return first < last ? columnSums[last] - columnSums[first] : 0
    }
}
