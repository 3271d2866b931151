import Geometry
import Raster

/// Objects of a segmentation: pixels of some classes that hang together by their sides.
enum ConnectedObjects {
    /// The centre of gravity of each object, largest object first.
    static func centres(_ labels: Raster<UInt8>, where wanted: [Bool]) -> [Point<Frame.MapPixels>] {
        var objects: [(size: Int, x: Double, y: Double)] = []
        forEach(labels, where: wanted) { pixels in
            var object = (size: pixels.count, x: 0.0, y: 0.0)
            for pixel in pixels {
                object.x += Double(pixel % labels.width) + 0.5
                object.y += Double(pixel / labels.width) + 0.5
            }
            objects.append(object)
        }
        objects.sort { ($1.size, $0.y, $0.x) < ($0.size, $1.y, $1.x) }
        return objects.map { Point(x: $0.x / Double($0.size), y: $0.y / Double($0.size)) }
    }

    /// Gives another label to the objects that have less than so many pixels.
    static func removeSmall(_ labels: inout Raster<UInt8>, where wanted: [Bool], pixels least: Double, label: UInt8) {
        var changed = labels
        forEach(labels, where: wanted) { pixels in
            guard Double(pixels.count) < least else { return }
            for pixel in pixels { changed.pixels[pixel] = label }
        }
        labels = changed
    }

    /// The pixels of each object, in the order of the first ones.
    static func forEach(_ labels: Raster<UInt8>, where wanted: [Bool], _ body: (_ pixels: [Int]) -> Void) {
        var seen = [Bool](repeating: false, count: labels.pixels.count)
        var object: [Int] = []
        for start in labels.pixels.indices where !seen[start] && wanted[Int(labels.pixels[start])] {
            seen[start] = true
            object.removeAll(keepingCapacity: true)
            object.append(start)
            var next = 0
            while next < object.count {
                let pixel = object[next]
                next += 1
                let (x, y) = (pixel % labels.width, pixel / labels.width)
                for (beside, exists) in [
                    (pixel - 1, x > 0), (pixel + 1, x + 1 < labels.width), (pixel - labels.width, y > 0),
                    (pixel + labels.width, y + 1 < labels.height),
                ] where exists && !seen[beside] && wanted[Int(labels.pixels[beside])] {
                    seen[beside] = true
                    object.append(beside)
                }
            }
            body(object)
        }
    }
}
