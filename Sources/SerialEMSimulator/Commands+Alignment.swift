internal import Geometry
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let alignmentCommands: [String: CommandHandler] = [
        "AlignTo": { try await $0.alignTo($1) },
        "AlignBetweenMags": { try await $0.alignBetweenMagnifications($1) },
        "Eucentricity": { try await $0.findEucentricity($1.integer(1, default: 2)) },
    ]
}

extension VirtualMicroscope {
    func alignTo(_ a: CommandArguments) async throws -> [ReportedValue] {
        let reference = try buffer(try bufferIndex(a.text(1)))
        var image = try buffer(0)
        guard abs(reference.conditions.pixelSize.value / image.conditions.pixelSize.value - 1) < 0.02 else {
            throw CommandFailure("The images to be aligned have different pixel sizes.")
        }
        let limit = takeAlignLimit(image)
        await wait(Seconds(1))
        guard let peak = Registration.shift(of: image.image.map(Float.init), onto: reference.image.map(Float.init), limit: limit),
            peak.strength > 0.2
        else { return [.number(-1)] }
        image.alignShift = Vector(dx: peak.dx * image.conditions.binning, dy: -peak.dy * image.conditions.binning)
        buffers[0] = image
        if a.integer(2) == 0 { applyAlignment(image) }
        return [.number(0)]
    }

    /// The side of the square, in pixels, that is searched for an image of another magnification at most.
    private static let longestSearch = 6000

    /// Finds the image in A within a reference of another magnification, which is scaled and turned to match first.
    func alignBetweenMagnifications(_ a: CommandArguments) async throws -> [ReportedValue] {
        let reference = try buffer(a.text(1) == "-1" ? readBuffer : try bufferIndex(a.text(1)))
        var image = try buffer(0)
        let ground = image.conditions
        // Work at the coarser of the two pixel sizes.
        let pixel = max(ground.pixelSize.value, reference.conditions.pixelSize.value)
        let small = image.image.resized(
            width: max(1, Int(clamped: Double(image.image.width) * ground.pixelSize.value / pixel)),
            height: max(1, Int(clamped: Double(image.image.height) * ground.pixelSize.value / pixel)))
        let field = Double(min(small.width, small.height))
        let wanted = try a.number(4)
        let reach = wanted < 0 ? -wanted * field : wanted * 1000 / pixel
        let side = Int(clamped: max(64, field + 2 * reach))
        guard side <= Self.longestSearch else {
            throw CommandFailure("A search over \(side) pixels is too large; the most are \(Self.longestSearch).")
        }
        // Reference pixels by way of the specimen: calibrations of scale and rotation are taken as true.
        let middle = try a.number(2) < 0 ? reference.middle : Point(x: a.number(2), y: a.number(3))
        let step = LinearMap<Frame.MapPixels, Frame.Camera>(xpx: pixel / ground.magnification.pixelSize.value, xpy: 0, ypx: 0, ypy: -pixel / ground.magnification.pixelSize.value)
        guard
            let toReference = step.then(ground.magnification.cameraToSpecimen).then(Magnifications.specimenToStage)
                .then(reference.conditions.imageToStage.inverse ?? LinearMap(xpx: 0, xpy: 0, ypx: 0, ypy: 0)).nonZero
        else { throw CommandFailure("The reference has no calibration.") }
        let turned = reference.image.sampled(width: side, height: side, about: middle, by: toReference)
        await wait(Seconds(4))
        guard let peak = Registration.shift(of: small, onto: turned, limit: reach), peak.strength > 0.2 else {
            throw CommandFailure("No match between the magnifications was found.")
        }
        let scale = pixel / ground.pixelSize.value * ground.binning
        image.alignShift = Vector(dx: peak.dx * scale, dy: -peak.dy * scale)
        buffers[0] = image
        if a.integer(7) == 0 { applyAlignment(image) }
        return [.number(1), .number(0)]
    }

    /// Image shift that makes the next image match the reference.
    private func applyAlignment(_ image: ImageBuffer) {
        guard let shift = image.alignShift else { return }
        let back = image.conditions.magnification.cameraToSpecimen.then(Magnifications.specimenToImageShift)(-shift)
        column.imageShift = column.imageShift + back
    }

    /// Finds the eucentric height with tilted images; rough leaves half a micrometre, fine a tenth.
    func findEucentricity(_ mode: Int) async throws -> [ReportedValue] {
        guard grid != nil else { throw CommandFailure("Eucentricity was not found: there is nothing to see.") }
        let fine = mode == 2 || mode == 3 || mode == 6 || mode == -1
        for _ in 0 ..< (fine ? 6 : 3) {
            _ = try await expose(column.lowDoseIsOn ? .view : .record)
            await wait(Seconds(3))
        }
        let place = trueCenter(column.currentMagnification)
        let height = (grid?.eucentricHeight(place) ?? stage.height) + Micrometers((fine ? 0.1 : 0.5) * random.normal())
        await wait(stage.move(toHeight: height, random: &random), for: .move)
        if fine { mechanics.lastAxisOffset = mechanics.trueAxisOffset }
        return []
    }
}

extension LinearMap {
    var nonZero: Self? { determinant != 0 ? self : nil }
}

extension Raster where Pixel == UInt16 {
    /// An image of another orientation and scale, sampled bilinearly about a point; what lies outside is the mean.
    func sampled(width w: Int, height h: Int, about middle: Point<Frame.MapPixels>, by map: LinearMap<Frame.MapPixels, Frame.MapPixels>) -> Raster<Float> {
        // Coarser sampling averages over what a new pixel covers, else fine detail would turn into noise.
        let step = map.determinant.magnitude.squareRoot()
        let taps = Swift.max(1, Swift.min(6, Int(clamped: step.rounded())))
        let mean = Float(pixels.reduce(0.0) { $0 + Double($1) } / Double(Swift.max(1, pixels.count)))
        var out = Raster<Float>(width: w, height: h, filledWith: mean)
        for y in 0 ..< h {
            for x in 0 ..< w {
                var sum: Float = 0
                for v in 0 ..< taps {
                    for u in 0 ..< taps {
                        let dx = Double(x) + (Double(u) + 0.5) / Double(taps) - Double(w) / 2
                        let dy = Double(y) + (Double(v) + 0.5) / Double(taps) - Double(h) / 2
                        let px = Int(clamped: (middle.x + map.xpx * dx + map.xpy * dy).rounded(.down))
                        let py = Int(clamped: (middle.y + map.ypx * dx + map.ypy * dy).rounded(.down))
                        sum += px >= 0 && py >= 0 && px < width && py < height ? Float(self[px, py]) : mean
                    }
                }
                out[x, y] = sum / Float(taps * taps)
            }
        }
        return out
    }
}
