internal import Foundation
internal import Geometry
internal import ImageFiles
internal import Navigator
internal import Raster
internal import Units

/// Stands in for the PACEtomo script: reads the target file that an item names, checks what PACEtomo checks, and writes
/// small tilt series and the run file. Tracking, fitting and measured geometry are not simulated.
struct PACEtomoStandIn: Sendable {
    let noteText: String
    let directory: String
    private(set) var log: [String] = []
    /// The part of the file name before `_tgts.txt`.
    var area: String {
        let stem = noteText.hasSuffix(".txt") ? String(noteText.dropLast(4)) : noteText
        return stem.hasSuffix("_tgts") ? String(stem.dropLast(5)) : stem
    }
    var stem: String { noteText.hasSuffix(".txt") ? String(noteText.dropLast(4)) : noteText }

    init(note: String, directory: String) {
        noteText = note
        self.directory = directory
    }
    mutating func note(_ line: String) { log.append(line) }

    func saveLog() {
        let name = area.isEmpty || area.contains("/") ? "PACEtomo" : area
        let text = log.joined(separator: "\n") + "\n"
        // A log that cannot be written changes nothing about the run.
        try? text.write(toFile: "\(directory)/\(name).log", atomically: true, encoding: .utf8)
    }

    /// The file that PACEtomo reads: the last run file if there is one.
    func chosenFile() throws -> String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let runs = names.filter { $0.hasPrefix("\(stem)_run") && $0.hasSuffix(".txt") && $0.count == stem.count + 10 }.sorted()
        let candidates = (names.contains(noteText) ? [noteText] : []) + runs
        guard let last = candidates.last else { throw PACEtomoStop(kind: .stopped, reason: "Target file \(noteText) not found.") }
        return last
    }

    /// The tilt angles in the order of a grouped dose-symmetric scheme.
    static func tilts(start: Double, minimum: Double, maximum: Double, step: Double, group: Int) -> [Double] {
        guard step > 0, minimum <= start, start <= maximum, group > 0 else { return [start] }
        var up = stride(from: start + step, through: maximum + 1e-6, by: step).map { $0 }[...]
        var down = stride(from: start - step, through: minimum - 1e-6, by: -step).map { $0 }[...]
        var out = [start]
        while !up.isEmpty || !down.isEmpty {
            out += up.prefix(group)
            up = up.dropFirst(group)
            out += down.prefix(group)
            down = down.dropFirst(group)
        }
        return out
    }
}

extension VirtualMicroscope {
    func run(_ script: inout PACEtomoStandIn, on item: NavigatorItem) async throws {
        guard script.noteText.hasSuffix(".txt") else { throw PACEtomoStop(kind: .stopped, reason: "The note of item \(item.label) names no target file: \(script.noteText)") }
        let name = try script.chosenFile()
        script.note("Target file: \(name)")
        guard let data = FileManager.default.contents(atPath: "\(directory)/\(name)") else {
            throw PACEtomoStop(kind: .stopped, reason: "\(name) cannot be read.")
        }
        if data.starts(with: [0xEF, 0xBB, 0xBF]) { throw PACEtomoStop(kind: .indexError, reason: "line 1: byte order mark") }
        let file = try PACEtomoTargetFile(String(decoding: data, as: UTF8.self))
        for warning in file.warnings { script.note("WARNING: \(warning)") }
        try check(file, item)
        properties["ImageShiftLimit"] = file.settings["imageShiftLimit"] ?? 20

        _ = await goToImagingState("3")
        try await moveStage(to: item.stage, z: item.z)
        _ = try await findEucentricity(1)
        let first = file.targets[0]
        guard let x = first["stageX"].flatMap(Double.init), let y = first["stageY"].flatMap(Double.init) else {
            throw PACEtomoStop(kind: .keyError, reason: "'stageX' of target 1")
        }
        try await moveStage(to: Point(x: x, y: y))
        acquired(try await expose(.view))
        if let view = first["viewfile"] { try await alignView(view, &script) }
        acquired(try await expose(.preview))
        _ = await autoFocus(mode: 1)

        let limit = (file.settings["imageShiftLimit"] ?? 20) - (file.settings["alignLimit"] ?? 0.5)
        var kept: [Int] = []
        for (number, target) in file.targets.enumerated() {
            let shift = (Double(target["SSX"] ?? "") ?? 0, Double(target["SSY"] ?? "") ?? 0)
            if target["skip"] == "True" { script.note("Target \(number + 1) is skipped."); continue }
            if (shift.0 * shift.0 + shift.1 * shift.1).squareRoot() > limit {
                script.note("WARNING: Target \(number + 1) is too far away and is skipped.")
                continue
            }
            kept.append(number)
        }
        try await acquireSeries(file, kept: kept, at: Point(x: x, y: y), &script)
        try writeRunFile(file, script)
        script.note("Done: \(kept.count) of \(file.targets.count) targets.")
    }

