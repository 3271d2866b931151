import Foundation
import ImageFiles
import InferenceWire
import Microscope
import Targets
import Units

/// PACEtomo's targets files as people and PACEtomo's own tool leave them.
extension GridSession {
    /// The targets files of a lamella that are others than this session wrote.
    func editedTargetsFiles(of number: Int) async throws -> [String] {
        try await engine.products(of: .lamella(slot, number, "target-items")).filter(\.isChanged).map(\.path)
    }

    /// The lamellae with the targets that PACEtomo is going to find in its files. One whose file cannot be used is left out,
    /// and loses its mark in the navigator.
    func withTargetsFilesByHand(_ lamellae: [AnalysedLamella]) async throws -> [AnalysedLamella] {
        var taken: [AnalysedLamella] = []
        for lamella in lamellae {
            guard let targeted = lamella.targeted else {
                taken.append(lamella)
                continue
            }
            let result = try await sparing(lamella: "L\(twoDigits(targeted.number))") { [self] in try await targetsFilesByHand(targeted) }
            guard let result else {
                try await unmark([targeted.number])
                continue
            }
            taken.append(AnalysedLamella(map: lamella.map, segmented: lamella.segmented, targeted: result))
        }
        return taken
    }

    private func targetsFilesByHand(_ targeted: TargetedLamella) async throws -> TargetedLamella {
        let step = StepIdentifier.lamella(slot, targeted.number, "targets-files-by-hand")
        let known = try await engine.lastOutput(of: step, as: [TargetedLamella.Area].self) ?? []
        // What PACEtomo began with stays what it was.
        if try await engine.wasBegun(.grid(slot, "acquisition")) { return targeted.replacing(known) }
        var edited: [TargetedLamella.Area] = []
        let paths = try await editedTargetsFiles(of: targeted.number)
        for area in targeted.areas {
            let path = folder.inFolder(AreaNames(area: area.name).targetsFile)
            guard paths.contains(path) else { continue }
            let targets = try readTargetsFile(path).acquired.count
            let checksum = SHA256.hexadecimal(ofFile: path) ?? ""
            edited.append(TargetedLamella.Area(name: area.name, pointsFile: area.pointsFile, targets: targets, digest: checksum))
            guard known.contains(where: { $0.digest == checksum }) == false else { continue }
            tellFindings(inFile: AreaNames(area: area.name).targetsFile)
            engine.note(.note("\(path) has \(targets) target\(targets == 1 ? "" : "s") instead of \(area.targets) by hand"))
        }
        guard edited != known else { return targeted.replacing(known) }
        let areas = edited
        return targeted.replacing(
            try await engine.run(
                Step(step, title: "Take up the targets files of lamella \(targeted.number)", input: areas) { areas }))
    }

    /// Says what PACEtomo would do otherwise than a targets file seems to say, or where it would ask a person.
    func tellFindings(inFile name: String) {
        guard let data = FileManager.default.contents(atPath: folder.inFolder(name)) else { return }
        // A folder that cannot be listed has nothing to show; whoever writes into it is told.
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let check = TargetsFileCheck(
            surroundings: .init(files: Set(files), imageShiftLimit: context.facts.imageShiftLimit, stageTilt: context.facts.maximumTilt))
        for finding in check.findings(in: String(decoding: data, as: UTF8.self), named: name) where finding.rule.consequence < .lacks {
            engine.note(.warning(finding.description))
        }
    }

    /// - Throws: ``WorkflowError`` where PACEtomo would stop at it.
    nonisolated func readTargetsFile(_ path: String) throws -> PACEtomoTargets {
        func refused(_ reason: String) -> WorkflowError {
            .refused("\(path) cannot be taken up, because PACEtomo would stop at it: \(reason). Put it right, or delete it, and it is written anew.")
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw refused("it cannot be read") }
        do {
            let text = String(decoding: data, as: UTF8.self)
            let file = try PACEtomoTargets(parsing: text)
            try file.checkAcquirable()
            for (index, target) in file.targets.enumerated() where target["skip"] != "True" {
                guard let view = target["viewfile"], !FileManager.default.fileExists(atPath: folder.inFolder(view)) else { continue }
                throw refused("viewfile of target \(index + 1) is '\(view)', which is not in \(folder.path)")
            }
            let stop = TargetsFileCheck().findings(in: text, named: (path as NSString).lastPathComponent).first { $0.rule.consequence == .stops }
            if let stop { throw refused("\(stop.line.map { "line \($0): " } ?? "")\(stop.words)") }
            return file
        } catch let error as PACEtomoParseError {
            throw refused(error.description)
        }
    }

    /// Refuses targets that PACEtomo would leave out, while there are people who can change them.
    nonisolated func requireWithinImageShift(_ file: PACEtomoTargets, _ path: String) throws {
        let limit = PACEtomoLimits.reach(
            imageShiftLimit: context.facts.imageShiftLimit, script: file.settings["imageShiftLimit"].map { Micrometers($0) },
            alignment: file.settings["alignLimit"].map { Micrometers($0) }
        ).value
        for (index, target) in file.targets.enumerated() where target["skip"] != "True" {
            let shift = ["SSX", "SSY"].map { target[$0].flatMap(Double.init) ?? 0 }
            let distance = (shift[0] * shift[0] + shift[1] * shift[1]).squareRoot()
            guard !(distance <= limit) else { continue }
            throw WorkflowError.refused(
                "\(path) cannot be taken up: target \(index + 1) is \((distance * 10).rounded() / 10) µm from the first, beyond the image-shift limit of "
                    + "\(limit) µm, so PACEtomo would leave it out. Move it, or set its skip to True.")
        }
    }
}

extension PACEtomoTargets {
    /// The tilt series that are going to be acquired.
    var acquired: [String] { targets.filter { $0["skip"] != "True" }.compactMap { $0["tsfile"] } }
}

extension TargetedLamella {
    /// With other areas in the place of those of the same name.
    fileprivate func replacing(_ others: [Area]) -> Self {
        TargetedLamella(number: number, areas: areas.map { area in others.first { $0.name == area.name } ?? area })
    }
}
