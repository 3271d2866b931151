internal import Raster
internal import SerialEMProtocol
internal import Specimen
internal import Units

extension CommandTable {
    static let cameraSetCommands: [String: CommandHandler] = [
        "SetExposure": { try await $0.setExposure($1) },
        "SetBinning": { try await $0.setBinning($1) },
        "SetCameraArea": { try await $0.setCameraArea($1) },
        "SetCenteredSize": { try await $0.setCenteredSize($1) },
        "SetExposureForMean": { try await $0.setExposure(forMean: $1.number(1)) },
        "SetContinuous": { try await $0.setContinuous($1.text(1), $1.integer(2)) },
        "StopContinuous": { m, _ in await m.change { $0.camera.continuousSet = nil } },
        "ReportContinuous": { m, _ in [.count(await m.column.camera.continuousSet?.rawValue ?? -1)] },
        "SetProcessing": { try await $0.setProcessing($1) },
        "SetK2ReadMode": { try await $0.setReadMode($1) },
        "ReportExposure": { m, a in
            let settings = try await m.settings(of: a.text(1))
            return [.number(settings.exposure.value), .number(settings.settling.value)]
        },
        "ReportBinning": { [.number(try await $0.settings(of: $1.text(1)).binning)] },
        "ReportReadMode": { [.count(try await $0.settings(of: $1.text(1)).readMode)] },
        "ReportCameraSetArea": { try await $0.reportCameraArea($1.text(1)) },
        "ReportCurrentPixelSize": { try await $0.currentPixelSize($1) },
        "ReportMiscCameraParams": { m, a in
            let settings = try await m.settings(of: a.text(1))
            return [.count(settings.processing), .flag(settings.isContinuous)]
        },
        "GetAllCameraSetValues": { try await $0.publishCameraSet($1) },
        "RestoreCameraSet": { try await $0.restoreCameraSet($1.text(1)) },
        "KeepCameraSetChanges": { try await $0.keepCameraSet($1.text(1)) },
    ]
}

extension VirtualMicroscope {
    static var countsPerElectron: Double { SpecimenGrid.countsPerElectron }
    static let binnings = [1.0, 2, 4, 8]
    /// Seconds; no specimen would stand more.
    static let longestExposure = 1000.0

    func set(named text: String) throws -> ParameterSet {
        guard let set = ParameterSet(letter: text) else { throw CommandFailure("\(text) is no camera parameter set.") }
        return set
    }
    func settings(of text: String) throws -> CameraSettings {
        column.sets[try set(named: text)] ?? CameraSettings(exposure: Seconds(1))
    }
    func nameOfChange(_ set: ParameterSet) -> String { "camera set \(set)" }
    /// Changes a set for the time of control, unless KeepCameraSetChanges makes it permanent.
    func changeSet(_ letter: String, _ change: (inout CameraSettings) throws -> Void) throws {
        let set = try set(named: letter)
        let former = column.sets[set] ?? CameraSettings(exposure: Seconds(1))
        var settings = former
        try change(&settings)
        restoreAtEnd(nameOfChange(set)) { $0.column.sets[set] = former }
        column.sets[set] = settings
    }
    func restoreCameraSet(_ letter: String) throws -> [ReportedValue] {
        let wanted = letter.isEmpty ? ParameterSet.allCases : [try set(named: letter)]
        let undos = wanted.compactMap { column.endOfControl.take(nameOfChange($0)) }
        guard !undos.isEmpty else { throw CommandFailure("No camera parameters were changed, so that there is nothing to restore.") }
        for undo in undos { undo(self) }
        return []
    }
    func keepCameraSet(_ letter: String) throws -> [ReportedValue] {
        let wanted = letter.isEmpty ? ParameterSet.allCases : [try set(named: letter)]
        for set in wanted { _ = column.endOfControl.take(nameOfChange(set)) }
        return []
    }