    private func check(_ file: PACEtomoTargetFile, _ item: NavigatorItem) throws {
        guard !file.targets.isEmpty else { throw PACEtomoStop(kind: .indexError, reason: "the file has no targets") }
        if file.hasSavedPosition { throw PACEtomoStop(kind: .stopped, reason: "A question about recovery waits for a person.") }
        for (number, target) in file.targets.enumerated() {
            for key in ["tsfile", "skip"] where target[key] == nil {
                throw PACEtomoStop(kind: .keyError, reason: "'\(key)' of target \(number + 1)")
            }
            for key in ["SSX", "SSY"] where Double(target[key] ?? "") == nil {
                throw PACEtomoStop(kind: target[key] == nil ? .keyError : .valueError, reason: "'\(key)' of target \(number + 1)")
            }
            if let view = target["viewfile"], (try? MRCFile.header("\(directory)/\(view)")) == nil {
                throw PACEtomoStop(kind: .stopped, reason: "File \(view) of target \(number + 1) cannot be opened after 5 tries.")
            }
        }
        for key in ["stageX", "stageY"] where file.targets[0][key] == nil {
            throw PACEtomoStop(kind: .keyError, reason: "'\(key)' of target 1")
        }
        if file.switches["previewAli"] ?? true {
            guard item.kind == .map, let map = item.mapFile, FileManager.default.fileExists(atPath: map) else {
                throw PACEtomoStop(kind: .stopped, reason: "The item is not a map whose file exists; previewAli needs one.")
            }
        }
        for name in ["groupSize", "tgtMntSize"] where file.settings[name] != nil {
            throw PACEtomoStop(kind: .stopped, reason: "TypeError: 'float' object cannot be interpreted as an integer (\(name))")
        }
    }

    private func alignView(_ name: String, _ script: inout PACEtomoStandIn) async throws {
        let path = "\(directory)/\(name)"
        let image = try MRCFile.read(path).asUInt16
        let header = try MRCFile.header(path)
        guard let now = buffers[0] else { return }
        var conditions = now.conditions
        conditions.pixelSize = header.pixelSize
        conditions.binning = header.pixelSize / conditions.magnification.pixelSize
        guard header.pixelSize.value > 0 else { throw PACEtomoStop(kind: .stopped, reason: "\(name) has no pixel size.") }
        buffers[15] = ImageBuffer(image: image, conditions: conditions, file: path, section: 0)
        let limit = Double(min(image.width, image.height)) * 0.6
        let scale = now.conditions.pixelSize.value / header.pixelSize.value
        let scaled = now.image.resized(width: max(1, Int(Double(now.image.width) * scale)), height: max(1, Int(Double(now.image.height) * scale)))
        guard let peak = Registration.shift(of: scaled, onto: image.map(Float.init), limit: limit), peak.strength > 0.2 else {
            script.note("WARNING: View does not match \(name); no alignment.")
            return
        }
        let shift = Vector<Frame.Camera>(dx: -peak.dx * conditions.binning, dy: peak.dy * conditions.binning)
        let specimen = conditions.magnification.cameraToSpecimen(shift)
        script.note("View alignment: \(fixed(specimen.dx * 1000, 0)) \(fixed(specimen.dy * 1000, 0)) nm")
        _ = await setImageShift(column.imageShift + Magnifications.specimenToImageShift(specimen))
    }

