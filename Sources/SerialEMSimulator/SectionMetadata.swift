internal import Geometry
internal import ImageFiles
internal import Raster
internal import SerialEMProtocol
internal import Units

/// What SerialEM writes of an image into an mdoc, with the keys and in the order that it has for a Gatan or generic camera.
enum SectionMetadata {
    /// Fraction of the beam's intensity range; nothing in the simulator depends on it.
    static let intensity = 0.45

    static func entries(_ buffer: ImageBuffer, piece: PieceCoordinates? = nil) -> [(String, String)] {
        let values = buffer.floats.pixels
        var least = Float.infinity
        var most = -Float.infinity
        var sum = 0.0
        for value in values where value.isFinite {
            least = min(least, value)
            most = max(most, value)
            sum += Double(value)
        }
        if least > most { (least, most) = (0, 0) }
        let mean = sum / Double(max(1, values.count))
        let isWhole = buffer.pixelType != .float
        func level(_ value: Float) -> String { isWhole ? "\(Int(clamped: Double(value)))" : fixed(Double(value), 4) }
        var out: [(String, String)] = []
        if let piece { out.append(("PieceCoordinates", "\(piece.x) \(piece.y) \(piece.z)")) }
        out.append(("MinMaxMean", "\(level(least)) \(level(most)) \(fixed(mean, 3))"))
        out += conditions(buffer.conditions)
        if let frames = buffer.frames {
            let dose = buffer.conditions.dose.value / Double(max(1, frames.count))
            out += [
                ("SubFramePath", frames.path), ("NumSubFrames", "\(frames.count)"),
                ("FrameDosesAndNumber", "\(fixed(dose, 5)) \(frames.count)"),
            ]
        }
        out += ending(buffer)
        return out
    }

    /// Of a montage as a whole.
    static func montageEntries(_ last: ImageBuffer, _ setup: MontageSetup) -> [(String, String)] {
        var out = conditions(last.conditions)
        if let place = out.firstIndex(where: { $0.0 == "StagePosition" }) {
            out[place].1 = "\(fixed(setup.center.x, 3)) \(fixed(setup.center.y, 3))"
        }
        out += ending(last).filter { $0.0 != "UncroppedSize" && $0.0 != "RotationAndFlip" && $0.0 != "TimeStamp" }
        out += [
            ("FullMontSize", "\(setup.fullWidth) \(setup.fullHeight)"), ("BufISXY", "0 0"), ("ProbeMode", "1"), ("MoveStage", "1"),
            ("ConSetUsed", "\(setup.set.rawValue) \(last.conditions.lowDose ? 1 : 0)"), ("MontBacklash", "5 5"), ("ValidBacklash", "0 0"),
            ("DriftSettling", "0"), ("CameraModes", "0 1"), ("Alpha", "-999"), ("FilterState", "1 20"),
            ("FitToPolyID", "\(setup.polygonID ?? 0)"), ("FullMontNumFrames", "\(setup.columns) \(setup.rows)"),
        ]
        return out
    }

    private static func conditions(_ c: ImageConditions) -> [(String, String)] {
        [
            ("TiltAngle", fixed(c.tilt.value, 5)),
            ("StagePosition", "\(fixed(c.stage.x, 3)) \(fixed(c.stage.y, 3))"), ("StageZ", fixed(c.height.value, 4)),
            ("Magnification", "\(Int(clamped: c.magnification.value))"), ("Intensity", fixed(intensity, 2)),
            ("ExposureDose", fixed(c.dose.value, 5)), ("DoseRate", "8"),
            ("PixelSpacing", fixed(c.pixelSize.value * 10, 4)), ("SpotSize", "6"), ("Defocus", fixed(c.defocus.value, 4)),
            ("ImageShift", "\(fixed(c.imageShift.dx, 6)) \(fixed(c.imageShift.dy, 6))"),
            ("RotationAngle", fixed(c.magnification.rotation.value, 2)), ("ExposureTime", fixed(c.exposure.value, 4)),
            ("Binning", "\(Int(clamped: c.binning))"), ("CameraIndex", "0"), ("DividedBy2", "0"), ("OperatingMode", "1"),
            ("UsingCDS", "0"), ("MagIndex", "\(c.magnification.index)"),
            ("LowDoseConSet", "\(told(max(0, c.parameterSet), lowDose: c.lowDose))"), ("CountsPerElectron", "20"),
            ("TargetDefocus", "-5"),
        ] + priorDose(c)
    }
    /// What a script has summed up so far; a sum of nothing for an image without electrons is left out.
    private static func priorDose(_ c: ImageConditions) -> [(String, String)] {
        guard let prior = c.priorRecordDose, c.dose.value > 0 || prior.value > 0 else { return [] }
        return [("PriorRecordDose", fixed(prior.value, 4))]
    }

    /// LowDoseConSet tells the parameter set: in Low Dose counted from 1, else from 0 and negative.
    private static func told(_ set: Int, lowDose: Bool) -> Int { lowDose ? set + 1 : -set }
    static func parameterSet(told number: Int) -> (set: Int, lowDose: Bool) {
        let number = max(-99, min(99, number))
        return number > 0 ? (number - 1, true) : (-number, false)
    }

    private static func ending(_ buffer: ImageBuffer) -> [(String, String)] {
        let c = buffer.conditions
        return [
            ("DateTime", c.date.mdoc), ("FilterSlitAndLoss", c.lowDose ? "20 0" : "0 0"),
            ("UncroppedSize", "-\(buffer.image.width) -\(buffer.image.height)"), ("RotationAndFlip", "0"),
            ("TimeStamp", "\(c.date.hour * 3600 + c.date.minute * 60 + c.date.second)"),
        ]
    }
}
