internal import Geometry
internal import ImageFiles
internal import Units

/// How a montage is laid out: pieces along the axes of the camera, about a stage position.
struct MontageSetup: Sendable {
    let set: ParameterSet
    let magnification: Magnification
    var center: Point<Frame.Stage>
    /// Extent along the camera axes, in unbinned pixels, that has to be covered.
    let extent: (width: Double, height: Double)
    var frame: (width: Int, height: Int)
    var overlap: (x: Int, y: Int)
    var binning: Double
    /// The Navigator item of a polygon montage, by its ID.
    let polygonID: Int?
    var columns = 1
    var rows = 1
    /// Columns and rows that the user gave; such a montage is taken about where the stage stands.
    let fixedSize: (columns: Int, rows: Int)?
    /// Pieces outside of it are not taken.
    var outline: Polygon<Frame.Stage>?

    var count: Int { columns * rows }
    var fullWidth: Int { columns * frame.width - (columns - 1) * overlap.x }
    var fullHeight: Int { rows * frame.height - (rows - 1) * overlap.y }

    init(
        set: ParameterSet, magnification: Magnification, center: Point<Frame.Stage>, extent: (width: Double, height: Double),
        overlap fraction: Double, binning: Double, polygonID: Int? = nil, fixedSize: (columns: Int, rows: Int)? = nil
    ) {
        self.set = set
        self.magnification = magnification
        self.center = center
        self.extent = extent
        self.binning = binning
        self.polygonID = polygonID
        self.fixedSize = fixedSize
        frame = (Int(clamped: Double(VirtualMicroscope.chip.width) / binning), Int(clamped: Double(VirtualMicroscope.chip.height) / binning))
        overlap = (Int(clamped: Double(frame.width) * fraction), Int(clamped: Double(frame.height) * fraction))
        cover()
    }

    /// As many pieces as the extent needs; of an endless one, more than anybody takes.
    mutating func cover() {
        if let fixedSize {
            (columns, rows) = fixedSize
            return
        }
        func needed(_ length: Double, _ side: Int, _ overlap: Int) -> Int {
            let step = Double(max(1, side - overlap)) * binning
            return max(1, min(1_000_000, Int(clamped: ((length - Double(overlap) * binning) / step).rounded(.up))))
        }
        columns = needed(extent.width, frame.width, overlap.x)
        rows = needed(extent.height, frame.height, overlap.y)
    }

    /// Lower left corner of a piece in the montage, y up; pieces run along y first, as SerialEM numbers them.
    func nominal(_ number: Int) -> PieceCoordinates {
        PieceCoordinates(x: number / rows * (frame.width - overlap.x), y: number % rows * (frame.height - overlap.y))
    }

    /// Where the stage goes for a piece.
    func stagePosition(_ number: Int) -> Point<Frame.Stage> {
        let corner = nominal(number)
        let camera = Vector<Frame.Camera>(
            dx: (Double(corner.x) + Double(frame.width) / 2 - Double(fullWidth) / 2) * binning,
            dy: (Double(corner.y) + Double(frame.height) / 2 - Double(fullHeight) / 2) * binning)
        return center + magnification.cameraToSpecimen.then(Magnifications.specimenToStage)(camera)
    }

    /// Whether a piece is taken: within the limits of the stage, and not wholly outside of the outline.
    func isTaken(_ number: Int) -> Bool {
        let middle = stagePosition(number)
        guard Stage.admits(x: middle.x, y: middle.y) else { return false }
        guard let outline else { return true }
        let half = Vector<Frame.Camera>(dx: Double(frame.width) / 2 * binning, dy: Double(frame.height) / 2 * binning)
        let toStage = magnification.cameraToSpecimen.then(Magnifications.specimenToStage)
        let corners = [(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)].map {
            middle + toStage(Vector(dx: half.dx * $0.0, dy: half.dy * $0.1))
        }
        if outline.contains(middle) || corners.contains(where: outline.contains) { return true }
        let piece = Polygon(corners)
        return outline.vertices.contains(where: piece.contains)
    }
    var takenPieces: [Int] { (0 ..< count).filter(isTaken) }
}
