import Geometry
import Raster

/// Objects of a segmentation: pixels of some classes that hang together by their sides.
enum ConnectedObjects {
    /// The centre of gravity of each object, largest object first.
    static func centres(_ labels: Raster<UInt8>, where wanted: [Bool]) -> [Point<Frame.MapPixels>] {
        var seen = [Bool](repeating: false, count: labels.pixels.count)
        var objects: [(size: Int, x: Double, y: Double)] = []
        var open: [Int] = []
        for start in labels.pixels.indices where !seen[start] && wanted[Int(labels.pixels[start])] {
            var object = (size: 0, x: 0.0, y: 0.0)
            seen[start] = true
            open.append(start)
            while let pixel = open.popLast() {
                let (x, y) = (pixel % labels.width, pixel / labels.width)
                object = (object.size + 1, object.x + Double(x) + 0.5, object.y + Double(y) + 0.5)
                for (next, exists) in [
                    (pixel - 1, x > 0), (pixel + 1, x + 1 < labels.width), (pixel - labels.width, y > 0),
                    (pixel + labels.width, y + 1 < labels.height),
                ] where exists && !seen[next] && wanted[Int(labels.pixels[next])] {
                    seen[next] = true
                    open.append(next)
                }
            }
            objects.append(object)
        }
        objects.sort { ($1.size, $0.y, $0.x) < ($0.size, $1.y, $1.x) }
        return objects.map { Point(x: $0.x / Double($0.size), y: $0.y / Double($0.size)) }
    }
}
