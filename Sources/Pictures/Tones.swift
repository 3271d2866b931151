import Foundation
import Raster

/// How grey levels of a map are shown: a table from level to level that keeps their order.
struct Tones {
    private let table: [Float]

    private init(_ shown: (Double) -> Double) {
        table = (0 ... 255).map { Float(255 * max(0, min(1, shown(Double($0))))) }
    }

    func callAsFunction(_ level: Float) -> UInt8 {
        let clamped = max(0, min(255, level))
        return UInt8(table[Int(clamped)].rounded())
    }

    /// For a grid map: the film, which is dark beside empty squares, is lifted to a middle grey.
    static func grid(_ map: Raster<UInt8>) -> Tones {
        let film = map.percentiles([0.75]) { $0 != 0 }.first.map { Double($0) / 255 } ?? 0.4
        let power = film > 0.01 && film < 0.99 ? max(0.4, min(1, log(0.42) / log(film))) : 1
        return Tones { pow($0 / 255, power) }
    }

    /// For a lamella map: most of the range goes to the levels of the lamella itself; what is darker or brighter keeps a little.
    static func lamella(_ map: Raster<UInt8>, labels: Raster<UInt8>, shown: [Bool]) -> Tones {
        guard map.width == labels.width, map.height == labels.height else { return Tones { $0 / 255 } }
        var counts = [Int](repeating: 0, count: 256)
        for (level, label) in zip(map.pixels, labels.pixels) where Int(label) < shown.count && shown[Int(label)] {
            counts[Int(level)] += 1
        }
        let total = counts.reduce(0, +)
        guard total > 500 else { return Tones { $0 / 255 } }
        func level(at share: Double) -> Double {
            var left = Int(share * Double(total))
            for (level, count) in counts.enumerated() {
                left -= count
                if left < 0 { return Double(level) }
            }
            return 255
        }
        let (low, high) = (level(at: 0.01), level(at: 0.99))
        let span = max(20, high - low)
        let black = max(1, low - 0.15 * span)
        let white = min(254, max(black + 1, high + 0.15 * span))
        return Tones { grey in
            if grey <= black { return 0.1 * grey / black }
            if grey >= white { return 0.9 + 0.1 * (grey - white) / (255 - white) }
            return 0.1 + 0.8 * (grey - black) / (white - black)
        }
    }
}
