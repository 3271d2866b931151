import Geometry
import ImageFiles
import Raster
import Units

/// The detector learned on whole-grid maps, where the contrast is that of the whole grid. An image of one lamella is
/// brought to the grey levels that the same place has on the grid map, so that the detector sees what it knows.
extension GridSession {
    /// The limits that give an image the grey levels of the grid map around a lamella.
    func contrast(
        matching image: Raster<Float>, of lamella: FoundLamella, width: Micrometers, height: Micrometers,
        where counts: (Float) -> Bool = { _ in true }
    ) throws -> (black: Float, white: Float) {
        let (picture, map) = try wholeGridMap()
        let fractions = [0.02, 0.98]
        let w = max(8, Int((width.inNanometers / picture.pixelSize).value))
        let h = max(8, Int((height.inNanometers / picture.pixelSize).value))
        let center = lamella.box.center
        let field = map.cropped(x: Int(center.x) - w / 2, y: Int(center.y) - h / 2, width: w, height: h, fill: 0)
        let grey = field.percentiles(fractions) { $0 != 0 }
        let values = image.percentiles(fractions, where: counts)
        guard values.count == 2, values[1] > values[0] else {
            throw WorkflowError.badImage("An image of lamella \(lamella.number) has no contrast; was the beam on and were the valves open?")
        }
        guard grey.count == 2, grey[1] > grey[0] else { return (values[0], values[1]) }
        let slope = (values[1] - values[0]) / (grey[1] - grey[0])
        let black = values[0] - grey[0] * slope
        return (black, black + 255 * slope)
    }

    /// Where a lamella of the grid map lies in an image: its stage position there, found by correlation with the grid map.
    ///
    /// - Parameter expected: the shift of stage positions against the grid map, as far as it is known.
    /// - Returns: nil where the image does not show what the grid map shows.
    func locate(
        _ lamella: FoundLamella, in image: Raster<Float>, pixelToStage: AffineMap<Frame.MapPixels, Frame.Stage>,
        expected: Vector<Frame.Stage>, within distance: Micrometers, where counts: (Float) -> Bool = { _ in true }
    ) throws -> (stage: Point<Frame.Stage>, correlation: Double)? {
        let (picture, map) = try wholeGridMap()
        let registration = Registration(reference: map, pixelToStage: picture.pixelToStage)
        let result = registration?.shift(
            of: image, pixelToStage: pixelToStage, expected: expected, within: distance, where: counts)
        guard let result, result.correlation > 0.5 else { return nil }
        return (lamella.stage + result.shift, result.correlation)
    }

    /// The grid map, read once.
    func wholeGridMap() throws -> (picture: MapPicture, image: Raster<UInt8>) {
        guard let picture = wholeGridPicture else {
            throw WorkflowError.badImage("There is no map of grid \(folder.grid) to compare with.")
        }
        if let image = wholeGridImage { return (picture, image) }
        let image: Raster<UInt8> = try PNGFile.readGrey(picture.png)
        wholeGridImage = image
        return (picture, image)
    }
}
