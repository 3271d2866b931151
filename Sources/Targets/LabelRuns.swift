import Raster

/// A segmentation as stretches of one label along its rows.
///
/// Objects are much larger than pixels: what a field of view holds follows from few changes of label in each row.
struct LabelRuns: Sendable {
    let width: Int
    let height: Int
    /// The largest label; nil of an empty map.
    let largest: UInt8?
    /// By row, and once more for the end: its first run.
    private let firstRuns: [Int]
    /// By run: the column that it begins in.
    private let starts: [Int32]
    private let labels: [UInt8]

    init(_ raster: Raster<UInt8>) {
        let (width, height) = (raster.width, raster.height)
        var firstRuns = [0]
        var starts: [Int32] = []
        var labels: [UInt8] = []
        var largest: UInt8 = 0
        firstRuns.reserveCapacity(height + 1)
        raster.pixels.withUnsafeBytes { bytes in
            for row in 0 ..< (width > 0 ? height : 0) {
                let line = UnsafeRawBufferPointer(rebasing: bytes[row * width ..< (row + 1) * width])
                var column = 0
                while column < width {
                    let label = line[column]
                    starts.append(Int32(column))
                    labels.append(label)
                    largest = max(largest, label)
                    column = Self.end(of: label, in: line, from: column)
                }
                firstRuns.append(starts.count)
            }
        }
        self.width = width
        self.height = width > 0 ? height : 0
        self.firstRuns = firstRuns
        self.starts = starts
        self.labels = labels
        self.largest = labels.isEmpty ? nil : largest
    }

    /// The first column from one on that has another label; eight are looked at at once.
    private static func end(of label: UInt8, in line: UnsafeRawBufferPointer, from column: Int) -> Int {
        let eight = UInt64(label) &* 0x0101_0101_0101_0101
        var end = column
        while end + 8 <= line.count, line.loadUnaligned(fromByteOffset: end, as: UInt64.self) == eight { end += 8 }
        while end < line.count, line[end] == label { end += 1 }
        return end
    }

    /// Calls with each run of a row that has pixels in some columns, cut to them.
    @inline(__always)
    func forEach(row: Int, from first: Int, to end: Int, _ body: (_ label: Int, _ start: Int, _ end: Int) -> Void) {
        let last = firstRuns[row + 1]
        var (low, high) = (firstRuns[row], last - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if starts[middle] <= first { low = middle } else { high = middle - 1 }
        }
        var start = first
        while start < end, low < last {
            let next = low + 1 < last ? min(end, Int(starts[low + 1])) : min(end, width)
            body(Int(labels[low]), start, next)
            start = next
            low += 1
        }
    }

    /// Calls with each run of a row.
    @inline(__always)
    func forEach(row: Int, _ body: (_ label: Int, _ start: Int, _ end: Int) -> Void) {
        let last = firstRuns[row + 1]
        for run in firstRuns[row] ..< last {
            body(Int(labels[run]), Int(starts[run]), run + 1 < last ? Int(starts[run + 1]) : width)
        }
    }
}

/// Pixels of a map as stretches along its rows.
struct PixelRuns: Sendable {
    private let firstRuns: [Int]
    private let runs: [Range<Int32>]
    var isEmpty: Bool { runs.isEmpty }

    /// The pixels of some labels.
    init(_ labels: LabelRuns, where chosen: [Bool]) {
        var firstRuns = [0]
        var runs: [Range<Int32>] = []
        for row in 0 ..< labels.height {
            let first = runs.count
            labels.forEach(row: row) { label, start, end in
                guard chosen[label] else { return }
                if runs.count > first, let last = runs.last, last.upperBound == start {
                    runs[runs.count - 1] = last.lowerBound ..< Int32(end)
                } else {
                    runs.append(Int32(start) ..< Int32(end))
                }
            }
            firstRuns.append(runs.count)
        }
        self.firstRuns = firstRuns
        self.runs = runs
    }

    /// The pixels of a mask that are false.
    init(gapsOf mask: Raster<Bool>) {
        self.init(LabelRuns(mask.map { $0 ? 1 : 0 }), where: [true, false])
    }

    func runs(row: Int) -> ArraySlice<Range<Int32>> { runs[firstRuns[row] ..< firstRuns[row + 1]] }

    /// Whether a row has a pixel in some columns.
    func touch(row: Int, from first: Int, to end: Int) -> Bool {
        for run in firstRuns[row] ..< firstRuns[row + 1] where Int(runs[run].upperBound) > first { return Int(runs[run].lowerBound) < end }
        return false
    }
}
