internal import Foundation
internal import Geometry
internal import ImageFiles
internal import Navigator
internal import Raster
internal import Units

/// Stands in for the PACEtomo script: reads the target file that an item names, checks what PACEtomo checks, and writes
/// small tilt series and the run file. Tracking, fitting, recovery and measured geometry are not simulated.
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
        let tilts = PACEtomoTilts(file, stageLimit: properties["MaximumTiltAngle"] ?? 70)
        try check(file, item, tilts)
        properties["ImageShiftLimit"] = file.settings["imageShiftLimit"] ?? 20

        column.beamIsBlanked = false  // the client before may have left it blanked, and the script does not look
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
        if file.isOn("measureGeo", default: false) {
            for (number, point) in file.geometry.enumerated() {
                for key in ["SSX", "SSY"] where point[key] == nil {
                    throw PACEtomoStop(kind: .keyError, reason: "'\(key)' of geometry point \(number + 1)")
                }
            }
        }
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
        var runFile = PACEtomoRunFile(
            file, tilts: tilts, kept: kept, column: column,
            path: PACEtomoRunFile.path(directory: directory, stem: script.stem))
        try await acquireSeries(file, kept: kept, tilts, &runFile, &script)
        try runFile.write(at: nil)
        script.note("Done: \(kept.count) of \(file.targets.count) targets.")
    }

    private func check(_ file: PACEtomoTargetFile, _ item: NavigatorItem, _ tilts: PACEtomoTilts) throws {
        guard !file.targets.isEmpty else { throw PACEtomoStop(kind: .indexError, reason: "the file has no targets") }
        if file.hasSavedPosition { throw PACEtomoStop(kind: .stopped, reason: "A question about recovery waits for a person.") }
        let limit = properties["MaximumTiltAngle"] ?? 70
        if tilts.minimum < -limit || tilts.maximum > limit {
            throw PACEtomoStop(kind: .stopped, reason: "A question about tilts beyond the stage limit of \(fixed(limit, 0)) degrees waits for a person.")
        }
        for (number, target) in file.targets.enumerated() {
            guard target["tsfile"] != nil else { throw PACEtomoStop(kind: .keyError, reason: "'tsfile' of target \(number + 1)") }
            for key in ["SSX", "SSY"] where Double(target[key] ?? "") == nil {
                throw PACEtomoStop(kind: target[key] == nil ? .keyError : .valueError, reason: "'\(key)' of target \(number + 1)")
            }
            // The word None is a file name like any other.
            for name in ["viewfile", "tgtfile"].compactMap({ target[$0] }) where (try? MRCFile.header("\(directory)/\(name)")) == nil {
                throw PACEtomoStop(kind: .stopped, reason: "File \(name) of target \(number + 1) cannot be opened after 5 tries.")
            }
        }
        for key in ["stageX", "stageY"] where file.targets[0][key] == nil {
            throw PACEtomoStop(kind: .keyError, reason: "'\(key)' of target 1")
        }
        if file.isOn("previewAli", default: true) {
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
        let scaled = now.image.resized(width: max(1, Int(clamped: Double(now.image.width) * scale)), height: max(1, Int(clamped: Double(now.image.height) * scale)))
        guard let peak = Registration.shift(of: scaled, onto: image.map(Float.init), limit: limit), peak.strength > 0.2 else {
            script.note("WARNING: View does not match \(name); no alignment.")
            return
        }
        let shift = Vector<Frame.Camera>(dx: -peak.dx * conditions.binning, dy: peak.dy * conditions.binning)
        let specimen = conditions.magnification.cameraToSpecimen(shift)
        script.note("View alignment: \(fixed(specimen.dx * 1000, 0)) \(fixed(specimen.dy * 1000, 0)) nm")
        _ = try await setImageShift(column.imageShift + Magnifications.specimenToImageShift(specimen))
    }

    private func acquireSeries(
        _ file: PACEtomoTargetFile, kept: [Int], _ plan: PACEtomoTilts, _ runFile: inout PACEtomoRunFile, _ script: inout PACEtomoStandIn
    ) async throws {
        let base = column.imageShift
        let savedSettings = column.sets[.record]
        defer {
            column.imageShift = base
            column.sets[.record] = savedSettings
        }
        // An eighth of the chip along each side keeps a night of series small.
        column.sets[.record]?.fraction = 0.125
        let tilts = plan.inOrder(group: 2)
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
        for (tiltNumber, angle) in tilts.enumerated() {
            _ = try await tiltTo(Degrees(angle))
            for number in kept {
                try checkStop()
                let target = file.targets[number]
                let shift = Vector<Frame.Specimen>(
                    dx: Double(target["SSX"] ?? "") ?? 0, dy: (Double(target["SSY"] ?? "") ?? 0) * cosine(Degrees(angle)) / cosine(Degrees(plan.ofTargets)))
                column.imageShift = base + Magnifications.specimenToImageShift(shift)
                let image = try await expose(.record)
                let prior = doses[number] ?? 0
                try fillDiskOnDemand(series[number]?.path ?? directory)
                try series[number]?.append(
                    image,
                    more: [
                        ("PriorRecordDose", fixed(prior, 4)), ("SpecimenShift", "\(fixed(shift.dx, 5)) \(fixed(shift.dy, 5))"),
                        ("EucentricOffset", "0.0"),
                    ])
                doses[number] = prior + image.conditions.dose.value
                runFile.add(target: number, angle: angle, start: plan.start) {
                    $0.shift = shift
                    $0.focus = column.defocus.value
                    $0.imageShift = column.imageShift
                    $0.shifts.append(shift.dy)
                    $0.angles.append(angle)
                    $0.dose = prior + image.conditions.dose.value
                    $0.section = tiltNumber
                }
                try runFile.write(at: (tiltNumber, number))
            }
        }
        for number in kept { try series[number]?.writer?.close() }
        _ = try await tiltTo(Degrees(0))
        script.note("\(tilts.count) tilts from \(fixed(tilts.min() ?? 0, 1)) to \(fixed(tilts.max() ?? 0, 1)) degrees.")
    }
}
