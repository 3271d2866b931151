internal import Geometry
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// Commands that find where one image lies in another.
    static let registrationCommands: [String: CommandHandler] = [
        "AlignTo": { try await $0.alignTo($1) },
        "AutoAlign": { m, _ in try await m.align(to: m.buffer(m.autoAlignBuffer), leaveImageShift: false) },
        "A": { m, _ in try await m.align(to: m.buffer(m.autoAlignBuffer), leaveImageShift: false) },
        "ConicalAlignTo": { try await $0.align(to: $0.turned($1.text(1), by: Degrees($1.number(2))), leaveImageShift: false) },
        "AlignWithRotation": { try await $0.alignWithRotation($1) },
        "AlignBetweenMags": { try await $0.alignBetweenMagnifications($1) },
        "TransformToOtherMag": { try await $0.transformToOtherMagnification($1) },
    ]
}

extension VirtualMicroscope {
    func alignTo(_ a: CommandArguments) async throws -> [ReportedValue] {
        try await align(to: try buffer(try bufferIndex(a.text(1))), leaveImageShift: a.integer(2) != 0)
    }
    func align(to reference: ImageBuffer, leaveImageShift: Bool) async throws -> [ReportedValue] {
        var image = try buffer(0)
        guard abs(reference.conditions.pixelSize.value / image.conditions.pixelSize.value - 1) < 0.02 else {
            throw CommandFailure("The images to be aligned have different pixel sizes.")
        }
        let limit = takeAlignLimit(image)
        await wait(Seconds(1))
        guard let peak = Registration.shift(of: image.floats, onto: reference.floats, limit: limit),
            peak.strength > 0.2
        else { return [.number(-1)] }
        image.alignShift = Vector(dx: peak.dx * image.conditions.binning, dy: -peak.dy * image.conditions.binning)
        buffers[0] = image
        if !leaveImageShift { applyAlignment(image) }
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
    func applyAlignment(_ image: ImageBuffer) {
        guard let shift = image.alignShift else { return }
        let back = image.conditions.magnification.cameraToSpecimen.then(Magnifications.specimenToImageShift)(-shift)
        column.imageShift = column.imageShift + back
    }

    /// An image turned counter-clockwise about its middle.
    func turned(_ name: String, by angle: Degrees) throws -> ImageBuffer {
        var b = try buffer(named: name)
        // From new to old pixels, y down.
        let map = LinearMap<Frame.MapPixels, Frame.MapPixels>.rotation(angle)
        b.setPixels(b.image.sampled(width: b.image.width, height: b.image.height, about: b.middle, by: map))
        return b
    }

    /// Tries turns of the reference about the expected one; the best rotation and the shift in pixels.
    func alignWithRotation(_ a: CommandArguments) async throws -> [ReportedValue] {
        let (center, range) = (try a.number(2, upTo: 360), try a.number(3, upTo: 180))
        guard range > 0 else { throw CommandFailure("The range of angles must be positive.") }
        var image = try buffer(0)
        let limit = Double(min(image.image.width, image.image.height)) * 0.6
        var best: (angle: Double, peak: Registration.Peak)?
        for step in -4 ... 4 {
            let angle = center + range / 2 * Double(step) / 4
            let reference = try turned(a.text(1), by: Degrees(angle))
            guard let peak = Registration.shift(of: image.floats, onto: reference.floats, limit: limit) else { continue }
            if peak.strength > best?.peak.strength ?? 0 { best = (angle, peak) }
        }
        await wait(Seconds(5))
        guard let best, best.peak.strength > 0.2 else { throw CommandFailure("No rotation gave a match.") }
        image.alignShift = Vector(dx: best.peak.dx * image.conditions.binning, dy: -best.peak.dy * image.conditions.binning)
        buffers[0] = image
        return [.number(best.angle), .number(best.peak.dx), .number(best.peak.dy)]
    }

    /// An image as it would look at another magnification, by the calibrations of scale and rotation.
    func transformToOtherMagnification(_ a: CommandArguments) throws -> [ReportedValue] {
        var b = try buffer(named: a.text(1))
        guard let magnification = Magnifications.entry(a.integer(2)) else { throw CommandFailure("There is no magnification with the index \(a.integer(2)).") }
        let target = a.has(3) && !a.text(3).isEmpty && a.text(3) != "-1" ? try bufferIndex(a.text(3)) : 0
        let middle = a.has(5) && a.integer(4) >= 0 ? Point<Frame.MapPixels>(x: try a.number(4), y: try a.number(5)) : b.middle
        let width = a.integer(6) > 0 ? a.integer(6) : b.image.width
        let height = a.integer(7) > 0 ? a.integer(7) : b.image.height
        let binning = a.integer(8) > 0 ? Double(a.integer(8)) : b.conditions.binning
        guard width <= 8192, height <= 8192 else { throw CommandFailure("An image of \(width) x \(height) pixels is too large.") }
        let step = LinearMap<Frame.MapPixels, Frame.Camera>(xpx: binning, xpy: 0, ypx: 0, ypy: -binning)
        guard let back = b.conditions.imageToStage.inverse,
            let map = step.then(magnification.cameraToSpecimen).then(Magnifications.specimenToStage).then(back).nonZero
        else { throw CommandFailure("The image has no calibration.") }
        let place = b.stagePosition(middle).position
        b.conditions.stage = b.conditions.stage + (place - b.conditions.center)
        b.setPixels(b.image.sampled(width: width, height: height, about: middle, by: map), as: .unsignedShort)
        b.conditions.magnification = magnification
        b.conditions.binning = binning
        b.conditions.pixelSize = magnification.pixelSize * binning
        b.pieces = []
        b.file = nil
        b.section = -1
        if target == 0 { acquired(b) } else { buffers[target] = b }
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
