internal import Raster
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
        "AcquireToMatchBuffer": { try await $0.acquireToMatch($1.text(1)) },
        "EarlyReturnNextShot": { _, _ in [] },
        "RetractCameras": { m, _ in await m.retractCameras() }, "RetractCamera": { m, _ in await m.retractCameras() },
        "ReportCameraInserted": { m, a in
            [.number((0 ... CameraState.count).contains(a.integer(1)) ? await m.column.camera.isInserted ? 1 : 0 : -1)]
        },
        "SelectCamera": { try await $0.selectCamera($1.integer(1)) },
        "ReportCameraName": { _, a in [.text(a.integer(1) <= CameraState.count ? CameraState.name : "NOCAM")] },
        "CameraProperties": { try await $0.cameraProperties($1) },
        "ReportCountScaling": { _, _ in [.number(0), .number(VirtualMicroscope.countsPerElectron)] },
    ]
    static let doseCommands: [String: CommandHandler] = [
        "AccumulateRecordDose": { try await $0.accumulateRecordDose($1.number(1)) },
        "AreaForCumulRecordDose": { try await $0.chooseDoseAccumulator($1.integer(1)) },
    ]
}

extension VirtualMicroscope {
    func takeImage(_ set: ParameterSet) async throws -> [ReportedValue] {
        await insertCamera()
        let image = try await expose(set)
        acquired(image)
        return []
    }
    private static let cameraTravel = Seconds(8)
    private func insertCamera() async {
        guard !column.camera.isInserted else { return }
        await wait(Self.cameraTravel)
        column.camera.isInserted = true
    }
    func retractCameras() async -> [ReportedValue] {
        if column.camera.isInserted { await wait(Self.cameraTravel) }
        column.camera.isInserted = false
        return []
    }
    /// Takes an image with the set, exposure, binning and size of another.
    func acquireToMatch(_ name: String) async throws -> [ReportedValue] {
        let model = try buffer(try bufferIndex(name))
        guard let set = ParameterSet(rawValue: model.conditions.parameterSet), let former = column.sets[set] else {
            throw CommandFailure("The image in \(name) was not taken by the camera.")
        }
        var settings = former
        settings.exposure = model.conditions.exposure
        // The pixel size in a file has fewer digits.
        settings.binning = Self.binnings.first { ($0 - model.conditions.binning).magnitude < 0.02 * $0 } ?? model.conditions.binning
        settings.area = nil
        settings.fraction = 1
        let whole = settings.size(onChip: Self.chip)
        guard Self.binnings.contains(settings.binning), model.image.width <= whole.width, model.image.height <= whole.height else {
            throw CommandFailure("The camera cannot take an image like the one in \(name).")
        }
        column.sets[set] = settings
        defer { column.sets[set] = former }
        await insertCamera()
        var image = try await expose(set)
        image.image = image.image.cropped(
            x: (image.image.width - model.image.width) / 2, y: (image.image.height - model.image.height) / 2,
            width: model.image.width, height: model.image.height, fill: 0)
        acquired(image)
        return []
    }
    func selectCamera(_ number: Int) throws -> [ReportedValue] {
        guard number == 1 else { throw CommandFailure("There is no active camera \(number).") }
        for set in ParameterSet.allCases { column.endOfControl.take(nameOfChange(set))?(self) }
        return []
    }
    func cameraProperties(_ a: CommandArguments) throws -> [ReportedValue] {
        guard (0 ... CameraState.count).contains(a.integer(1)) else { throw CommandFailure("There is no active camera \(a.integer(1)).") }
        let index = a.integer(2)
        guard let magnification = index == 0 ? column.currentMagnification : Magnifications.entry(index) else {
            throw CommandFailure("There is no magnification with the index \(index).")
        }
        _ = setVariable("numberOfCameras", .count(CameraState.count), persistent: false)
        return [
            .count(Self.chip.width), .count(Self.chip.height), .number(0), .number(5), .number(magnification.pixelSize.value),
            .number(1),
        ]
    }

    func accumulateRecordDose(_ dose: Double) -> [ReportedValue] {
        column.recordDose.take(dose)
        return []
    }
    func chooseDoseAccumulator(_ number: Int) throws -> [ReportedValue] {
        guard RecordDoseAccumulators.numbers.contains(number) else { throw CommandFailure("There is no dose accumulator \(number); they are 1 to 254.") }
        column.recordDose.chosen = number
        return []
    }
}
