internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let cameraCommands: [String: CommandHandler] = [
        "V": { m, _ in try await m.takeImage(.view) }, "View": { m, _ in try await m.takeImage(.view) },
        "F": { m, _ in try await m.takeImage(.focus) }, "Focus": { m, _ in try await m.takeImage(.focus) },
        "T": { m, _ in try await m.takeImage(.trial) }, "Trial": { m, _ in try await m.takeImage(.trial) },
        "R": { m, _ in try await m.takeImage(.record) }, "Record": { m, _ in try await m.takeImage(.record) },
        "L": { m, _ in try await m.takeImage(.preview) }, "Preview": { m, _ in try await m.takeImage(.preview) },
        "Search": { m, _ in try await m.takeImage(.search) },
        "RetractCameras": { _, _ in [] },
        "ReportCameraInserted": { _, _ in [.number(1)] },
        "SelectCamera": { try await $0.selectCamera($1.integer(1)) },
        "ReportCameraName": { _, a in [.text(a.integer(1) <= 1 ? "Virtual camera" : "NOCAM")] },
        "CameraProperties": { try await $0.cameraProperties($1) },
        "SetExposure": { try await $0.setExposure($1) },
        "SetBinning": { try await $0.setBinning($1) },
        "ReportExposure": { m, a in
            let settings = try await m.settings(of: a.text(1))
            return [.number(settings.exposure.value), .number(settings.settling.value)]
        },
        "ReportBinning": { [.number(try await $0.settings(of: $1.text(1)).binning)] },
        "ReportReadMode": { _, _ in [.number(1)] },
        "ReportCurrentPixelSize": { try await $0.currentPixelSize($1) },
        "RestoreCameraSet": { _, _ in [] },
        "KeepCameraSetChanges": { _, _ in [] },
    ]
}

extension VirtualMicroscope {
    func takeImage(_ set: ParameterSet) async throws -> [ReportedValue] {
        acquired(try await expose(set))
        return []
    }
    func selectCamera(_ number: Int) throws -> [ReportedValue] {
        guard number == 1 else { throw CommandFailure("There is no active camera \(number).") }
        return []
    }
    func cameraProperties(_ a: CommandArguments) throws -> [ReportedValue] {
        let index = a.integer(2)
        guard let magnification = index == 0 ? column.currentMagnification : Magnifications.entry(index) else {
            throw CommandFailure("There is no magnification with the index \(index).")
        }
        return [
            .count(Self.chip.width), .count(Self.chip.height), .number(0), .number(5), .number(magnification.pixelSize.value),
            .number(1),
        ]
    }
    func set(named text: String) throws -> ParameterSet {
        guard let set = ParameterSet(letter: text) else { throw CommandFailure("\(text) is no camera parameter set.") }
        return set
    }
    func settings(of text: String) throws -> CameraSettings {
        column.sets[try set(named: text)] ?? CameraSettings(exposure: Seconds(1))
    }
    /// Seconds; no specimen would stand more.
    private static let longestExposure = 1000.0
    static let binnings = [1.0, 2, 4, 8]
    func setExposure(_ a: CommandArguments) throws -> [ReportedValue] {
        let set = try set(named: a.text(1))
        let exposure = try a.number(2)
        let settling = try a.number(3, upTo: Self.longestExposure)
        guard exposure > 0, exposure <= Self.longestExposure else { throw CommandFailure("An exposure of \(exposure) s is not possible.") }
        column.sets[set]?.exposure = Seconds(exposure)
        if a.has(3) { column.sets[set]?.settling = Seconds(max(0, settling)) }
        return []
    }
    func setBinning(_ a: CommandArguments) throws -> [ReportedValue] {
        let set = try set(named: a.text(1))
        let binning = try a.number(2)
        guard Self.binnings.contains(binning) else { throw CommandFailure("\(binning) is not a legal binning.") }
        column.sets[set]?.binning = binning
        return []
    }
    func currentPixelSize(_ a: CommandArguments) throws -> [ReportedValue] {
        let set = try set(named: a.text(1))
        let index = column.lowDoseIsOn ? column.areas[set.area]?.magnification ?? column.magnification : column.magnification
        let pixel = (Magnifications.entry(index) ?? column.currentMagnification).pixelSize
        return [.number(pixel.value * (column.sets[set]?.binning ?? 1))]
    }
}
