internal import Geometry
internal import Raster
internal import Specimen
internal import Units

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

extension VirtualMicroscope {
    /// Side of the repeating square of amorphous ice, in pixels.
    private static let textureSide = 256
    /// Relative deviation of the amorphous ice if all of its contrast were transferred.
    private static let textureDeviation = 0.12

    /// What amorphous ice adds to an image: white noise, the same at each visit, that the lenses pass by their contrast
    /// transfer. Pixels above 2.5 nm show none of it. The defocus is that of the image's middle.
    func thonRings(_ magnification: Magnification, _ settings: CameraSettings, at place: Point<Frame.Stage>, _ grid: LoadedGrid) -> Texture? {
        let pixel = magnification.pixelSize.value * settings.binning
        guard pixel < 2.5 else { return nil }
        let transfer = contrastTransfer(at: place)
        let side = Self.textureSide
        var pattern = Spectrum(side: side)
        var phases = RandomSource(seed: grid.specimen.seed).fork(0x1CE)
        let amplitude = (2 * Self.textureDeviation * Self.textureDeviation).squareRoot() / Double(side)
        for ky in 0 ..< side {
            let fy = Double(ky < side / 2 ? ky : ky - side) / Double(side) / pixel
            for kx in 0 ..< side {
                let fx = Double(kx < side / 2 ? kx : kx - side) / Double(side) / pixel
                let phase = phases.uniform() * 2 * .pi
                let frequency = (fx * fx + fy * fy).squareRoot()
                // What the beam's coherence and the camera leave: half at 1/(0.45 nm).
                let passed = exp(-0.14 * frequency * frequency) * transfer(frequency, direction: atan2(fy, fx))
                pattern.real[ky * side + kx] = amplitude * passed * cos(phase)
                pattern.imaginary[ky * side + kx] = amplitude * passed * sin(phase)
            }
        }
        pattern.transform(inverse: true)
        let camera = Magnifications.stageToSpecimen.then(magnification.specimenToCamera)(place - .origin)
        let size = settings.size(onChip: Self.chip)
        return Texture(
            side: side, values: pattern.real.map(Float.init),
            x: Int(clamped: (camera.dx / settings.binning).rounded()) - size.width / 2,
            y: Int(clamped: (camera.dy / settings.binning).rounded()) + size.height / 2)
    }

    func contrastTransfer(at place: Point<Frame.Stage>) -> ContrastTransfer {
        let astigmatism = column.aberrations.astigmatism
        return ContrastTransfer(defocus: trueDefocus(at: place), astigmatism: astigmatism.size, angle: astigmatism.angle)
    }
}