    private func acquireSeries(_ file: PACEtomoTargetFile, kept: [Int], at place: Point<Frame.Stage>, _ script: inout PACEtomoStandIn) async throws {
        let base = column.imageShift
        let savedSettings = column.sets[.record]
        defer {
            column.imageShift = base
            column.sets[.record] = savedSettings
        }
        // An eighth of the chip along each side keeps a night of series small.
        column.sets[.record]?.fraction = 0.125
        let pretilt = file.settings["pretilt"] ?? 0
        let start = file.switches["autoStartTilt"] == true ? -pretilt.rounded() : file.settings["startTilt"] ?? 0
        let tilts = PACEtomoStandIn.tilts(
            start: start, minimum: max(-70, (file.settings["minTilt"] ?? -60) + start),
            maximum: min(70, (file.settings["maxTilt"] ?? 60) + start), step: file.settings["step"] ?? 3, group: 2)
        var series: [Int: OpenImageFile] = [:]
        for number in kept {
            let path = "\(directory)/\(file.targets[number]["tsfile"] ?? "")"
            if FileManager.default.fileExists(atPath: path) {
                try? FileManager.default.removeItem(atPath: "\(path)~")
                try FileManager.default.moveItem(atPath: path, toPath: "\(path)~")
            }
            series[number] = OpenImageFile(newAt: path)
        }
        var doses: [Int: Double] = [:]
        for angle in tilts {
            _ = try await tiltTo(Degrees(angle))
            for number in kept {
                let target = file.targets[number]
                let shift = Vector<Frame.Specimen>(
                    dx: Double(target["SSX"] ?? "") ?? 0, dy: (Double(target["SSY"] ?? "") ?? 0) * cosine(Degrees(angle)))
                column.imageShift = base + Magnifications.specimenToImageShift(shift)
                let image = try await expose(.record)
                let prior = doses[number] ?? 0
                try series[number]?.append(
                    image,
                    more: [
                        ("PriorRecordDose", fixed(prior, 4)), ("SpecimenShift", "\(fixed(shift.dx, 5)) \(fixed(shift.dy, 5))"),
                        ("EucentricOffset", "0.0"),
                    ])
                doses[number] = prior + image.conditions.dose.value
            }
        }
        for number in kept { try series[number]?.writer?.close() }
        _ = try await tiltTo(Degrees(0))
        script.note("\(tilts.count) tilts from \(fixed(tilts.min() ?? 0, 1)) to \(fixed(tilts.max() ?? 0, 1)) degrees.")
    }

    /// The final form of the run file: targets and empty branches, without settings, saved position and geometry points.
    private func writeRunFile(_ file: PACEtomoTargetFile, _ script: PACEtomoStandIn) throws {
        let order = ["tgtfile", "tsfile", "viewfile", "SSX", "SSY", "stageX", "stageY", "LDArea", "SPACEscore"]
        var text = ""
        for (number, target) in file.targets.enumerated() {
            text += "_tgt = \(number < 9 ? "00" : number < 99 ? "0" : "")\(number + 1)\n"
            let rest = target.keys.filter { !order.contains($0) && $0 != "skip" }.sorted()
            for key in order + rest + ["skip"] { if let value = target[key] { text += "\(key) = \(value)\n" } }
            for branch in ["_pbr", "_nbr"] {
                text += "\(branch)\nSSX = \(target["SSX"] ?? "0")\nSSY = \(target["SSY"] ?? "0")\nfocus = 0\nz0 = 0\nskip = \(target["skip"] ?? "False")\n"
            }
            text += "\n"
        }
        var run = 1
        func path() -> String { "\(directory)/\(script.stem)_run\(run < 10 ? "0" : "")\(run).txt" }
        while FileManager.default.fileExists(atPath: path()) { run += 1 }
        try AtomicFile.write(text, to: path())
    }
}
