public import Geometry
public import Raster

/// The single objects of a segmentation, such as cells, also where they touch, and to which of them a position belongs.
///
/// Pixels of the wanted classes are flooded from the middles of the objects (the maxima of the distance to the nearest
/// other pixel) outwards. Where two floods meet they are one object, unless the neck there is clearly narrower than
/// the smaller of the two: a watershed of the distance transform that has no size to be set. A hole, such as a nucleus or
/// ice makes it, belongs to the object that it is in.
public struct ObjectInstances: Sendable {
    /// How much of the smaller part's half width a neck may have to part two objects.
    private static let neck = 0.7
    /// A flood that starts from so few pixels of depth is the roughness of an outline.
    private static let roughness = 1.5
    /// More pixels say nothing more about objects worth a target.
    private static let mostPixels = 1 << 21

    /// How many there are; they are numbered from 0, in the order of their middles, the deepest first.
    public let count: Int
    /// Map pixels along one side of a pixel here.
    private let scale: Int
    /// The object that each pixel is in, or that is nearest to it; -1 where there is none at all.
    private let nearest: Raster<Int32>

    /// - Parameter wanted: by label, the classes that objects consist of.
    public init(_ labels: Raster<UInt8>, where wanted: [Bool]) {
        var scale = 1
        while (labels.width / scale) * (labels.height / scale) > Self.mostPixels { scale += 1 }
        self.scale = scale
        let width = (labels.width + scale - 1) / scale
        let height = (labels.height + scale - 1) / scale
        var mask = Raster<Bool>(width: width, height: height, filledWith: false)
        for y in 0 ..< height {
            for x in 0 ..< width {
                let middle = labels[min(labels.width - 1, x * scale + scale / 2), min(labels.height - 1, y * scale + scale / 2)]
                mask[x, y] = wanted[Int(middle)]
            }
        }
        mask = EnclosedHoles.filled(mask)
        let objects = Self.split(mask)
        count = objects.count
        let sources = NearestPixels(mask).indices
        nearest = Raster(
            width: width, height: height, pixels: sources.map { $0 < 0 ? -1 : objects.numbers[Int($0)] })
    }

    /// The object under a position, or the nearest one; nil where there is none.
    public func object(at position: Point<Frame.MapPixels>) -> Int? {
        guard nearest.width > 0, nearest.height > 0 else { return nil }
        let x = min(nearest.width - 1, max(0, Int(position.x) / scale))
        let y = min(nearest.height - 1, max(0, Int(position.y) / scale))
        let number = nearest[x, y]
        return number < 0 ? nil : Int(number)
    }

    /// Numbers the objects of a mask; -1 outside of it.
    private static func split(_ mask: Raster<Bool>) -> (numbers: [Int32], count: Int) {
        let (width, height) = (mask.width, mask.height)
        let outside = NearestPixels(mask.map { !$0 })
        // Where all of the map is one object, its middle is anywhere.
        let depths = mask.pixels.indices.map { mask.pixels[$0] ? outside.squaredDistance(at: $0) ?? 1 : 0 }
        let order = mask.pixels.indices.filter { mask.pixels[$0] }.sorted { (depths[$1], $0) < (depths[$0], $1) }
        var flood = [Int32](repeating: -1, count: mask.pixels.count)
        var floods = Floods()
        for pixel in order {
            let (x, y, depth) = (pixel % width, pixel / width, Double(depths[pixel]).squareRoot())
            var best: Int32 = -1
            for ny in max(0, y - 1) ... min(height - 1, y + 1) {
                for nx in max(0, x - 1) ... min(width - 1, x + 1) where flood[ny * width + nx] >= 0 {
                    let other = floods.root(of: flood[ny * width + nx])
                    guard best >= 0, best != other else {
                        best = other
                        continue
                    }
                    let least = min(floods.peaks[Int(best)], floods.peaks[Int(other)])
                    if depth > neck * least || least <= roughness {
                        best = floods.join(best, other)
                    } else if floods.peaks[Int(other)] > floods.peaks[Int(best)] {
                        best = other
                    }
                }
            }
            flood[pixel] = best >= 0 ? best : floods.begin(peak: depth)
        }
        var numbers: [Int32: Int32] = [:]
        for pixel in order {
            let root = floods.root(of: flood[pixel])
            if numbers[root] == nil { numbers[root] = Int32(numbers.count) }
            flood[pixel] = root
        }
        return (flood.map { $0 < 0 ? -1 : numbers[$0] ?? -1 }, numbers.count)
    }

    /// Floods that join: a forest in which every flood knows the one it has joined.
    private struct Floods {
        /// The greatest depth of a flood that has joined no other.
        private(set) var peaks: [Double] = []
        private var parents: [Int32] = []

        mutating func begin(peak: Double) -> Int32 {
            peaks.append(peak)
            parents.append(Int32(parents.count))
            return Int32(parents.count - 1)
        }

        mutating func root(of flood: Int32) -> Int32 {
            var flood = flood
            while parents[Int(flood)] != flood {
                parents[Int(flood)] = parents[Int(parents[Int(flood)])]
                flood = parents[Int(flood)]
            }
            return flood
        }

        /// The deeper one takes the other up; of two that are as deep, the earlier one.
        mutating func join(_ a: Int32, _ b: Int32) -> Int32 {
            let (to, from) = peaks[Int(a)] > peaks[Int(b)] || (peaks[Int(a)] == peaks[Int(b)] && a < b) ? (a, b) : (b, a)
            parents[Int(from)] = to
            return to
        }
    }
}
