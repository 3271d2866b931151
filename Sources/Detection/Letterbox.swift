import Geometry
import Raster

/// How Ultralytics makes an image fit for its network: scaled until it fills the square in one direction, enlarged if need be, and filled up
/// with grey in the other one to a multiple of 32 only.
struct Letterbox: Sendable, Hashable {
    let width: Int
    let height: Int
    private let scaledWidth: Int
    private let scaledHeight: Int
    private let left: Int
    private let top: Int
    private let right: Int
    private let bottom: Int

    init(width: Int, height: Int, side: Int) {
        self.width = width
        self.height = height
        let factor = min(Double(side) / Double(height), Double(side) / Double(width))
        scaledWidth = max(1, Int((Double(width) * factor).rounded(.toNearestOrEven)))
        scaledHeight = max(1, Int((Double(height) * factor).rounded(.toNearestOrEven)))
        func shares(_ length: Int) -> (Int, Int) {
            let half = Double((side - length) % 32) / 2
            return (Int((half - 0.1).rounded()), Int((half + 0.1).rounded()))
        }
        (left, right) = shares(scaledWidth)
        (top, bottom) = shares(scaledHeight)
    }

    /// The network's input, 0 to 255.
    func filled(_ image: Raster<UInt8>) -> Raster<UInt8> {
        let scaled = scaledWidth == width && scaledHeight == height ? image : ReferenceEnlargement.openCV(image, width: scaledWidth, height: scaledHeight)
        return scaled.cropped(x: -left, y: -top, width: left + scaledWidth + right, height: top + scaledHeight + bottom, fill: LamellaDetector.padding)
    }

    /// A box of the network's input in pixels of the image.
    func undone(_ box: Rectangle<Frame.MapPixels>) -> Rectangle<Frame.MapPixels> {
        let (x, y) = (Double(width) / Double(scaledWidth), Double(height) / Double(scaledHeight))
        return Rectangle(
            minX: (box.minX - Double(left)) * x, minY: (box.minY - Double(top)) * y, maxX: (box.maxX - Double(left)) * x, maxY: (box.maxY - Double(top)) * y)
    }
}

extension Rectangle {
    func moved(x: Double, y: Double) -> Self { Self(minX: minX + x, minY: minY + y, maxX: maxX + x, maxY: maxY + y) }
}
