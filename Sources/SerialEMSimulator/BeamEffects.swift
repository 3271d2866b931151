internal import Geometry
internal import Raster
internal import Specimen
internal import Units

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

extension Column {
    /// Electrons per square angstrom and second on the specimen at a magnification, with the beam open.
    func doseRate(_ magnification: Magnification) -> Double {
        let standard: Double =
            switch magnification.pixelSize.value {
            case 100...: 2.5e-5
            case 15...: 2e-3
            case 4...: 0.1
            default: 3
            }
        // Each spot number takes about two fifths of the current; a condenser aperture lets through by its area.
        let current = pow(1.6, Double(6 - spotSize)) * apertures.condenserShare * doseModulator / 100
        return standard * current / (beamSpread * beamSpread)
    }
    /// Diameter of the beam at a magnification: what SerialEM reports as the illuminated area and what the dose goes to.
    func beamDiameter(_ magnification: Magnification) -> Micrometers { standardBeam(magnification) * beamSpread }
    /// The diameter that the operator has set up for a magnification.
    func standardBeam(_ magnification: Magnification) -> Micrometers {
        Micrometers(max(2, magnification.pixelSize.value * 2.0))
    }
    /// Whether electrons reach the specimen at all.
    var beamIsOnSpecimen: Bool { valveIsOpen && gun.emits && !beamIsBlanked }

    /// What the fluorescent screen would measure: nanoamperes.
    var screenCurrent: Double {
        let diameter = beamDiameter(currentMagnification).value * 1e4
        // Electrons per second in the whole beam, times 1.602e-10 nC each.
        return doseRate(currentMagnification) * .pi / 4 * diameter * diameter * 1.602e-10
    }
    /// SerialEM's intensity from 0 to 1, which grows with the illuminated area. The column's own scale is not simulated.
    func intensity(ofBeam diameter: Micrometers) -> Double { min(1, cbrt(max(0, diameter.value) / 4000)) }
    func beam(ofIntensity intensity: Double) -> Micrometers { Micrometers(4000 * intensity * intensity * intensity) }
    /// Milliradians.
    var convergenceAngle: Double { (isMicroProbe ? 0.05 : 0.4) * apertures.convergenceShare * beamSpread * Double(alpha) / 3 }

    /// The share of the electrons that the energy filter lets through, where its zero loss is off by some electronvolts.
    func filterShare(misplacedBy offset: Double) -> Double {
        guard slitIsIn else { return 1 }
        func passed(_ peak: Double, _ deviation: Double) -> Double {
            let low = (energyLoss + offset - slitWidth / 2 - peak) / (deviation * 2.0.squareRoot())
            let high = (energyLoss + offset + slitWidth / 2 - peak) / (deviation * 2.0.squareRoot())
            return 0.5 * (erf(high) - erf(low))
        }
        // The zero-loss peak of a field emitter is about an electronvolt wide; ice loses by plasmons about 22 eV.
        return min(1, passed(0, 0.4) + 0.08 * passed(22, 5))
    }
}

extension VirtualMicroscope {
    /// What the specimen under the beam gets, in electrons per square angstrom and second.
    func specimenDoseRate(_ magnification: Magnification) -> Double { column.beamIsOnSpecimen ? column.doseRate(magnification) : 0 }

    /// How far the zero-loss peak lies from where the filter is aligned to: the high tension and the prism drift by some
    /// electronvolts in hours.
    var zeroLossError: Double { 3 * sin(clock.elapsed / 9000) - column.zeroLossAlignment }

    /// The share of the electrons behind the specimen that the camera gets.
    var cameraShare: Double {
        guard column.cameraLength == nil else { return 0 }
        return column.filterShare(misplacedBy: zeroLossError) * column.apertures.objectiveShare
    }

    /// Where the present area lies on the specimen, seen from Record.
    var areaShift: Vector<Frame.Specimen> { column.lowDoseIsOn ? column.area.flatMap { column.areas[$0]?.place } ?? .zero : .zero }
    /// What of that SerialEM counts to where an image was taken; shift offsets only correct for what it does not know.
    var knownAreaShift: Vector<Frame.ImageShift> {
        guard column.lowDoseIsOn, let area = column.area, let settings = column.areas[area] else { return .zero }
        return Magnifications.specimenToImageShift(settings.place) - settings.shiftOffset
    }
    /// From the middle of the chip to the middle of the area that is read out, on the stage.
    func areaOffset(_ settings: CameraSettings, _ magnification: Magnification) -> Vector<Frame.Stage> {
        guard let area = settings.area else { return .zero }
        let x = Double(area.left + area.right - Self.chip.width) / 2
        let y = Double(area.top + area.bottom - Self.chip.height) / 2
        return magnification.cameraToSpecimen.then(Magnifications.specimenToStage)(Vector(dx: x, dy: -y))
    }

    /// Darkens what lies outside the objective aperture where that limits the field.
    func throughAperture(_ image: Raster<UInt16>, _ magnification: Magnification, _ settings: CameraSettings) -> Raster<UInt16> {
        guard let field = column.apertures.field(magnification) else { return image }
        let area = settings.area(onChip: Self.chip)
        var out = image
        out.darken(
            outside: Disc(
                x: Double(image.width) / 2 - Double(area.left + area.right - Self.chip.width) / 2 / settings.binning,
                y: Double(image.height) / 2 - Double(area.top + area.bottom - Self.chip.height) / 2 / settings.binning,
                radius: field.value * 500 / magnification.pixelSize.value / settings.binning))
        return out
    }
}

/// A bright disc on an image, in pixels.
struct Disc: Sendable, Hashable {
    var x: Double
    var y: Double
    var radius: Double
}

extension Raster<UInt16> {
    /// A fiftieth is scattered beyond the edge, which is a few pixels wide.
    mutating func darken(outside disc: Disc) {
        let farthest = Swift.max(disc.x, Double(width) - disc.x) * Swift.max(disc.x, Double(width) - disc.x)
            + Swift.max(disc.y, Double(height) - disc.y) * Swift.max(disc.y, Double(height) - disc.y)
        guard farthest > (disc.radius - 2) * (disc.radius - 2) || disc.radius < 2 else { return }
        for y in 0 ..< height {
            for x in 0 ..< width {
                let dx = Double(x) + 0.5 - disc.x
                let dy = Double(y) + 0.5 - disc.y
                let beyond = (dx * dx + dy * dy).squareRoot() - disc.radius
                guard beyond > -2 else { continue }
                let share = Swift.max(0.02, Swift.min(1, 0.5 - beyond / 4))
                self[x, y] = UInt16(Double(self[x, y]) * share)
            }
        }
    }
}
