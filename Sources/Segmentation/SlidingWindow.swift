import Foundation

/// Where the windows of one axis lie and how their pixels count (nnU-Net version 2's rules).
struct WindowAxis: Sendable, Hashable {
    /// Length of the image, and after padding.
    let image: Int
    let length: Int
    /// Zeros before the image; the rest of the padding comes after it.
    let paddingBefore: Int
    /// First pixel of each window in the padded image.
    let positions: [Int]
    /// Importance of each pixel of a window along this axis, largest value 1.
    let importance: [Float]
    /// Sum of the importances of all windows for each pixel of the padded image.
    let total: [Float]

    /// - Parameter step: distance of neighbouring windows as a part of the window, more than 0 and at most 1.
    init(image: Int, window: Int, step: Double) {
        self.image = image
        length = max(image, window)
        paddingBefore = max(0, window - image) / 2
        positions = Self.positions(length: length, window: window, step: step)
        importance = Self.importance(window: window)
        var total = [Float](repeating: 0, count: length)
        for first in positions { for i in importance.indices { total[first + i] += importance[i] } }
        self.total = total
    }

    /// As few windows as keep their distance at or below `step * window`, evenly spread, rounded half to even.
    static func positions(length: Int, window: Int, step: Double) -> [Int] {
        guard length > window else { return [0] }
        let distance = Double(window) * step
        let intervals = Int((Double(length - window) / distance).rounded(.up))
        let actual = Double(length - window) / Double(intervals)
        return (0 ... intervals).map { Int((Double($0) * actual).rounded(.toNearestOrEven)) }
    }

    /// A Gaussian about `window / 2` with standard deviation `window / 8`, cut at four of them; never zero.
    static func importance(window: Int) -> [Float] {
        let sigma = Double(window) / 8
        let radius = Int(4 * sigma + 0.5)
        var values = (0 ..< window).map { i in
            let distance = i - window / 2
            return abs(distance) > radius ? 0 : Float(exp(-0.5 * Double(distance * distance) / (sigma * sigma)))
        }
        let smallest = values.filter { $0 > 0 }.min() ?? 1
        for i in values.indices where values[i] == 0 { values[i] = smallest }
        return values
    }
}

/// The importance of a pixel of a window: the product over both axes, largest value 10.
func windowImportance(row: Float, column: Float) -> Float { 10 * row * column }
