import Geometry
public import Microscope
import Navigator
import SerialEMClient
import Units

/// Montages, each made a map when it is taken.
extension SerialEMMicroscope {
    /// The limit of the stage in SerialEM as it comes, within which it lays out a montage of the whole grid by itself.
    private static var usualStageLimit: Double { 990 }

    public func mapWholeGrid(_ request: MontageRequest) async throws {
        let c = connection
        let file = folder + "/" + request.file
        if let limit = request.stageLimit, limit.value < Self.usualStageLimit {
            let reach = try await reachOfGridMap(within: limit)
            try await Self.wording { try await c.setGridMapLimits(reach) }
        }
        try await confirm("The montage \(request.file)") {
            try await c.setupFullMontage(overlap: request.overlap, file: file)
        } reads: {
            try await self.isCurrent(file)
        }
        try await finishMap(request, set: "R")
    }

    public func mapPolygon(label: String, _ request: MontageRequest) async throws {
        let c = connection
        let file = folder + "/" + request.file
        try await goTo(.view)
        try await requireWithinLimit(label: label, request)
        let polygon = try await Self.wording {
            guard let item = try await c.navIndexWithLabel(label) else {
                throw MicroscopeError(.missing, "The navigator has no item '\(label)' to map.")
            }
            try await c.paramSetToUseForMontage(2)
            try await c.setMontPanelParams(sloppy: 1, alignPieces: 1, overviewBinning: 1, multiplePeaks: 1)
            return item
        }
        try await confirm("The montage \(request.file)") {
            try await c.setupPolygonMontage(item: polygon, overlap: request.overlap, file: file)
        } reads: {
            try await self.isCurrent(file)
        }
        // By the stage, whatever was used last: its limit is what the pieces were held against.
        try await Self.wording { try await c.setMontageParams(stageMove: 1) }
        try await finishMap(request, set: "V")
    }

    /// Takes the montage that is set up, makes it a map and closes its file.
    ///
    /// - Parameter set: the parameter set that its pieces are taken with.
    private func finishMap(_ request: MontageRequest, set: String) async throws {
        let c = connection
        let pieces = try await Self.wording { try await c.reportNumMontagePieces() }
        guard pieces > 0 else {
            throw MicroscopeError(.refused, "SerialEM set up a montage without pieces for \(request.file).")
        }
        try await requireSpace(for: request, pieces: pieces, set: set)
        try await exposed { try await c.montage() }
        try await makeMap(request)
    }

    /// The half side of the square to cover so that no piece has its middle beyond a limit: the pieces are laid out along the
    /// camera's axes, and the corners of their rectangle reach farther than the square, which lies along those of the stage.
    private func reachOfGridMap(within limit: Micrometers) async throws -> Micrometers {
        let toStage = try await cameraToStage()
        let corners = [(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)].map { Point<Frame.Stage>(x: limit.value * $0.0, y: limit.value * $0.1) }
        let farthest = Polygon(corners).extent(along: toStage)?.reduce(0) { max($0, $1.x.magnitude, $1.y.magnitude) } ?? limit.value
        return farthest > limit.value ? limit * (limit.value / farthest) : limit
    }

    private func cameraToStage() async throws -> LinearMap<Frame.Camera, Frame.Stage> {
        let c = connection
        let (camera, stage) = try await Self.wording { (try await c.cameraToSpecimenMatrix(), try await c.stageToSpecimenMatrix()) }
        let toSpecimen: LinearMap<Frame.Camera, Frame.Specimen> = try calibrated(camera, "camera to specimen")
        let stageToSpecimen: LinearMap<Frame.Stage, Frame.Specimen> = try calibrated(stage, "stage to specimen")
        guard let back = stageToSpecimen.inverse else {
            throw MicroscopeError(.missing, "SerialEM's calibration from stage to specimen cannot be inverted; calibrate it first.")
        }
        return toSpecimen.then(back)
    }

    /// Looks whether the middles of all pieces of a polygon's montage are places where the stage may go. SerialEM lays the pieces
    /// out along the camera's axes over the polygon, and none has its middle outside of the polygon's extent along these.
    private func requireWithinLimit(label: String, _ request: MontageRequest) async throws {
        guard let limit = request.stageLimit else { return }
        guard let item = try await navigator().items.first(where: { $0.label == label && $0.kind == .polygon }) else { return }
        guard let extent = item.polygon.extent(along: try await cameraToStage()) else { return }
        guard let beyond = extent.first(where: { !($0.x.magnitude <= limit.value && $0.y.magnitude <= limit.value) }) else { return }
        throw MicroscopeError(
            .refused, "\(request.file) was not taken: its pieces reach to \(short(beyond.x)), \(short(beyond.y)) µm, beyond stage_limit (\(short(limit.value)) µm).")
    }
}

extension Polygon {
    /// The corners of the smallest rectangle around the polygon that lies along the axes of another frame; nil without vertices, or
    /// where the map to this frame has no inverse.
    func extent<Other>(along map: LinearMap<Other, F>) -> [Point<F>]? {
        guard let inverse = map.inverse, let first = vertices.first else { return nil }
        let turned = vertices.map { inverse($0 - first) }
        guard let left = turned.map(\.dx).min(), let right = turned.map(\.dx).max(), let low = turned.map(\.dy).min(),
            let high = turned.map(\.dy).max()
        else { return nil }
        return [(left, low), (right, low), (right, high), (left, high)].map { first + map(Vector(dx: $0.0, dy: $0.1)) }
    }
}
