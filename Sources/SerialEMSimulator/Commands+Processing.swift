internal import Geometry
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// Commands that make a new image from one in a buffer.
    static let processingCommands: [String: CommandHandler] = [
        "CropImage": { try await $0.cropImage($1) },
        "CropCenterToSize": { try await $0.cropCenter($1) },
        "ReduceImage": { try await $0.reduceImage($1) },
        "Rotate90CW": { try await $0.rotateImage($1.text(1)) },
        "ScaleImage": { try await $0.scaleImage($1) },
        "ConvertToBytes": { try await $0.convertToBytes($1) },
        "FFT": { try await $0.powerSpectrum($1) },
        "AutoCorrPeakVectors": { try await $0.latticeVectors($1) },
    ]
}

/// Minimum, maximum, mean and standard deviation of what is finite.
struct Statistics {
    var least = 0.0
    var most = 0.0
    var mean = 0.0
    var deviation = 0.0
    init(_ values: [Float]) {
        var count = 0.0
        var sum = 0.0
        (least, most) = (.infinity, -.infinity)
        for value in values where value.isFinite {
            let number = Double(value)
            least = min(least, number)
            most = max(most, number)
            sum += number
            count += 1
        }
        guard count > 0 else { (least, most) = (0, 0); return }
        mean = sum / count
        var squares = 0.0
        for value in values where value.isFinite { squares += (Double(value) - mean) * (Double(value) - mean) }
        deviation = (squares / count).squareRoot()
    }
}

extension CivilTime {
    /// Since 1970 (Howard Hinnant's civil-to-days rule).
    var seconds: Double {
        let shifted = month > 2 ? month - 3 : month + 9
        let years = month > 2 ? year : year - 1
        let era = years / 400
        let ofEra = years - era * 400
        let ofYear = (153 * shifted + 2) / 5 + day - 1
        let days = era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
        return Double(days * 86400 + hour * 3600 + minute * 60 + second)
    }
}

extension VirtualMicroscope {
    /// A part of an image; where it was taken follows the part.
    private func crop(_ b: inout ImageBuffer, x: Int, y: Int, width: Int, height: Int) {
        let middle = Point<Frame.MapPixels>(x: Double(x) + Double(width) / 2, y: Double(y) + Double(height) / 2)
        let place = b.stagePosition(middle).position
        b.conditions.stage = b.conditions.stage + (place - b.conditions.center)
        if b.sent == nil {
            b.image = b.image.cropped(x: x, y: y, width: width, height: height, fill: 0)
        } else {
            b.setPixels(b.floats.cropped(x: x, y: y, width: width, height: height, fill: 0))
        }
        b.pieces = []
        b.file = nil
        b.section = -1
        b.marker = nil
    }
    /// Columns and rows from the first to the last of each, into A.
    func cropImage(_ a: CommandArguments) throws -> [ReportedValue] {
        var b = try buffer(named: a.text(1))
        let (x0, x1, y0, y1) = (a.integer(2), a.integer(3), a.integer(4), a.integer(5))
        guard 0 <= x0, x0 < x1, x1 < b.image.width, 0 <= y0, y0 < y1, y1 < b.image.height else {
            throw CommandFailure("The coordinates to crop to are out of bounds.")
        }
        crop(&b, x: x0, y: y0, width: x1 - x0 + 1, height: y1 - y0 + 1)
        acquired(b)
        return []
    }
    func cropCenter(_ a: CommandArguments) throws -> [ReportedValue] {
        var b = try buffer(named: a.text(1))
        let (w, h) = (a.integer(2), a.integer(3))
        guard w > 0, h > 0, w <= b.image.width, h <= b.image.height else {
            throw CommandFailure("The image is smaller than \(w) x \(h) pixels.")
        }
        crop(&b, x: (b.image.width - w) / 2, y: (b.image.height - h) / 2, width: w, height: h)
        acquired(b)
        return []
    }
    func reduceImage(_ a: CommandArguments) throws -> [ReportedValue] {
        var b = try buffer(named: a.text(1))
        let factor = try a.number(2)
        guard factor > 1, factor < Double(min(b.image.width, b.image.height)) else {
            throw CommandFailure("An image cannot be reduced by \(factor).")
        }
        b.setPixels(
            b.floats.resized(width: Int(clamped: Double(b.image.width) / factor), height: Int(clamped: Double(b.image.height) / factor)))
        b.conditions.pixelSize = b.conditions.pixelSize * factor
        b.conditions.binning *= factor
        b.pieces = b.pieces.map {
            AssembledPiece(number: $0.number, x: Int(clamped: Double($0.x) / factor), y: Int(clamped: Double($0.y) / factor), stage: $0.stage)
        }
        b.pieceWidth = Int(clamped: Double(b.pieceWidth) / factor)
        b.pieceHeight = Int(clamped: Double(b.pieceHeight) / factor)
        b.marker = nil
        acquired(b)
        return []
    }
    /// A quarter turn clockwise; the image has no place on the stage afterwards that could be told from its pixels.
    func rotateImage(_ name: String) throws -> [ReportedValue] {
        var b = try buffer(named: name)
        let old = b.floats
        var new = Raster<Float>(width: old.height, height: old.width, filledWith: 0)
        for y in 0 ..< old.height { for x in 0 ..< old.width { new[old.height - 1 - y, x] = old[x, y] } }
        b.setPixels(new)
        b.pieces = []
        b.file = nil
        b.section = -1
        acquired(b)
        return []
    }
    /// Value times factor plus offset, of the buffer's type where it is kept, else real numbers.
    func scaleImage(_ a: CommandArguments) throws -> [ReportedValue] {
        var b = try buffer(named: a.text(1))
        let (factor, offset) = (Float(try a.number(2)), Float(try a.number(3)))
        b.setPixels(b.floats.map { $0 * factor + offset }, as: a.integer(5) != 0 ? nil : .float)
        b.file = nil
        b.section = -1
        let target = a.has(4) && !a.text(4).isEmpty ? try bufferIndex(a.text(4)) : 0
        if target == 0 { acquired(b) } else { buffers[target] = b }
        return []
    }
    /// Bytes in place of the image, with the given per cent of the pixels cut at each end.
    func convertToBytes(_ a: CommandArguments) throws -> [ReportedValue] {
        let place = try bufferIndex(a.text(1).isEmpty ? "A" : a.text(1))
        var b = try buffer(place)
        let (low, high) = (try a.number(2, default: 0.2), try a.number(3, default: 0.2))
        guard low >= 0, high >= 0, low + high < 100 else { throw CommandFailure("\(low) and \(high) per cent cannot be cut off.") }
        let floats = b.floats
        let levels = floats.percentiles([low / 100, 1 - high / 100])
        b.setPixels(floats.byteScaled(black: levels[0], white: levels[1]).map(Float.init), as: .unsignedByte)
        buffers[place] = b
        shownBuffer = place
        return []
    }
    /// Logarithm of the power spectrum, its origin in the middle, 512 pixels wide.
    func powerSpectrum(_ a: CommandArguments) throws -> [ReportedValue] {
        var b = try buffer(named: a.text(1))
        let side = 512
        let floats = b.floats
        let reduction = max(1, Double(max(floats.width, floats.height)) / Double(side))
        let small = floats.resized(
            width: max(1, Int(clamped: Double(floats.width) / reduction)), height: max(1, Int(clamped: Double(floats.height) / reduction)))
        let mean = Float(Statistics(small.pixels).mean)
        var spectrum = Spectrum(small.map { $0.isFinite ? $0 - mean : 0 }, side: side)
        spectrum.transform(inverse: false)
        var image = Raster<Float>(width: side, height: side, filledWith: 0)
        for y in 0 ..< side {
            for x in 0 ..< side {
                let place = spectrum.place(x - side / 2, y - side / 2)
                let power = spectrum.real[place] * spectrum.real[place] + spectrum.imaginary[place] * spectrum.imaginary[place]
                image[x, y] = Float((1 + power).squareRoot()).squareRoot()
            }
        }
        let levels = image.percentiles([0.005, 0.999])
        b.setPixels(image.byteScaled(black: levels[0], white: levels[1]).map(Float.init), as: .unsignedByte)
        b.pieces = []
        b.file = nil
        b.section = -1
        acquired(b)
        fftWindow = b
        return []
    }

