internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// How frames are taken and kept.
    static let frameCommands: [String: CommandHandler] = [
        "SetFrameTime": { try await $0.setFrameTime($1.text(1), $1.number(2)) },
        "ChangeFrameAndExposure": { try await $0.scaleFrames($1.text(1), by: $1.number(2)) },
        "SetDoseFracParams": { try await $0.setFractionation($1) },
        "ReportDoseFracParams": { try await $0.reportFractionation($1.text(1)) },
        "ReportFrameAliParams": { m, _ in await m.column.camera.frameAlignment.map { .count($0) } },
        "SetFrameAliParams": { m, a in
            await m.change { column in
                for place in 1 ... 6 where a.has(place) { column.camera.frameAlignment[place - 1] = a.integer(place) }
            }
        },
        "SkipFrameAliParamCheck": { _, _ in [] },
        "ReportK2FileParams": { m, _ in await m.column.camera.frameFile.map { .count($0) } },
        "SetK2FileParams": { m, a in
            await m.change { column in
                for place in 1 ... 6 where a.has(place) { column.camera.frameFile[place - 1] = a.integer(place) }
            }
        },
    ]
}

extension VirtualMicroscope {
    /// Frames come in steps of a hundredth of a second.
    private func checked(frameTime: Double) throws -> Seconds {
        guard frameTime >= 0.01, frameTime <= 100 else { throw CommandFailure("A frame time of \(frameTime) s is not possible.") }
        return Seconds((frameTime * 100).rounded() / 100)
    }
    func setFrameTime(_ letter: String, _ time: Double) throws -> [ReportedValue] {
        let time = try checked(frameTime: time)
        try changeSet(letter) { $0.frames.frameTime = time }
        return [.number(time.value)]
    }
    func scaleFrames(_ letter: String, by factor: Double) throws -> [ReportedValue] {
        let before = try settings(of: letter)
        let time = try checked(frameTime: before.frames.frameTime.value * factor)
        let exposure = try checked(exposure: before.exposure.value * factor)
        try changeSet(letter) {
            $0.frames.frameTime = time
            $0.exposure = exposure
        }
        return [.number(time.value), .number(exposure.value)]
    }
    func setFractionation(_ a: CommandArguments) throws -> [ReportedValue] {
        try changeSet(a.text(1)) {
            $0.frames.fractionate = a.integer(2) != 0
            if a.has(3) { $0.frames.save = a.integer(3) != 0 }
            if a.has(4) { $0.frames.align = a.integer(4) != 0 }
            if a.has(5) { $0.frames.alignmentMethod = a.integer(5) }
            if a.has(6) { $0.frames.sumFrames = a.integer(6) != 0 }
        }
        return []
    }
    func reportFractionation(_ letter: String) throws -> [ReportedValue] {
        let f = try settings(of: letter).frames
        return [
            .flag(f.fractionate), .flag(f.save), .flag(f.align), .count(f.alignmentMethod), .flag(f.sumFrames), .number(f.frameTime.value),
        ]
    }
}
