import Foundation
import Raster

/// A map as SerialEM and SPACEtomo make it ready for the detector.
enum ReferenceImage {
    /// At another pixel size: reduced as SerialEM does it (Lanczos-2 over the pixels that become one; even width, cut equally on both sides),
    /// enlarged linearly. A map at the network's pixel size stays as it is, as one that SPACEtomo has saved.
    ///
    /// - Parameter factor: pixels that become one.
    static func resampled(_ map: Raster<UInt8>, by factor: Double) -> Raster<UInt8> {
        guard abs(factor - 1) > 1e-6 else { return map }
        guard factor > 1 else {
            // Multiplied, as there: half a pixel more or less is decided by the last bit.
            let scale = 1 / factor
            return ReferenceEnlargement.scikitImage(
                map, width: max(1, Int((Double(map.width) * scale).rounded(.toNearestOrEven))), height: max(1, Int((Double(map.height) * scale).rounded(.toNearestOrEven))))
        }
        return reduced(map, by: factor, width: max(2, 2 * Int(0.5 * Double(map.width) / factor)), height: max(1, Int(Double(map.height) / factor)))
    }

    private static func reduced(_ map: Raster<UInt8>, by factor: Double, width: Int, height: Int) -> Raster<UInt8> {
        let columns = weights(from: map.width, to: width, factor: factor)
        let rows = weights(from: map.height, to: height, factor: factor)
        var result = Raster<UInt8>(width: width, height: height, filledWith: 0)
        for y in 0 ..< height {
            var line = [Double](repeating: 0, count: map.width)
            for (k, weight) in rows[y] { for x in line.indices { line[x] += weight * Double(map.pixels[k * map.width + x]) } }
            for x in 0 ..< width {
                var sum = 0.0
                for (k, weight) in columns[x] { sum += weight * line[k] }
                result.pixels[y * width + x] = UInt8(max(0, min(255, sum.rounded(.toNearestOrEven))))
            }
        }
        return result
    }

    /// The old pixels that make each new one, and by how much.
    private static func weights(from source: Int, to target: Int, factor: Double) -> [[(index: Int, weight: Double)]] {
        let start = (Double(source) - Double(target) * factor) / 2
        return (0 ..< target).map { i in
            let centre = start + (Double(i) + 0.5) * factor
            var found: [(index: Int, weight: Double)] = []
            for k in Int((centre - 2 * factor).rounded(.down)) ... Int((centre + 2 * factor).rounded(.up)) {
                let weight = lanczos((Double(k) + 0.5 - centre) / factor)
                if weight != 0 { found.append((min(max(k, 0), source - 1), weight)) }
            }
            let sum = found.reduce(0) { $0 + $1.weight }
            return found.map { ($0.index, $0.weight / sum) }
        }
    }

    private static func lanczos(_ x: Double) -> Double {
        guard abs(x) < 2 else { return 0 }
        guard abs(x) > 1e-9 else { return 1 }
        let angle = Double.pi * x
        return sin(angle) / angle * sin(angle / 2) / (angle / 2)
    }

    /// SPACEtomo stretches an image that is darker than 200 everywhere from its darkest to its brightest pixel.
    static func stretched(_ image: Raster<UInt8>) -> Raster<UInt8> {
        guard let least = image.pixels.min(), let most = image.pixels.max(), most <= 200, most > least else { return image }
        return image.map { UInt8(Double($0 - least) / Double(most - least) * 255) }
    }
}