    /// The two shortest vectors of a lattice, from peaks of the autocorrelation near the expected spacing.
    func latticeVectors(_ a: CommandArguments) throws -> [ReportedValue] {
        let b = try buffer(named: a.text(1))
        let expected = try a.number(2)
        let floats = b.floats
        guard expected >= 4, expected * 2 < Double(min(floats.width, floats.height)) else {
            throw CommandFailure("A spacing of \(expected) pixels cannot be found in this image.")
        }
        let side = 512
        // Half of the square stays empty, so that the lattice does not meet itself round the edge.
        let reduction = max(1, Double(max(floats.width, floats.height)) / Double(side / 2))
        let small = floats.resized(
            width: max(1, Int(clamped: Double(floats.width) / reduction)), height: max(1, Int(clamped: Double(floats.height) / reduction)))
        let levels = Statistics(small.pixels)
        let mean = Float(levels.mean)
        var spectrum = Spectrum(small.map { $0.isFinite ? $0 - mean : 0 }, side: side)
        spectrum.transform(inverse: false)
        spectrum.multiplyConjugated(by: spectrum)
        spectrum.transform(inverse: true)
        let origin = spectrum.real[spectrum.place(0, 0)]
        let spacing = expected / reduction
        var peaks: [(dx: Double, dy: Double, value: Double)] = []
        let reach = Int(clamped: (spacing * 1.35).rounded(.up))
        for y in 0 ... reach {
            for x in -reach ... reach {
                let distance = Double(x * x + y * y).squareRoot()
                guard distance > spacing * 0.7, distance < spacing * 1.35 else { continue }
                let value = spectrum.real[spectrum.place(x, y)]
                var isPeak = true
                for v in -1 ... 1 { for u in -1 ... 1 where spectrum.real[spectrum.place(x + u, y + v)] > value { isPeak = false } }
                if isPeak { peaks.append((Double(x), Double(y), value)) }
            }
        }
        peaks.sort { $0.value > $1.value }
        // An image of one grey level has nothing but rounding errors to compare.
        guard levels.deviation > 1e-4 * levels.mean.magnitude, let first = peaks.first, first.value > 0.05 * origin,
            let second = peaks.first(where: {
                let cross = ($0.dx * first.dy - $0.dy * first.dx).magnitude
                return cross > 0.5 * ($0.dx * $0.dx + $0.dy * $0.dy).squareRoot() * (first.dx * first.dx + first.dy * first.dy).squareRoot()
            })
        else { throw CommandFailure("No regular pattern with a spacing near \(expected) pixels was found.") }
        let lengths = [first, second].map { ($0.dx * $0.dx + $0.dy * $0.dy).squareRoot() * reduction }
        return [(lengths[0] + lengths[1]) / 2, first.dx * reduction, first.dy * reduction, second.dx * reduction, second.dy * reduction]
            .map { .number($0) }
    }
}
