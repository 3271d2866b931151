internal import Units

/// A part of the chip in unbinned pixels from its top left corner; right and bottom are beyond the last pixel.
struct CameraArea: Sendable, Hashable {
    var left: Int
    var top: Int
    var right: Int
    var bottom: Int
    var width: Int { right - left }
    var height: Int { bottom - top }
}

/// How frames of an exposure are treated.
struct FrameSettings: Sendable, Hashable {
    var fractionate = false
    var save = false
    var align = false
    var alignmentMethod = 0
    var sumFrames = false
    var frameTime = Seconds(0.1)
}

/// One camera parameter set.
struct CameraSettings: Sendable, Hashable {
    var exposure: Seconds
    var settling = Seconds(0)
    var binning = 1.0
    /// Fraction of the area that is read out along each side.
    var fraction = 1.0
    /// The whole chip where there is none.
    var area: CameraArea?
    /// 0 unprocessed, 1 dark subtracted, 2 gain normalised.
    var processing = 2
    /// 0 linear, 1 counting, 2 super-resolution.
    var readMode = 1
    var isContinuous = false
    var frames = FrameSettings()

    init(exposure: Seconds) { self.exposure = exposure }

    /// What is read out, in unbinned pixels.
    func area(onChip chip: (width: Int, height: Int)) -> CameraArea {
        area ?? CameraArea(left: 0, top: 0, right: chip.width, bottom: chip.height)
    }
    /// The size of the image in its own pixels.
    func size(onChip chip: (width: Int, height: Int)) -> (width: Int, height: Int) {
        let area = area(onChip: chip)
        return (
            max(1, Int(clamped: Double(area.width) * fraction / binning)),
            max(1, Int(clamped: Double(area.height) * fraction / binning))
        )
    }
}
