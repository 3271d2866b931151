internal import Geometry
internal import ImageFiles
internal import Navigator
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let reloadedGridCommands: [String: CommandHandler] = [
        "RealignReloadedGrid": { try await $0.realignReloadedGrid($1) }
    ]
}

/// One way to lay the grid as it was onto the grid as it is.
struct ReloadTransform: Sendable {
    var turn: Degrees
    /// A place before, and where it is now.
    var from: Point<Frame.Stage>
    var to: Point<Frame.Stage>

    var matrix: LinearMap<Frame.Stage, Frame.Stage> { .rotation(turn) }
    var map: AffineMap<Frame.Stage, Frame.Stage> { AffineMap(linear: matrix, sending: from, to: to) }

    /// The rigid movement that fits pairs of places best (least squares); the mean of what it leaves, in micrometres.
    static func fitting(_ pairs: [(from: Point<Frame.Stage>, to: Point<Frame.Stage>)]) -> (transform: ReloadTransform, residual: Double)? {
        RigidFit(pairs).map { (ReloadTransform(turn: $0.rotation, from: $0.from, to: $0.to), $0.residual) }
    }
}

extension VirtualMicroscope {
    /// Farthest that the middle of a grid may have moved, in micrometres.
    private static let largestShift = 120.0
    /// How far another piece may be from where the middle piece says.
    private static let largestRest = 30.0
    private static let usualRotation = 15.0

    /// Finds how a grid lies after it was loaded again: images at five pieces of its montage are looked for in the map. Items
    /// of the map's registration are moved along into a new one, unless argument 5 is 0, or 2 and SerialEM's limits are passed. Argument 3 sets the height of the map.
    func realignReloadedGrid(_ a: CommandArguments) async throws -> [ReportedValue] {
        let place = try place(ofItem: a.integer(1))
        let expected = Degrees(try a.number(2))
        let widest = a.integer(4) > 0 ? Double(a.integer(4)) : Self.usualRotation
        guard expected.magnitude <= Degrees(360), widest <= 90 else { throw CommandFailure("A rotation that large cannot be found.") }
        let item = items[place]
        guard item.kind == .map, item["MapMontage"] == "1", let path = item.mapFile else {
            throw CommandFailure("The item to realign to must be a montage map.")
        }
        guard grid != nil else { throw CommandFailure("There is no grid on the stage to realign.") }
        _ = try await loadMap(place + 1, buffer: nil)
        guard let map = buffers[readBuffer] else { throw CommandFailure("The map of item \(place + 1) is not there.") }
        let pieces = chosenPieces(map)
        guard pieces.count >= 2 else { throw CommandFailure("Only one piece could be found for realigning to in \(path).") }
        column.imageShift = .zero
        _ = try await setValve(1)

        let before = (column.magnification, column.lowDoseIsOn, column.slitIsIn, column.screenIsDown)
        let lowDoseSet = item["MapLDConSet"].flatMap { Int($0) } ?? -1
        _ = await setLowDoseMode(lowDoseSet >= 0)
        column.screenIsDown = false
        if lowDoseSet < 0 { column.magnification = map.conditions.magnification.index }
        let result: (transform: ReloadTransform, residual: Double)
        do {
            result = try await foundReload(
                map, pieces, set: LowDoseArea(rawValue: lowDoseSet) == .view ? .view : .record, expected: expected, widest: widest,
                height: a.integer(3) != 0 ? item.z : nil)
        } catch {
            await restoreAfterReload(before)
            throw error
        }
        await restoreAfterReload(before)
        log.append(
            "Reloaded grid: rotation \(fixed(result.transform.turn.value, 2)) degrees, shift at the map's centre "
                + "\(fixed((result.transform.map(item.stage) - item.stage).length, 1)) um, mean residual \(fixed(result.residual, 2)) um")
        let choice = a.integer(5, default: 1)
        if choice > 1, Self.isBeyondLimits(result) {
            log.append("The grid has moved, turned or bent too far; points were not transformed")
        } else if choice > 0 {
            move(itemsOf: item, by: result.transform)
        }
        return []
    }

    /// Argument 5 of 2 keeps SerialEM's limits (CMultiGridTasks: 70 um, 17 degrees, mean residual 7.5 um).
    private static func isBeyondLimits(_ found: (transform: ReloadTransform, residual: Double)) -> Bool {
        found.transform.map.offset.length > 70 || found.transform.turn.magnitude > Degrees(17) || found.residual > 7.5
    }

    private func restoreAfterReload(_ before: (magnification: Int, lowDose: Bool, slit: Bool, screen: Bool)) async {
        _ = await setLowDoseMode(before.lowDose)
        if !before.lowDose { column.magnification = before.magnification }
        column.slitIsIn = before.slit
        column.screenIsDown = before.screen
    }

    /// The piece nearest the middle, then the ones nearest three quarters of the way to the ends along four directions.
    private func chosenPieces(_ map: ImageBuffer) -> [AssembledPiece] {
        let bright = map.pieces.filter { Stage.admits(x: 1.15 * $0.stage.x, y: 1.15 * $0.stage.y) }
        guard let first = bright.min(by: { $0.stage.distance(to: map.conditions.stage) < $1.stage.distance(to: map.conditions.stage) })
        else { return [] }
        var chosen = [first]
        for (x, y) in [(1.0, 0.0), (0, 1), (-1, 0), (0, -1)] {
            let reach = bright.map { x * ($0.stage - first.stage).dx + y * ($0.stage - first.stage).dy }.max() ?? 0
            let target = first.stage + Vector(dx: 0.75 * reach * x, dy: 0.75 * reach * y)
            let nearest = bright.min { $0.stage.distance(to: target) < $1.stage.distance(to: target) }
            if let nearest, !chosen.contains(nearest) { chosen.append(nearest) }
        }
        return chosen
    }

