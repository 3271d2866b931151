package import Geometry
package import Raster

/// How well the images of a place can be aligned to one another: what there is to see in every direction.
///
/// The smaller eigenvalue of the structure tensor (the mean of the gradient's products) of the camera's field (Shi and
/// Tomasi 1994): 0 for an even place and for straight stripes, along which images slide. Gradients are those between
/// means of small squares, in which the noise of single pixels is gone.
package struct TrackingContrast {
    private let image: Raster<UInt8>
    private let columns: Int
    private let rows: Int
    /// The longer side of the field in squares: about the detail by which a tilt series is aligned.
    private static let squares = 48

    /// - Parameters:
    ///   - columns: the camera's field in pixels.
    ///   - rows: the same.
    package init(image: Raster<UInt8>, columns: Int, rows: Int) {
        self.image = image
        self.columns = columns
        self.rows = rows
    }

    /// What each position lacks to the best of them: 0 to 1, nothing where none has any contrast.
    func lack(at positions: [Point<Frame.MapPixels>]) -> [Double] {
        let strengths = positions.map(strength)
        guard let best = strengths.max(), best > 0 else { return positions.map { _ in 0 } }
        return strengths.map { 1 - $0 / best }
    }

    /// In grey levels squared.
    package func strength(at position: Point<Frame.MapPixels>) -> Double {
        let means = means(about: position)
        guard means.width > 2, means.height > 2 else { return 0 }
        var (xx, xy, yy) = (0.0, 0.0, 0.0)
        for y in 1 ..< means.height - 1 {
            for x in 1 ..< means.width - 1 {
                let dx = (means[x + 1, y] - means[x - 1, y]) / 2
                let dy = (means[x, y + 1] - means[x, y - 1]) / 2
                xx += dx * dx
                xy += dx * dy
                yy += dy * dy
            }
        }
        let half = (xx + yy) / 2
        let root = max(0, half * half - xx * yy + xy * xy).squareRoot()
        return max(0, half - root) / Double((means.width - 2) * (means.height - 2))
    }

    /// The part of the field that lies on the image, in squares.
    private func means(about position: Point<Frame.MapPixels>) -> Raster<Double> {
        let side = max(1, max(columns, rows) / Self.squares)
        let left = max(0, Int((position.x - Double(columns) / 2).rounded()))
        let top = max(0, Int((position.y - Double(rows) / 2).rounded()))
        let width = max(0, min(columns, image.width - left) / side)
        let height = max(0, min(rows, image.height - top) / side)
        var means = Raster<Double>(width: width, height: height, filledWith: 0)
        for y in 0 ..< height {
            for x in 0 ..< width {
                var sum = 0
                for row in 0 ..< side {
                    for column in 0 ..< side { sum += Int(image[left + x * side + column, top + y * side + row]) }
                }
                means[x, y] = Double(sum) / Double(side * side)
            }
        }
        return means
    }
}
