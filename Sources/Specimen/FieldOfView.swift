public import Geometry
public import Units

/// The part of the grid that an image shows.
public struct FieldOfView: Sendable {
    /// Size of the image in pixels.
    public var width: Int
    public var height: Int
    /// What lies in the middle of the image, on the tilt axis.
    public var center: Point<Frame.Grid>
    /// Micrometres on the untilted grid per pixel of the image; image y points down.
    public var pixelToGrid: LinearMap<Frame.MapPixels, Frame.Grid>
    /// Stage tilt about the grid's x axis.
    public var tilt: Degrees

    public init(
        width: Int, height: Int, center: Point<Frame.Grid>, pixelToGrid: LinearMap<Frame.MapPixels, Frame.Grid>,
        tilt: Degrees = .zero
    ) {
        self.width = width
        self.height = height
        self.center = center
        self.pixelToGrid = pixelToGrid
        self.tilt = tilt
    }

    /// An upright view: image x along the grid's x, image up along the grid's y, then turned counter-clockwise.
    public init(
        width: Int, height: Int, center: Point<Frame.Grid>, pixelSize: PixelSize, rotation: Degrees = .zero,
        tilt: Degrees = .zero
    ) {
        let step = pixelSize.value / 1000
        let upright = LinearMap<Frame.MapPixels, Frame.Grid>(xpx: step, xpy: 0, ypx: 0, ypy: -step)
        self.init(
            width: width, height: height, center: center,
            pixelToGrid: upright.then(LinearMap<Frame.Grid, Frame.Grid>.rotation(rotation)), tilt: tilt)
    }

    /// Micrometres that a pixel covers on the untilted specimen.
    public var pixelSide: Double { pixelToGrid.determinant.magnitude.squareRoot() }

    /// From positions on the image (corner of the first pixel at 0, 0) to the grid. Tilt shortens what is seen across
    /// the axis, so one pixel covers more of the specimen there.
    public var imageToGrid: AffineMap<Frame.MapPixels, Frame.Grid> {
        let stretch = 1 / Swift.max(0.05, cosine(tilt))
        let linear = LinearMap<Frame.MapPixels, Frame.Grid>(
            xpx: pixelToGrid.xpx, xpy: pixelToGrid.xpy, ypx: pixelToGrid.ypx * stretch,
            ypy: pixelToGrid.ypy * stretch)
        return AffineMap(
            linear: linear, sending: Point(x: Double(width) / 2, y: Double(height) / 2), to: center)
    }

    /// The axis-parallel box on the image about a box on the grid, or nil where the map cannot be turned round.
    public func imageBox(of box: Rectangle<Frame.Grid>) -> Rectangle<Frame.MapPixels>? {
        imageBox(of: [
            Point(x: box.minX, y: box.minY), Point(x: box.maxX, y: box.minY), Point(x: box.minX, y: box.maxY),
            Point(x: box.maxX, y: box.maxY),
        ])
    }

    /// The axis-parallel box on the image about the band of a lamella.
    public func imageBox(of lamella: Lamella) -> Rectangle<Frame.MapPixels>? {
        let frame = LocalFrame(center: lamella.center, angle: lamella.angle)
        let u = lamella.width / 2
        let v = lamella.height / 2
        return imageBox(of: [frame.grid(u: -u, v: -v), frame.grid(u: u, v: -v), frame.grid(u: -u, v: v), frame.grid(u: u, v: v)])
    }

    func imageBox(of corners: [Point<Frame.Grid>]) -> Rectangle<Frame.MapPixels>? {
        guard let back = imageToGrid.inverse else { return nil }
        let places = corners.map { back($0) }
        let xs = places.map(\.x)
        let ys = places.map(\.y)
        guard let minX = xs.min(), let maxX = xs.max(), let minY = ys.min(), let maxY = ys.max() else { return nil }
        return Rectangle(minX: minX, minY: minY, maxX: maxX, maxY: maxY)
    }
}

/// Coordinates of a body: u along its width, v along its height, from its centre, in micrometres.
struct LocalFrame {
    let center: Point<Frame.Grid>
    /// Direction of u, in degrees counter-clockwise from the grid's x.
    let angle: Double
    let cos: Double
    let sin: Double

    init(center: Point<Frame.Grid>, angle: Double) {
        self.center = center
        self.angle = angle
        cos = cosine(Degrees(angle))
        sin = sine(Degrees(angle))
    }

    func grid(u: Double, v: Double) -> Point<Frame.Grid> {
        Point(x: center.x + cos * u - sin * v, y: center.y + sin * u + cos * v)
    }
}