    private func foundReload(
        _ map: ImageBuffer, _ pieces: [AssembledPiece], set: ParameterSet, expected: Degrees, widest: Double, height: Micrometers?
    ) async throws -> (transform: ReloadTransform, residual: Double) {
        var known = ReloadTransform(turn: expected, from: .origin, to: .origin)
        var pairs: [(from: Point<Frame.Stage>, to: Point<Frame.Stage>)] = []
        for (number, piece) in pieces.enumerated() {
            let target = known.map(piece.stage)
            guard Stage.admits(x: target.x, y: target.y) else { continue }
            try await moveStage(to: target, z: number == 0 ? height : nil)
            let image = try await expose(set)
            acquired(image)
            await wait(Seconds(2))
            if number == 0 {
                guard let best = await bestTurn(image, in: map, about: piece.stage, expected: expected.value, widest: widest) else {
                    throw CommandFailure("The middle of the reloaded grid was not found in the map.")
                }
                known = ReloadTransform(turn: best.turn, from: best.place, to: image.conditions.center)
                pairs.append((best.place, image.conditions.center))
            } else if let found = located(image, in: map, about: piece.stage, turn: known.turn, reach: Self.largestRest) {
                pairs.append((found.place, image.conditions.center))
            }
        }
        guard let result = ReloadTransform.fitting(pairs) else {
            throw CommandFailure("Only \(pairs.count) piece of the reloaded grid was found in the map.")
        }
        return result
    }

    /// Steps of three degrees first, then finer ones about the best.
    private func bestTurn(
        _ image: ImageBuffer, in map: ImageBuffer, about middle: Point<Frame.Stage>, expected: Double, widest: Double
    ) async -> (turn: Degrees, place: Point<Frame.Stage>)? {
        var best: (strength: Double, turn: Double, place: Point<Frame.Stage>)?
        func look(_ turn: Double) async {
            // Each look takes a while; others shall have their turn at the microscope.
            await Task.yield()
            guard let found = located(image, in: map, about: middle, turn: Degrees(turn), reach: Self.largestShift) else { return }
            if found.strength > best?.strength ?? 0 { best = (found.strength, turn, found.place) }
        }
        let steps = Int(clamped: (widest / 3).rounded(.up))
        for step in -steps ... steps { await look(expected + max(-widest, min(widest, 3 * Double(step)))) }
        for step in [1.5, 0.75] {
            guard let middle = best?.turn else { return nil }
            await look(middle - step)
            await look(middle + step)
        }
        guard let best, best.strength > 0.3 else { return nil }
        return (Degrees(best.turn), best.place)
    }

    /// Where the middle of an image was before the grid was loaded again, if it is within reach of `middle` in the map.
    private func located(
        _ image: ImageBuffer, in map: ImageBuffer, about middle: Point<Frame.Stage>, turn: Degrees, reach: Double
    ) -> (place: Point<Frame.Stage>, strength: Double)? {
        // Four pixels of the camera at a time: bars and torn film are larger, and the search is sixteen times shorter. A small
        // field with a long reach is searched still more coarsely, so that what is searched has a thousand pixels at most.
        let field = Double(max(image.image.width, image.image.height)) * image.conditions.pixelSize.value
        let pixel = max(4 * max(map.conditions.pixelSize.value, image.conditions.pixelSize.value), (2000 * reach + field) / 1000)
        let shrink = pixel / image.conditions.pixelSize.value
        let width = max(1, Int(clamped: Double(image.image.width) / shrink))
        let height = max(1, Int(clamped: Double(image.image.height) / shrink))
        let border = 2 * Int(clamped: (reach * 1000 / pixel).rounded(.up))
        let toStage = LinearMap<Frame.MapPixels, Frame.MapPixels>(xpx: shrink, xpy: 0, ypx: 0, ypy: shrink)
            .then(image.conditions.imageToStage).then(LinearMap<Frame.Stage, Frame.Stage>.rotation(-turn))
        guard let back = map.conditions.imageToStage.inverse, let centre = map.imagePosition(middle), width > 8, height > 8
        else { return nil }
        let toMap = toStage.then(back)
        let small = image.image.resized(width: width, height: height)
        let reference = map.image.sampled(width: width + border, height: height + border, about: centre, by: toMap)
        guard let peak = Registration.shift(of: small, onto: reference, limit: reach * 1000 / pixel), peak.strength > 0.25
        else { return nil }
        let found = centre + toMap(Vector(dx: peak.dx, dy: peak.dy))
        return (map.stagePosition(found).position, peak.strength)
    }

    /// Moves the items of the map's registration into a new one. Maps remember how they were moved.
    private func move(itemsOf map: NavigatorItem, by transform: ReloadTransform) {
        let old = map.registration
        let new = (items.map(\.registration).max() ?? old) + 1
        for index in items.indices where items[index].registration == old {
            items[index].move(by: transform.map)
            items[index].noteReload(transform.map)
            items[index].registration = new
        }
    }
}
