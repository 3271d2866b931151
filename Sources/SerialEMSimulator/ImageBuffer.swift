internal import Geometry
internal import Raster
internal import Units

/// What was true when an image was taken.
struct ImageConditions: Sendable {
    /// Nanometres per pixel of this image.
    var pixelSize: PixelSize
    var binning: Double
    var exposure: Seconds
    /// SerialEM's set number; -1 where nothing tells.
    var parameterSet: Int
    /// Whether the image was read from a file.
    var isReadIn = false
    var magnification: Magnification
    /// What the stage read, and the shift in the image shift units, when the image was taken.
    var stage: Point<Frame.Stage>
    var height: Micrometers
    var tilt: Degrees
    var imageShift: Vector<Frame.ImageShift>
    var defocus: Micrometers
    var dose: Dose
    /// What Records had given the area before, where a script sums that up.
    var priorRecordDose: Dose?
    var lowDose: Bool
    var area: LowDoseArea?
    var date: CivilTime
    /// How the grid has been turned by loading it again since the image was taken.
    var turnedSince = LinearMap<Frame.Stage, Frame.Stage>.rotation(.zero)
    /// The stage coordinate that SerialEM believes to be in the image centre.
    var center: Point<Frame.Stage> {
        stage + Magnifications.specimenToStage(Magnifications.imageShiftToSpecimen(imageShift))
    }
    /// Displacement in pixels of the image (y down) to displacement in stage coordinates.
    var imageToStage: LinearMap<Frame.MapPixels, Frame.Stage> {
        LinearMap<Frame.MapPixels, Frame.Camera>(xpx: binning, xpy: 0, ypx: 0, ypy: -binning)
            .then(magnification.cameraToSpecimen).then(Magnifications.specimenToStage).then(turnedSince)
    }
    /// The same image, of a grid that lies differently now.
    func moved(by map: AffineMap<Frame.Stage, Frame.Stage>) -> ImageConditions {
        var moved = self
        let shift = center - stage
        // Image shift counts from the new place in the old direction.
        moved.stage = map(stage + shift) - shift
        moved.turnedSince = turnedSince.then(map.linear)
        return moved
    }
}

/// Where one piece of a montage lies in the assembled image (pixels of that image, y down).
struct AssembledPiece: Sendable, Hashable {
    var number: Int
    var x: Int
    var y: Int
    var stage: Point<Frame.Stage>
}

/// One image buffer.
struct ImageBuffer: Sendable {
    var image: Raster<UInt16> { didSet { sent = nil } }
    var conditions: ImageConditions
    /// The pieces of a montage overview; the stage coordinate of a point follows from the piece that shows it.
    var pieces: [AssembledPiece] = []
    var pieceWidth = 0
    var pieceHeight = 0
    /// The file and section that the image came from or was saved to.
    var file: String?
    var section = -1
    /// Result of the last alignment, in unbinned camera pixels: what has to be added to this image to match.
    var alignShift: Vector<Frame.Camera>?
    /// The pixels as a client sent them, until the image is changed; they leave with the type that they came in.
    var sent: SentPixels?
    /// The identifier of the map that the image was loaded from or made.
    var mapID: Int?
    /// Where somebody clicked, in pixels of the image, y down.
    var marker: Point<Frame.MapPixels>?
    /// The file that the frames of the exposure were saved to, and how many they are.
    var frames: (path: String, count: Int)?

    var middle: Point<Frame.MapPixels> { Point(x: Double(image.width) / 2, y: Double(image.height) / 2) }

    func stagePosition(_ p: Point<Frame.MapPixels>) -> (position: Point<Frame.Stage>, piece: AssembledPiece?) {
        guard let piece = nearestPiece(p) else { return (conditions.center + conditions.imageToStage(p - middle), nil) }
        let centre = Point<Frame.MapPixels>(x: Double(piece.x) + Double(pieceWidth) / 2, y: Double(piece.y) + Double(pieceHeight) / 2)
        return (piece.stage + conditions.imageToStage(p - centre), piece)
    }

    func imagePosition(_ s: Point<Frame.Stage>) -> Point<Frame.MapPixels>? {
        guard let back = conditions.imageToStage.inverse else { return nil }
        guard !pieces.isEmpty else { return middle + back(s - conditions.center) }
        var best: (distance: Double, point: Point<Frame.MapPixels>)?
        for piece in pieces {
            let inPiece = back(s - piece.stage)
            let distance = max(inPiece.dx.magnitude / Double(pieceWidth), inPiece.dy.magnitude / Double(pieceHeight))
            let point = Point<Frame.MapPixels>(
                x: Double(piece.x) + Double(pieceWidth) / 2 + inPiece.dx, y: Double(piece.y) + Double(pieceHeight) / 2 + inPiece.dy)
            if best == nil || distance < best?.distance ?? 0 { best = (distance, point) }
        }
        return best?.point
    }

    private func nearestPiece(_ p: Point<Frame.MapPixels>) -> AssembledPiece? {
        pieces.min { reach($0, p) < reach($1, p) }
    }
    private func reach(_ piece: AssembledPiece, _ p: Point<Frame.MapPixels>) -> Double {
        let dx = (p.x - Double(piece.x) - Double(pieceWidth) / 2) / Double(max(1, pieceWidth))
        let dy = (p.y - Double(piece.y) - Double(pieceHeight) / 2) / Double(max(1, pieceHeight))
        return max(dx.magnitude, dy.magnitude)
    }
}
