import Foundation
import Geometry
import ImageFiles
import Microscope
import Targets
import Units

/// The dose ledger of a grid: from the book of single exposures, and from the mdocs of maps and tilt series.
extension GridSession {
    /// What is known of each lamella's dose so far, by its number; writes the sidecars.
    func writeDoses(of numbers: [Int]) async throws -> [Int: LamellaDose] {
        var doses: [Int: LamellaDose] = [:]
        for number in numbers {
            let dose = try await dose(of: number)
            try dose.json(limit: settings.maximumDose).write(to: folder.mediumStem(number) + "_dose.json")
            doses[number] = dose
        }
        return doses
    }

    /// What a lamella has got, by the journal's places and the files.
    func dose(of number: Int) async throws -> LamellaDose {
        let found = lamellae.first { $0.number == number }
        let map = try await engine.lastOutput(of: .lamella(slot, number, "centre"), as: LamellaMap.self)
        let targeted = try await targetsInForce(of: number)
        let beam = try await engine.lastOutput(of: .grid(slot, "low-dose-geometry"), as: LowDoseGeometry.self)?.view.beamDiameter
        var entries = found.map(gridMapEntries) ?? []
        entries += bookEntries(number)
        entries += setAsideEntries(number)
        let montage = MontageDose(montage: folder.inFolder(folder.mediumFile(number)))
        if let montage { entries.append(entry(of: montage, file: folder.mediumFile(number), map: map, beam: beam)) }
        let besides = entries.filter { $0.purpose != Self.mapPurpose }.reduce(0) { $0 + $1.dose }
        var targets: [LamellaDose.Target] = []
        var geoPoints: [LamellaDose.GeoPoints] = []
        let times = try await engine.lastOutput(of: .grid(slot, "exposure-times"), as: [String: Double].self) ?? [:]
        for area in targeted?.areas ?? [] {
            let images = pacetomoImages(of: area, view: montage.map { $0.sum.value / Double(max(1, $0.images)) } ?? 0, times: times)
            if let geo = images?.geo, geo.points > 0 {
                geoPoints.append(LamellaDose.GeoPoints(area: area.name, points: geo.points, images: geo.images, dose: geo.dose))
            }
            // A points file that a person is replacing is read the next time.
            let points = (try? PointsFile(data: Data(contentsOf: URL(fileURLWithPath: area.pointsFile))).area.targets) ?? []
            let run = run(of: area)
            let isBegun = run.state != .notBegun
            for (index, target) in points.enumerated() {
                let onMap = map.flatMap { known in montage?.dose(at: target.position, pixelSize: known.picture.pixelSize, beam: beam) } ?? .zero
                targets.append(
                    LamellaDose.Target(
                        area: area.name, number: index + 1, before: besides + onMap.value, series: series(area.name, index + 1),
                        besides: index == 0 ? images?.tracking : images?.others,
                        images: isBegun ? AreaRun.series([AreaNames(area: area.name).seriesFile(index + 1)], in: folder.path).first?.images : nil,
                        planned: isBegun ? run.plannedTilts : nil))
            }
        }
        return LamellaDose(number: number, entries: entries, targets: targets, geoPoints: geoPoints)
    }

    private static let mapPurpose = "lamella map"

    private func entry(of montage: MontageDose, file: String, map: LamellaMap?, beam: Micrometers?) -> LamellaDose.Entry {
        // Before its centre is measured a map counts as if all pieces lay on one another: rather too much than too little.
        let dose = map.map { montage.dose(at: $0.center, pixelSize: $0.picture.pixelSize, beam: beam) } ?? montage.sum
        return LamellaDose.Entry(
            purpose: Self.mapPurpose, images: montage.images, dose: dose.value, sum: montage.sum.value, file: file,
            isCertain: montage.isKnown)
    }

