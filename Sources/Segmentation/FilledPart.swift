import Raster

/// The smallest rectangle that holds all pixels other than 0: nnU-Net crops to it before it measures grey values.
struct FilledPart: Sendable, Hashable {
    let x: Int
    let y: Int
    let width: Int
    let height: Int

    /// nil for an image that is all 0.
    init?(of image: Raster<UInt8>) {
        var (minX, minY, maxX, maxY) = (Int.max, Int.max, -1, -1)
        for row in 0 ..< image.height {
            for column in 0 ..< image.width where image[column, row] != 0 {
                minX = min(minX, column)
                maxX = max(maxX, column)
                minY = min(minY, row)
                maxY = max(maxY, row)
            }
        }
        guard maxX >= 0 else { return nil }
        (x, y, width, height) = (minX, minY, maxX - minX + 1, maxY - minY + 1)
    }
}
