internal import Foundation
internal import Geometry
internal import Raster
internal import Specimen
internal import Units

extension VirtualMicroscope {
    static let chip = (width: 1440, height: 1024)
    private static let readout = Seconds(1.5)
    private static func letter(_ set: ParameterSet) -> String { ["V", "F", "T", "R", "P", "S", "M"][set.rawValue] }

    /// Takes an image with a parameter set; in Low Dose the column goes to the set's area first.
    func expose(_ set: ParameterSet, letterInLog: String? = nil) async throws -> ImageBuffer {
        // A series without waiting would keep everybody else from the microscope until its end.
        await Task.yield()
        try checkStop()
        leakOnDemand()
        // The camera lies below the screen, so SerialEM raises it before a shot.
        if column.screenIsDown { _ = await moveScreen(down: false) }
        if column.lowDoseIsOn { await goTo(set.area) }
        let settings = column.sets[set] ?? CameraSettings(exposure: Seconds(1))
        let magnification = column.currentMagnification
        let seconds = settings.settling + settings.exposure + Self.readout
        let start = clock.elapsed
        // What the picture takes to compute is no time of the microscope: it is computed while the exposure takes its time.
        let begun = ContinuousClock.now
        let duration = clock.pass(seconds.value)
        // The specimen is where it was in the middle of the exposure.
        stage.advance(to: clock.elapsed - Self.readout.value - settings.exposure.value / 2)
        let rate = specimenDoseRate(magnification)
        let dose = Dose(rate * settings.exposure.value)
        let place = trueCenter(magnification)
        recordExposure(set, magnification: magnification, place: place, dose: dose, settings: settings)
        noteEvent(.exposure, start: start, seconds: seconds) {
            $0.set = Self.letter(set)
            $0.magnification = magnification.value
            $0.exposureSeconds = settings.exposure.value
            $0.dose = dose.value
        }
        let image = await exposedOnDemand(shaded(
            render(magnification, settings: settings, place: place, dose: dose), magnification: magnification,
            binning: settings.binning, place: place))
        let conditions = ImageConditions(
            pixelSize: magnification.pixelSize * settings.binning, binning: settings.binning, exposure: settings.exposure,
            parameterSet: set.rawValue, magnification: magnification, stage: stage.position, height: stage.height,
            tilt: stage.tilt, imageShift: column.imageShift + knownAreaShift, defocus: column.defocus, dose: dose,
            priorRecordDose: control == .external ? column.recordDose.prior : nil, lowDose: column.lowDoseIsOn, area: column.lowDoseIsOn ? column.area : nil, date: clock.date)
        let buffer = try savingFrames(of: ImageBuffer(image: image, conditions: conditions), set: set)
        if let duration { await sleep(duration - begun.duration(to: .now)) }
        return buffer
    }

    /// The stage coordinate of the place that is really in the field centre, on the untilted specimen.
    func trueCenter(_ magnification: Magnification) -> Point<Frame.Stage> {
        var seen = Magnifications.imageShiftToSpecimen(column.imageShift) + areaShift
        let standing = stage.truePosition + magnification.offset
        // A specimen off the eucentric height wanders across the tilt axis, and tilt shortens what lies across it. What the
        // optical axis sees off the tilt axis goes round it; positions are those seen without tilt.
        let off = heightError(at: standing).value
        let c = cosine(stage.tilt)
        seen.dy = (seen.dy + offAxis.value - off * sine(stage.tilt)) / max(0.2, c) + mechanics.trueAxisOffset.value
        return standing + Magnifications.specimenToStage(seen)
    }

    /// How far from the tilt axis the optical axis is, with the image shift that makes up for it as SerialEM's setting says.
    var offAxis: Micrometers { (axisOffsetIsApplied ? mechanics.axisOffset : Micrometers(0)) - mechanics.trueAxisOffset }

    /// How far above the eucentric height the specimen is at a place.
    func heightError(at place: Point<Frame.Stage>) -> Micrometers {
        guard let grid else { return Micrometers(0) }
        return stage.height - grid.eucentricHeight(place)
    }

