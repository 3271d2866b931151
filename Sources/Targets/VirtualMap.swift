public import Geometry
public import Raster
public import Units

/// The part of a montage that stands for a View image of one target: `<area>_tgt_<nnn>_view.mrc`.
///
/// As many montage pixels as the camera has, centred on the target; the file's voxel size is the montage's pixel size.
public struct VirtualMap: Hashable, Sendable {
    /// First column and row on the montage; negative where the crop begins outside.
    public let x: Int
    public let y: Int
    public let width: Int
    public let height: Int

    /// - Parameters:
    ///   - centre: on the map on which targets were chosen, which may have been rescaled from the montage.
    ///   - cameraWidth: the camera's unbinned pixels.
    public init(
        centre: Point<Frame.MapPixels>, mapPixelSize: PixelSize, montagePixelSize: PixelSize, cameraWidth: Int,
        cameraHeight: Int
    ) {
        let scale = mapPixelSize / montagePixelSize
        // A position far outside of any montage would not fit into an Int.
        func first(_ centre: Double, _ side: Int) -> Int {
            let value = (centre * scale - Double(side) / 2).rounded()
            return abs(value) < 1e9 ? Int(value) : Int(1e9)
        }
        x = first(centre.x, cameraWidth)
        y = first(centre.y, cameraHeight)
        width = cameraWidth
        height = cameraHeight
    }

    /// The crop; what lies outside the montage has the mean of what lies inside.
    public func cut<Pixel: NumericPixel & BinaryInteger>(from montage: Raster<Pixel>) -> Raster<Pixel> {
        let mean = mean(of: montage)
        return montage.cropped(x: x, y: y, width: width, height: height, fill: Pixel(clamping: Int(mean.rounded())))
    }

    private func mean<Pixel: NumericPixel>(of montage: Raster<Pixel>) -> Double {
        let columns = max(0, min(x, montage.width)) ..< max(0, min(montage.width, x + width))
        let rows = max(0, min(y, montage.height)) ..< max(0, min(montage.height, y + height))
        guard !columns.isEmpty, !rows.isEmpty else { return 0 }
        var sum = 0.0
        for row in rows {
            for column in columns { sum += Double(montage[column, row].asFloat) }
        }
        return sum / Double(columns.count * rows.count)
    }
}