    /// Of maps of the lamella that were cut short and taken anew: all their pieces as if they lay on one another, for where they
    /// lie is known of the present map only.
    private func setAsideEntries(_ number: Int) -> [LamellaDose.Entry] {
        let stem = folder.lamella(number) + "_old"
        let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasPrefix(stem) && $0.hasSuffix(".mrc") }
        return files.sorted().map { file in
            let montage = MontageDose(montage: folder.inFolder(file))
            return LamellaDose.Entry(
                purpose: "lamella map that was cut short", images: montage?.images ?? 0, dose: montage?.sum.value ?? 0,
                sum: montage?.sum.value ?? 0, file: file, isCertain: montage?.isKnown ?? false)
        }
    }

    /// Of the grid's map, and of those that were cut short or dark and taken anew.
    private func gridMapEntries(_ lamella: FoundLamella) -> [LamellaDose.Entry] {
        guard let picture = wholeGridPicture else { return [] }
        let stem = folder.grid + "_"
        // A folder that cannot be listed has nothing to show.
        let others = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter {
            ($0.hasPrefix(stem + "old") || $0.hasPrefix(stem + "dark")) && $0.hasSuffix(".mrc")
        }
        return ([folder.wholeGridFile] + others.sorted()).compactMap { file in
            MontageDose(montage: folder.inFolder(file)).map { montage in
                LamellaDose.Entry(
                    purpose: "grid map", images: montage.images,
                    dose: montage.dose(at: lamella.box.center, pixelSize: picture.pixelSize, beam: nil).value,
                    sum: montage.sum.value, file: file, isCertain: montage.isKnown)
            }
        }
    }

    /// What the book has of a lamella, with what counts for all of them.
    private func bookLines(_ number: Int) -> [ExposureBook.Line] {
        let name = "L\(twoDigits(number))"
        return ExposureBook(folder: folder.path, grid: folder.grid).lines().filter { [name, ExposureBook.wholeGrid].contains($0.lamella) }
    }

    private func bookEntries(_ number: Int) -> [LamellaDose.Entry] {
        let lines = bookLines(number)
        let purposes: [(ExposureBook.Purpose, String)] = [
            (.eucentricity, "eucentricity"), (.intermediate, "intermediate image"), (.realignment, "realignment"), (.unsavedPiece, "piece of a lamella map that was not saved"),
        ]
        return purposes.compactMap { purpose, words in
            let own = lines.filter { $0.purpose == purpose }
            guard !own.isEmpty else { return nil }
            let dose = own.reduce(0) { $0 + $1.dose }
            // At this magnification the beam is larger than any lamella, and the lamella in the middle of it.
            return LamellaDose.Entry(
                purpose: words, images: own.reduce(0) { $0 + $1.images }, dose: dose, sum: dose, file: nil,
                isCertain: own.allSatisfy { $0.isCounted && $0.dosePerImage != nil })
        }
    }

    /// Of a tilt series, once there is one, with those that were cut short and set aside.
    private func series(_ area: String, _ target: Int) -> Double? {
        let sections = seriesSections(area, target)
        return sections.isEmpty ? nil : sections.reduce(0) { $0 + ($1.double("ExposureDose") ?? 0) }
    }

    private func seriesSections(_ area: String, _ target: Int) -> [MdocSection] {
        let file = AreaNames(area: area).seriesFile(target)
        var names = [file]
        var k = 1
        while FileManager.default.fileExists(atPath: folder.inFolder("\(file.dropLast(4))_old\(k).mrc")) {
            names.append("\(file.dropLast(4))_old\(k).mrc")
            k += 1
        }
        // An mdoc that cannot be read is being written; it is read the next time.
        return names.map { folder.inFolder($0) + ".mdoc" }.filter(FileManager.default.fileExists).flatMap { (try? Mdoc.read($0).pieces) ?? [] }
    }

    /// What PACEtomo's images besides the series put on the tracking target, on the others and on the geo points of an area, once it was begun.
    private func pacetomoImages(
        of area: TargetedLamella.Area, view: Double, times: [String: Double]
    ) -> (tracking: Double, others: Double, geo: (points: Int, images: Int, dose: Double))? {
        let run = run(of: area)
        guard run.state != .notBegun, !times.isEmpty,
            let data = FileManager.default.contents(atPath: folder.inFolder(AreaNames(area: area.name).targetsFile)),
            let file = try? PACEtomoTargets(parsing: String(decoding: data, as: UTF8.self)),
            let record = seriesSections(area.name, 1).first, let dose = record.double("ExposureDose"), let time = record.double("ExposureTime") ?? times["R"],
            time > 0, dose > 0
        else { return nil }
        let images = PACEtomoImages(file, tilts: run.plannedTilts ?? 0)
        let geo = images.atGeoPoints(recordRate: dose / time, times: times)
        return (images.dose(view: view, recordRate: dose / time, times: times), images.doseOfOthers(view: view), (images.geoPoints, geo.images, geo.dose))
    }

    /// Reads what the doses of PACEtomo's images are estimated from. A SerialEM that does not tell leaves them unknown.
    func noteExposureTimes() async throws {
        let times: [String: Double]
        do {
            times = try await microscope.exposureTimes()
        } catch let error as MicroscopeError where error.code == .refused {
            engine.note(.note("SerialEM does not tell exposure times, so that doses of PACEtomo's own images stay unknown: \(error.message)"))
            return
        }
        _ = try await engine.run(Step(.grid(slot, "exposure-times"), title: "Note the exposure times", input: times) { times })
    }

    /// Why a lamella may not be exposed any further, if it may not.
    ///
    /// What a step is going to give is taken from the same step on other lamellae of the grid.
    func doseRefusal(_ number: Int, before work: Checkpoint.LamellaWork) async throws -> String? {
        let limit = settings.maximumDose
        guard limit > .zero else { return nil }
        let own = try await dose(of: number)
        warnOfUnknownDoses(of: number)
        var ahead = Dose.zero
        switch work {
        case .recentring:
            guard try await engine.lastOutput(of: .lamella(slot, number, "recentred"), as: RecentredLamella.self) == nil else { return nil }
            ahead = try await rest(of: Set(["eucentricity", "intermediate image"]), for: own)
        case .mapping:
            guard try await engine.lastOutput(of: .lamella(slot, number, "medium-map"), as: String.self) == nil else { return nil }
            ahead = try await rest(of: [Self.mapPurpose], for: own)
        case .acquisition: break
        }
        let total = own.beforeAcquisition + ahead
        guard total > limit else { return nil }
        return "it has got \(own.words)" + (ahead > .zero ? ", and this step would add about \(LamellaDose.words(ahead))" : "")
            + "; maximum_dose_before_acquisition is \(LamellaDose.words(limit))"
    }

    /// Says once in a run that a limit cannot be kept of doses that nobody tells. That a lost connection hides those of an image says nothing.
    private func warnOfUnknownDoses(of number: Int) {
        guard !unknownDosesAreTold, bookLines(number).contains(where: { $0.isCounted && $0.images > 0 && $0.dosePerImage == nil }) else { return }
        unknownDosesAreTold = true
        engine.note(
            .warning(
                "maximum_dose_before_acquisition is set and SerialEM tells no dose of \(folder.grid)'s images, so that the limit cannot be kept: "
                    + "calibrate the electron dose in SerialEM"))
    }

    /// What a step is going to add to what it has given this lamella, when it was begun before.
    private func rest(of purposes: Set<String>, for own: LamellaDose) async throws -> Dose {
        let given = own.entries.filter { purposes.contains($0.purpose) }.reduce(0) { $0 + $1.dose }
        return max(.zero, try await largest(purposes) - Dose(given))
    }

    /// The most that any lamella of the grid got for some purposes; before its first one, that any of the session's other grids got.
    private func largest(_ purposes: Set<String>) async throws -> Dose {
        let all = lamellae
        var most = Dose.zero
        for lamella in all {
            let entries = try await dose(of: lamella.number).entries.filter { purposes.contains($0.purpose) }
            most = max(most, Dose(entries.reduce(0) { $0 + $1.dose }))
        }
        return most > .zero ? most : try await largestElsewhere(purposes)
    }

    /// All grids of a session are imaged in the same states; what their lamellae got is in their sidecars.
    private func largestElsewhere(_ purposes: Set<String>) async throws -> Dose {
        var most = Dose.zero
        for other in settings.gridList where other != slot {
            guard let name = try await engine.lastOutput(of: .grid(other, "name"), as: String.self) else { continue }
            let maps = GridFolder(session: settings.sessionFolder, grid: name).maps
            most = max(most, LamellaDose.largest(of: purposes, inSidecarsBelow: maps))
        }
        return most
    }

    /// What a map gives is known after the first one, which no forecast can keep within the limit.
    func tellExcess(of number: Int, _ dose: LamellaDose?) {
        let limit = settings.maximumDose
        guard let dose, limit > .zero, dose.beforeAcquisition > limit else { return }
        engine.note(
            .warning(
                "lamella \(number) of grid \(folder.grid) has got \(dose.words) with its map, and maximum_dose_before_acquisition is \(LamellaDose.words(limit)): "
                    + "what a map gives was not known before"))
    }
}
