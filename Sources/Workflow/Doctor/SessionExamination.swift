import Foundation
import ImageFiles
public import InferenceWire
public import Microscope
import Units

/// Looks at everything that a session is going to rely on, and changes nothing but a file that it takes away again.
public struct SessionExamination: Sendable {
    let settings: SessionSettings
    private let predictor: any Predicting

    /// - Parameter predictor: runs the models once.
    public init(settings: SessionSettings, predictor: any Predicting) {
        self.settings = settings
        self.predictor = predictor
    }

    /// What can be seen without a microscope: models, folder, disk, journal.
    public func local() async -> [Finding] {
        await [modelFinding()] + folderFindings() + targetsFileFindings() + scriptFindings()
    }

    /// What the microscope's program tells. A file is put into the session folder meanwhile, to see whether both mean the
    /// same folder.
    public func remote(_ microscope: any Microscope) async throws -> [Finding] {
        let isNew = !FileManager.default.fileExists(atPath: settings.sessionFolder)
        try Folder.make(settings.sessionFolder)
        let file = settings.sessionFolder + "/examination-\(UUID().uuidString).txt"
        defer {
            // A file that is left is harmless and says what it is.
            try? FileManager.default.removeItem(atPath: isNew ? settings.sessionFolder : file)
        }
        try Data("TomoPilot looks whether SerialEM sees this folder.\n".utf8).write(to: URL(fileURLWithPath: file))
        return await microscope.examine(
            ExaminationRequest(
                states: settings.requiredStates, acquires: settings.highestLevel >= 5 && settings.isAcquiredByPACEtomo,
                maximumTilt: settings.gridList.map { settings.of(grid: $0).maximumTilt }.max() ?? settings.maximumTilt,
                slots: settings.gridList, names: settings.grids?.compactMapValues(\.name) ?? [:],
                movesObjectiveAperture: settings.controlsObjectiveAperture,
                limitsDose: settings.maximumDose > .zero, file: file))
    }

    private func modelFinding() async -> Finding {
        do {
            let models = try SessionModels(settings: settings, predictor: predictor)
            try await models.check()
            let names = [models.detectorDescription, models.segmenterDescription].compactMap { $0 }
            return Finding(
                "models", .good,
                names.map { "\($0.name) (\($0.pixelSize.value.formatted()) nm per pixel, SHA-256 \($0.sha256.prefix(12)))" }.joined(separator: ", ")
                    + ": checksums agree, each ran once")
        } catch {
            return Finding("models", .missing, sentence(error), remedy: "put the model right, or name another in WG_model or MM_model; 'tomopilot models' lists those of the store")
        }
    }

    /// Space that one grid needs at most, by the files of levels 1 to 4: a grid map of some hundred pieces, and some dozens
    /// of lamella maps.
    private static let bytesPerGrid = 6.0e9

    private func folderFindings() -> [Finding] {
        var path = settings.sessionFolder
        while path.count > 1, !FileManager.default.fileExists(atPath: path) { path = Folder.of(path) }
        guard FileManager.default.isWritableFile(atPath: path) else {
            return [Finding("session folder", .missing, "\(path) cannot be written", remedy: "choose another session_dir, or change its permissions")]
        }
        var findings: [Finding] = []
        let journal = settings.sessionFolder + "/session.sqlite"
        let isBegun = FileManager.default.fileExists(atPath: journal)
        findings.append(
            Finding("session folder", .good, isBegun ? "\(settings.sessionFolder): a session has begun there and goes on" : "\(settings.sessionFolder): new"))
        let space = (try? FileManager.default.attributesOfFileSystem(forPath: path)[.systemFreeSize] as? NSNumber)?.doubleValue
        if let space {
            let needed = Self.bytesPerGrid * Double(settings.gridList.count)
            let seen = "\(Int(space / 1e9)) GB free, about \(Int(needed / 1e9)) GB needed for maps" + (settings.highestLevel >= 5 ? ", and the tilt series" : "")
            findings.append(
                space >= needed ? Finding("disk", .good, seen) : Finding("disk", .odd, seen, remedy: "free space, or use another session_dir"))
        }
        return findings
    }

    private func scriptFindings() -> [Finding] {
        guard settings.highestLevel >= 5, settings.isAcquiredByPACEtomo else { return [] }
        let number = settings.scriptNumbers[2]
        return [
            Finding(
                "script \(number)", .odd, "SerialEM does not tell what its scripts are",
                remedy: "look that script \(number) in SerialEM is PACEtomo, or change script_numbers")
        ]
    }
}

extension SessionSettings {
    /// The imaging states that the level needs.
    var requiredStates: [ImagingStateRequirement] {
        var states = [ImagingStateRequirement(state: wholeGridState, lowDose: false, key: "WG_image_state")]
        if highestLevel >= 2 {
            states.append(.init(state: intermediateState, lowDose: false, key: "IM_image_state"))
            states += mediumStates.map { .init(state: $0, lowDose: true, key: "MM_image_state") }
        }
        return states
    }
}
