import Geometry

/// The image under construction: transmission and label of each pixel.
struct Canvas {
    let width: Int
    let height: Int
    /// Side of a pixel on the specimen, in micrometres.
    let pixel: Double
    private let toGrid: AffineMap<Frame.MapPixels, Frame.Grid>
    private let field: FieldOfView
    private(set) var transmission: [Float]
    private(set) var labels: [UInt8]

    init(_ field: FieldOfView) {
        self.field = field
        width = field.width
        height = field.height
        pixel = field.pixelSide
        toGrid = field.imageToGrid
        transmission = Array(repeating: 0, count: width * height)
        labels = Array(repeating: 0, count: width * height)
    }

    /// Changes the pixels of a rectangle of a local frame, `|u| <= halfU` and `|v| <= halfV`, enlarged to whole pixels
    /// of an axis-parallel box: the change itself must leave alone what lies outside the body.
    @inline(__always) mutating func paint(
        _ frame: LocalFrame, halfU: Double, halfV: Double,
        change: (_ u: Double, _ v: Double, _ transmission: inout Float, _ label: inout UInt8) -> Void
    ) {
        let corners = [(-halfU, -halfV), (halfU, -halfV), (-halfU, halfV), (halfU, halfV)]
        guard let box = field.imageBox(of: corners.map { frame.grid(u: $0.0, v: $0.1) }),
            box.maxX > 0, box.maxY > 0, box.minX < Double(width), box.minY < Double(height)
        else { return }
        let columns = Int(Swift.max(0, box.minX - 1)) ..< Int(Swift.min(Double(width), box.maxX + 2))
        let rows = Int(Swift.max(0, box.minY - 1)) ..< Int(Swift.min(Double(height), box.maxY + 2))
        let linear = toGrid.linear
        let uStep = frame.cos * linear.xpx + frame.sin * linear.ypx
        let vStep = frame.cos * linear.ypx - frame.sin * linear.xpx
        transmission.withUnsafeMutableBufferPointer { transmission in
            labels.withUnsafeMutableBufferPointer { labels in
                for row in rows {
                    let start = toGrid(Point(x: Double(columns.lowerBound) + 0.5, y: Double(row) + 0.5)) - frame.center
                    var u = frame.cos * start.dx + frame.sin * start.dy
                    var v = frame.cos * start.dy - frame.sin * start.dx
                    for k in row * width + columns.lowerBound ..< row * width + columns.upperBound {
                        change(u, v, &transmission[k], &labels[k])
                        u += uStep
                        v += vStep
                    }
                }
            }
        }
    }
}

/// The distance to an ellipse about the origin, negative inside, exact near the outline.
@inline(__always) func ellipseDistance(_ u: Double, _ v: Double, _ a: Double, _ b: Double) -> Double {
    let x = u / a
    let y = v / b
    let k = (x * x + y * y).squareRoot()
    guard k > 1e-6 else { return -b }
    let gradient = (squared(x / a) + squared(y / b)).squareRoot()
    return k * (k - 1) / gradient
}

/// The distance to a rectangle about the origin, negative inside.
@inline(__always) func boxDistance(_ u: Double, _ v: Double, _ halfU: Double, _ halfV: Double) -> Double {
    Swift.max(u.magnitude - halfU, v.magnitude - halfV)
}