    func checked(exposure: Double) throws -> Seconds {
        guard exposure > 0, exposure <= Self.longestExposure else { throw CommandFailure("An exposure of \(exposure) s is not possible.") }
        return Seconds(exposure)
    }
    func setExposure(_ a: CommandArguments) throws -> [ReportedValue] {
        let exposure = try checked(exposure: a.number(2))
        let settling = try a.number(3, upTo: Self.longestExposure)
        try changeSet(a.text(1)) {
            $0.exposure = exposure
            if a.has(3) { $0.settling = Seconds(max(0, settling)) }
        }
        return []
    }
    /// The exposure of Record that gives a mean, as the image in A has it.
    func setExposure(forMean wanted: Double) throws -> [ReportedValue] {
        let image = try buffer(0)
        let mean = image.image.meanValue
        guard wanted > 0, mean > 0 else { throw CommandFailure("No exposure gives a mean of \(wanted) counts.") }
        let exposure = try checked(exposure: image.conditions.exposure.value * wanted / mean)
        try changeSet("R") { $0.exposure = exposure }
        return []
    }
    private func checked(binning: Double) throws -> Double {
        guard Self.binnings.contains(binning) else { throw CommandFailure("\(binning) is not a legal binning.") }
        return binning
    }
    func setBinning(_ a: CommandArguments) throws -> [ReportedValue] {
        let binning = try checked(binning: a.number(2))
        try changeSet(a.text(1)) { $0.binning = binning }
        return []
    }
    func setCameraArea(_ a: CommandArguments) throws -> [ReportedValue] {
        let (width, height) = Self.chip
        let shares: [String: (Int, Int)] = ["F": (1, 1), "H": (2, 2), "Q": (4, 4), "WH": (1, 2), "WQ": (2, 4)]
        var area: CameraArea
        if let share = shares[a.text(2).uppercased()] {
            let size = (width / share.0, height / share.1)
            area = CameraArea(left: (width - size.0) / 2, top: (height - size.1) / 2, right: (width + size.0) / 2, bottom: (height + size.1) / 2)
        } else {
            guard a.has(5) else { throw CommandFailure("A camera area is F, H, Q, WH, WQ, or left, right, top and bottom.") }
            area = CameraArea(left: a.integer(2), top: a.integer(4), right: a.integer(3), bottom: a.integer(5))
        }
        guard area.left >= 0, area.top >= 0, area.right <= width, area.bottom <= height, area.right - area.left >= 32, area.bottom - area.top >= 32
        else { throw CommandFailure("The area \(a.text(2)) is not on a camera of \(width) x \(height) pixels.") }
        try changeSet(a.text(1)) { $0.area = area }
        return []
    }
    func setCenteredSize(_ a: CommandArguments) throws -> [ReportedValue] {
        let binning = try checked(binning: a.number(2))
        let size = (width: Double(a.integer(3)) * binning, height: Double(a.integer(4)) * binning)
        guard size.width >= 32, size.height >= 32, size.width <= Double(Self.chip.width), size.height <= Double(Self.chip.height) else {
            throw CommandFailure("An image of \(a.integer(3)) x \(a.integer(4)) pixels at binning \(binning) is not possible.")
        }
        let (w, h) = (Int(size.width), Int(size.height))
        let (left, top) = ((Self.chip.width - w) / 2, (Self.chip.height - h) / 2)
        try changeSet(a.text(1)) {
            $0.binning = binning
            $0.area = CameraArea(left: left, top: top, right: left + w, bottom: top + h)
        }
        return []
    }
    func setContinuous(_ letter: String, _ on: Int) throws -> [ReportedValue] {
        try changeSet(letter) { $0.isContinuous = on != 0 }
        return []
    }
    func setProcessing(_ a: CommandArguments) throws -> [ReportedValue] {
        guard (0 ... 2).contains(a.integer(2)) else { throw CommandFailure("Processing is 0, 1 or 2, not \(a.integer(2)).") }
        try changeSet(a.text(1)) { $0.processing = a.integer(2) }
        return []
    }
    func setReadMode(_ a: CommandArguments) throws -> [ReportedValue] {
        guard (0 ... 2).contains(a.integer(2)) else { throw CommandFailure("The read mode is 0, 1 or 2, not \(a.integer(2)).") }
        try changeSet(a.text(1)) { $0.readMode = a.integer(2) }
        return []
    }
    func reportCameraArea(_ letter: String) throws -> [ReportedValue] {
        let settings = try settings(of: letter)
        let area = settings.area(onChip: Self.chip)
        let size = settings.size(onChip: Self.chip)
        return [size.width, size.height, area.left, area.right, area.top, area.bottom].map { .count($0) }
    }
    func currentPixelSize(_ a: CommandArguments) throws -> [ReportedValue] {
        let set = try set(named: a.text(1))
        let index = column.lowDoseIsOn ? column.areas[set.area]?.magnification ?? column.magnification : column.magnification
        let pixel = (Magnifications.entry(index) ?? column.currentMagnification).pixelSize
        return [.number(pixel.value * (column.sets[set]?.binning ?? 1))]
    }
    /// Exposure, settling, binning, left, right, top, bottom, processing, mode, read mode.
    func publishCameraSet(_ a: CommandArguments) throws -> [ReportedValue] {
        guard (0 ... CameraState.count).contains(a.integer(1)) else { throw CommandFailure("There is no active camera \(a.integer(1)).") }
        let s = try settings(of: a.text(2))
        let area = s.area(onChip: Self.chip)
        let values = [
            s.exposure.value, s.settling.value, s.binning, Double(area.left), Double(area.right), Double(area.top), Double(area.bottom),
            Double(s.processing), s.isContinuous ? 1 : 0, Double(s.readMode),
        ]
        _ = setVariable(a.text(3), .text(values.map { fixed($0, 4) }.joined(separator: "\n")), persistent: false)
        for (place, value) in zip(4 ..< max(4, a.count + 1), values) { _ = setVariable(a.text(place), .number(value), persistent: false) }
        return []
    }
}
