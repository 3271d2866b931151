import Geometry
public import InferenceWire
public import Raster
public import Units

/// Finds lamellae on a whole-grid map, or on any map that shows whole lamellae.
public struct LamellaDetector: Sendable {
    /// Neighbouring tiles share at least this much: 40 um at 400 nm per pixel, more than the largest lamella.
    public static let tileOverlap = 100
    /// The grey that the networks were trained to see outside an image.
    static let padding: UInt8 = 114
    /// A whole grid (3 mm) at 50 nm per pixel; a larger map means a wrong pixel size.
    static let largestSide = 60_000
    /// 22 000 x 22 000: as numbers on their way to grey levels they take 2 GB.
    static let mostPixels = 5e8

    /// How a map is searched.
    public enum Mode: Sendable, Hashable {
        /// Tiles of full size that overlap by more than a lamella, one box for each lamella.
        case standard
        /// As SPACEtomo does it, for comparisons.
        case reference
        /// The same with the boxes of all tiles as the network's own program gives them.
        case unmergedReference
    }

    public let description: ModelDescription
    /// Boxes with a lower score are left out, 0 ... 1.
    public let confidence: Double
    /// How a map is searched.
    public let mode: Mode
    private let modelPath: String
    private let predictor: any Predicting

    /// - Parameter modelPath: absolute path of the TorchScript file.
    public init(
        description: ModelDescription, modelPath: String, predictor: any Predicting, confidence: Double = 0.25, mode: Mode = .standard
    ) throws(DetectionError) {
        guard description.kind == .detector else { throw .unsuitableModel("it is a \(description.kind.rawValue)") }
        guard description.problems.isEmpty else {
            throw .unsuitableModel(description.problems.joined(separator: "; "))
        }
        guard (0 ... 1).contains(confidence) else { throw .confidenceOutOfRange(confidence) }
        self.description = description
        self.modelPath = modelPath
        self.predictor = predictor
        self.confidence = confidence
        self.mode = mode
    }

    /// A detector from a model folder that was opened and checked.
    public init(folder: ModelFolder, predictor: any Predicting, confidence: Double = 0.25, mode: Mode = .standard) throws(DetectionError) {
        try self.init(
            description: folder.description, modelPath: folder.networkPaths[0], predictor: predictor, confidence: confidence, mode: mode)
    }

    /// The lamellae on a map, best first.
    ///
    /// A map at another pixel size than the network's is resampled once; the boxes are in pixels of the map given.
    /// - Parameter progress: told the finished part, 0 ... 1, after some tiles.
    public func detect(
        in map: Raster<UInt8>, pixelSize: PixelSize, progress: @Sendable (Double) async -> Void = { _ in }
    ) async throws -> [DetectedLamella] {
        guard map.width > 0, map.height > 0 else { throw DetectionError.emptyMap }
        let side = description.networkSide ?? description.sideLength ?? 0
        // A network that was trained on reduced images sees lamellae reduced.
        let scale = pixelSize / description.pixelSize * Double(side) / Double(description.sideLength ?? side)
        guard scale.isFinite, scale > 0 else { throw DetectionError.pixelSizeUnknown }
        if mode != .standard {
            let reference = ReferenceDetection(
                description: description, modelPath: modelPath, predictor: predictor, confidence: confidence, merges: mode == .reference)
            return try await reference.detect(in: map, pixelSize: pixelSize, progress: progress).map(lamella)
        }
        var image = map
        // Less than a thousandth is below a pixel on any map.
        if abs(scale - 1) > 0.001 {
            let (columns, rows) = (Double(map.width) * scale, Double(map.height) * scale)
            guard max(columns, rows) <= Double(Self.largestSide), columns * rows <= Self.mostPixels else {
                throw DetectionError.mapTooLarge(width: Int(min(columns, 1e9)), height: Int(min(rows, 1e9)))
            }
            image = map.resized(width: max(1, Int(columns.rounded())), height: max(1, Int(rows.rounded())))
                .byteScaled(black: 0, white: 255)
        }
        let tiling = Tiling(
            mapWidth: image.width, mapHeight: image.height, side: side, overlap: Self.tileOverlap,
            acceptsAnySize: description.acceptsAnySize)
        let candidates = try await candidates(on: image, tiling: tiling, progress: progress)
        let backX = Double(map.width) / Double(image.width)
        let backY = Double(map.height) / Double(image.height)
        return Suppression.merge(candidates).map { found in
            var scaled = found
            scaled.box = Rectangle(
                minX: found.box.minX * backX, minY: found.box.minY * backY,
                maxX: found.box.maxX * backX, maxY: found.box.maxY * backY)
            return lamella(scaled)
        }
    }

    /// What the network finds in all tiles, in their order. While it looks at some the next are made ready.
    private func candidates(
        on image: Raster<UInt8>, tiling: Tiling, progress: @Sendable (Double) async -> Void
    ) async throws -> [Candidate] {
        let origins = tiling.origins
        let starts = Array(stride(from: 0, to: origins.count, by: imagesAtOnce))
        var found = [[Candidate]](repeating: [], count: starts.count)
        try await withThrowingTaskGroup(of: (Int, [Candidate]).self) { group in
            func look(at number: Int) {
                let together = origins[starts[number] ..< min(starts[number] + imagesAtOnce, origins.count)]
                group.addTask {
                    let outputs = try await predictor.predict(
                        model: modelPath, greyImages: together.map { try tile(of: image, at: $0, tiling: tiling) }, channels: description.channels)
                    return (
                        number,
                        try zip(outputs, together).flatMap { output, origin in
                            try Candidate.decode(
                                output, classes: description.classes.count, confidence: confidence, origin: origin, tiling: tiling,
                                mapWidth: image.width, mapHeight: image.height)
                        }
                    )
                }
            }
            var begun = min(2, starts.count)
            for number in 0 ..< begun { look(at: number) }
            var done = 0
            while let (number, candidates) = try await group.next() {
                try Task.checkCancellation()
                found[number] = candidates
                if begun < starts.count {
                    look(at: begun)
                    begun += 1
                }
                done += 1
                await progress(Double(done) / Double(starts.count))
            }
        }
        return found.flatMap { $0 }
    }

    private func lamella(_ found: Candidate) -> DetectedLamella {
        DetectedLamella(box: found.box, classIndex: found.classIndex, className: description.classes[found.classIndex], score: found.score)
    }

    private func tile(of image: Raster<UInt8>, at origin: Tiling.Origin, tiling: Tiling) throws -> GreyImage {
        let tile = image.cropped(
            x: origin.x, y: origin.y, width: tiling.width, height: tiling.height, fill: Self.padding)
        return try GreyImage(width: tile.width, height: tile.height, pixels: tile.pixels)
    }
}
