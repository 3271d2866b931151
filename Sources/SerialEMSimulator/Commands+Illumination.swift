internal import Geometry
internal import Raster
internal import SerialEMProtocol
internal import Specimen
internal import Units

extension CommandTable {
    /// What decides how much light falls on how much of the specimen.
    static let illuminationCommands: [String: CommandHandler] = [
        "ReportPercentC2": { m, _ in [.number(await m.condenserReading), .number(await m.intensity)] },
        "SetPercentC2": { try await $0.setCondenser($1.number(1)) },
        "IncPercentC2": { try await $0.setCondenser(await $0.condenserReading + $1.number(1)) },
        "ReportCrossoverPercentC2": { m, _ in [.number(5), .number(0.05)] },
        "ReportIlluminatedArea": { m, _ in [.number(await m.beamDiameter.value / 100)] },
        "SetIlluminatedArea": { try await $0.setBeamDiameter($1.number(1) * 100) },
        "ReportBeamSizeFromCalib": { _, _ in
            throw CommandFailure("The beam size is not calibrated on a microscope that reports its illuminated area.")
        },
        "SetBeamSize": { try await $0.setBeamDiameter($1.number(1)) },
        "ReportConvergenceAngle": { m, _ in [.number(await m.column.convergenceAngle)] },
        "SetParallelIllumination": { m, _ in await m.change { $0.beamSpread = 1 } + [.number(0), .number(await m.intensity)] },
        "ChangeIntensityBy": { try await $0.changeIntensity(by: $1.number(1)) },
        "SetIntensityForMean": { try await $0.setIntensity(forMean: $1.number(1)) },
        "SetIntensityByLastTilt": { m, _ in await m.setIntensityByLastTilt() },
        "SetDoseRate": { try await $0.setDoseRate($1.number(1), byModulator: $1.integer(2) != 0) },
        "ReportEDMDutyPercent": { m, _ in [.number(await m.column.doseModulator)] },
        "SetEDMDutyPercent": { try await $0.setDoseModulator($1.number(1)) },
        "SetBeamBlank": { m, a in await m.change { $0.beamIsBlanked = a.integer(1) != 0 } },
        "ScreenUp": { m, _ in await m.moveScreen(down: false) },
        "ScreenDown": { m, _ in await m.moveScreen(down: true) },
        "ReportScreen": { m, _ in [.flag(await m.column.screenIsDown)] },
        "ReportScreenCurrent": { m, _ in [.number(await m.screenReading)] },
    ]
}

extension VirtualMicroscope {
    var beamDiameter: Micrometers { column.beamDiameter(column.currentMagnification) }
    var intensity: Double { column.intensity(ofBeam: beamDiameter) }
    /// Micrometres of illuminated area where the properties say so, else percent of C2.
    var condenserReading: Double {
        (properties["UseIlluminatedAreaForC2"] ?? 1) != 0 ? beamDiameter.value : intensity * 100
    }
    var screenReading: Double { column.screenIsDown && column.beamIsOnSpecimen ? column.screenCurrent : 0 }

    func setCondenser(_ value: Double) throws -> [ReportedValue] {
        if (properties["UseIlluminatedAreaForC2"] ?? 1) != 0 { return try setBeamDiameter(value) }
        guard value >= 0, value <= 100 else { throw CommandFailure("\(value) % is not a possible setting of C2.") }
        return try setBeamDiameter(column.beam(ofIntensity: value / 100).value)
    }
    /// Micrometres.
    func setBeamDiameter(_ diameter: Double) throws -> [ReportedValue] {
        guard (0.01 ... 3000).contains(diameter) else { throw CommandFailure("A beam of \(diameter) um is not between 0.01 and 3000 um.") }
        let spread = diameter / column.standardBeam(column.currentMagnification).value
        return change { $0.beamSpread = spread }
    }
    /// A brighter beam is a smaller one. The area keeps it, as SerialEM has it for this command.
    func changeIntensity(by factor: Double) throws -> [ReportedValue] {
        guard factor > 0, factor.isFinite else { throw CommandFailure("The intensity cannot be changed by a factor of \(factor).") }
        let diameter = beamDiameter.value / factor.squareRoot()
        let done = try setBeamDiameter(diameter)
        let spread = column.beamSpread
        if column.lowDoseIsOn, let area = column.area { column.areas[area]?.beamSpread = spread }
        return done
    }
    func setIntensity(forMean wanted: Double) throws -> [ReportedValue] {
        let image = try buffer(0)
        guard image.conditions.parameterSet == ParameterSet.record.rawValue || !column.lowDoseIsOn else {
            throw CommandFailure("The image in A is not a Record.")
        }
        let mean = image.image.meanValue
        guard wanted > 0, mean > 0 else { throw CommandFailure("The intensity cannot be set for a mean of \(wanted) counts.") }
        return try changeIntensity(by: wanted / mean)
    }
    /// So that as much gets through the specimen as at tilt 0.
    func setIntensityByLastTilt() -> [ReportedValue] {
        let spread = (max(0.1, cosine(stage.tilt))).squareRoot()
        return change { $0.beamSpread = spread }
    }
    /// Electrons per physical pixel and second, as the image in A measures it.
    func setDoseRate(_ wanted: Double, byModulator: Bool) throws -> [ReportedValue] {
        let image = try buffer(0)
        let present = image.doseRate
        guard wanted > 0, present > 0 else { throw CommandFailure("The dose rate cannot be set to \(wanted) from an image without electrons.") }
        guard byModulator else { return try changeIntensity(by: wanted / present) }
        return try setDoseModulator(column.doseModulator * wanted / present)
    }
    func setDoseModulator(_ percent: Double) throws -> [ReportedValue] {
        guard (1.0 ... 100).contains(percent) else { throw CommandFailure("A duty of \(percent) % is not between 1 and 100.") }
        return change { $0.doseModulator = percent }
    }
    func moveScreen(down: Bool) async -> [ReportedValue] {
        if column.screenIsDown != down { await wait(Seconds(3)) }
        column.screenIsDown = down
        return []
    }
}

extension ImageBuffer {
    /// Electrons per unbinned pixel and second.
    var doseRate: Double {
        guard conditions.exposure.value > 0 else { return 0 }
        return image.meanValue / SpecimenGrid.countsPerElectron / (conditions.binning * conditions.binning) / conditions.exposure.value
    }
}

extension Raster<UInt16> {
    var meanValue: Double { pixels.reduce(0.0) { $0 + Double($1) } / Double(Swift.max(1, pixels.count)) }
}