    /// Defocus of the image, from the readout and the height of the specimen.
    func trueDefocus(at place: Point<Frame.Stage>) -> Micrometers {
        // Off the tilt axis the specimen rises or sinks with the tilt.
        let rise = offAxis * (sine(stage.tilt) / max(0.2, cosine(stage.tilt)))
        return column.focus + heightError(at: place) + rise
    }

    private func render(
        _ magnification: Magnification, settings: CameraSettings, place: Point<Frame.Stage>, dose: Dose
    ) -> Raster<UInt16> {
        let (width, height) = settings.size(onChip: Self.chip)
        let pixel = magnification.pixelSize.value * settings.binning
        let electrons = dose.value * pixel * pixel * 100 * cameraShare
        var noise = RandomSource(seed: exposureSeed(magnification, at: place))
        guard let grid, electrons > 0 else {
            let level = electrons > 0 ? min(60000, electrons * SpecimenGrid.countsPerElectron) : 2
            let values = (0 ..< width * height).map { _ in
                UInt16(max(0, min(65535, level + level.squareRoot() * noise.normal())))
            }
            return Raster(width: width, height: height, pixels: values)
        }
        let view = field(magnification, binning: settings.binning, width: width, height: height, place: place + areaOffset(settings, magnification), grid: grid)
        let damage = (doseMaps[grid.cartridge]?.dose(at: place).value ?? 0) / 300
        let image = grid.specimen.image(
            of: view, electronsPerPixel: electrons, defocus: trueDefocus(at: place), damage: min(1, damage),
            noiseSeed: noise.next(), contrast: column.apertures.contrast(magnification),
            texture: thonRings(magnification, settings, at: place, grid))
        return throughAperture(image, magnification, settings)
    }

    private func field(
        _ magnification: Magnification, binning: Double, width: Int, height: Int, place: Point<Frame.Stage>, grid: LoadedGrid
    ) -> FieldOfView {
        let c = max(0.2, cosine(stage.tilt))
        let untilted = LinearMap<Frame.Specimen, Frame.Specimen>(xpx: 1, xpy: 0, ypx: 0, ypy: 1 / c)
        var map = LinearMap<Frame.MapPixels, Frame.Camera>(xpx: binning, xpy: 0, ypx: 0, ypy: -binning)
            .then(magnification.cameraToSpecimen).then(untilted).then(Magnifications.specimenToStage)
            .then(grid.stageToGrid.linear)
        // The field stretches its own y axis by the tilt; the tilt axis of the stage is not exactly its x axis.
        map.ypx *= c
        map.ypy *= c
        return FieldOfView(
            width: width, height: height, center: grid.stageToGrid(place), pixelToGrid: map, tilt: Degrees(stage.tilt.value))
    }

    private func recordExposure(
        _ set: ParameterSet, magnification: Magnification, place: Point<Frame.Stage>, dose: Dose, settings: CameraSettings
    ) {
        let slot = grid?.slot ?? 0
        let lit = place + Magnifications.specimenToStage(beamCenter)
        let cartridge = grid?.cartridge ?? 0
        doseMaps[cartridge, default: DoseMap()].add(dose, at: lit, beamDiameter: column.beamDiameter(magnification))
        let record = ExposureRecord(
            time: clock.date.iso, slot: slot, area: Self.letter(set),
            magnification: magnification.value, stageX: stage.position.x, stageY: stage.position.y,
            stageZ: stage.height.value, tilt: stage.tilt.value, trueX: place.x, trueY: place.y,
            exposureSeconds: settings.exposure.value, dose: dose.value,
            accumulatedDose: doseMaps[cartridge]?.dose(at: place).value ?? dose.value,
            file: currentFile.map { openFiles[$0].path } ?? "")
        exposures.append(record)
        exposureLines.append(record)
    }

    /// A new image into A, which is the current buffer then; the older ones move on as far as the user lets them roll.
    func acquired(_ image: ImageBuffer) {
        for place in stride(from: min(buffersToRoll, buffers.count - 1), to: 0, by: -1) { buffers[place] = buffers[place - 1] }
        buffers[0] = image
        shownBuffer = 0
    }
}
