import Foundation
public import Microscope
import SerialEMClient
import Units

extension SerialEMMicroscope {
    public func examine(_ request: ExaminationRequest) async -> [Finding] {
        var findings = [programFinding(acquires: request.acquires)]
        for state in request.states { findings += await stateFindings(state) }
        findings += await columnFindings(request)
        if request.limitsDose { findings.append(await doseFinding()) }
        for slot in request.slots { findings.append(await slotFinding(slot, wanted: request.names[slot])) }
        findings.append(await folderFinding(request.file))
        return findings
    }

    /// Something that was looked at; what SerialEM does not answer is a finding too.
    private func look(
        _ subject: String, otherwise verdict: Finding.Verdict = .missing, remedy: String? = nil,
        _ body: () async throws -> Finding
    ) async -> Finding {
        do {
            return try await body()
        } catch {
            let reason = (error as? SerialEMError)?.message ?? "\(error)"
            let line = reason.split(whereSeparator: \.isNewline).joined(separator: " ")
            return Finding(subject, verdict, "SerialEM does not tell: \(line)", remedy: remedy)
        }
    }

    /// A release series never gets another number of commands, so that the number tells the series.
    private func programFinding(acquires: Bool) -> Finding {
        let count = version.commandCount
        let series = count >= 841 ? "4.3 or later" : count >= 790 ? "4.2" : count >= 721 ? "4.1" : "older than 4.1"
        let seen = "SerialEM \(series) at \(host):\(port), \(count) commands"
        // NavAcqAtEndUseParams came with 4.2.
        if acquires, count < 790 {
            return Finding("SerialEM", .missing, seen, remedy: "install SerialEM 4.2 or later, which level 5 needs")
        }
        return count < 721 ? Finding("SerialEM", .missing, seen, remedy: "install SerialEM 4.1 or later") : Finding("SerialEM", .good, seen)
    }

    private func stateFindings(_ wanted: ImagingStateRequirement) async -> [Finding] {
        let subject = "imaging state '\(wanted.state)' (\(wanted.key))"
        let c = connection
        var found: ImagingState?
        let state = await look(subject) {
            found = try await c.imagingStateProperties(wanted.state)
            guard let found else {
                return Finding(subject, .missing, "SerialEM has no such state", remedy: "save it in SerialEM, or name another in \(wanted.key)")
            }
            guard (found.type >= 0) == wanted.lowDose else {
                return Finding(
                    subject, .missing, wanted.lowDose ? "it is not a Low Dose state" : "it is a Low Dose state",
                    remedy: "save the state \(wanted.lowDose ? "in" : "outside") Low Dose, or name another in \(wanted.key)")
            }
            return Finding(subject, .good, "there, \(wanted.lowDose ? "Low Dose" : "not Low Dose"), magnification index \(found.magIndex)")
        }
        guard state.verdict == .good, let found, found.magIndex > 0 else { return [state] }
        return [state, await calibrationFinding(found, named: wanted.state)]
    }

    private func calibrationFinding(_ state: ImagingState, named name: String) async -> Finding {
        let subject = "calibrations of '\(name)'"
        let remedy = "calibrate them at magnification index \(state.magIndex) with SerialEM's Calibration menu"
        let c = connection
        return await look(subject, remedy: remedy) {
            var missing: [String] = []
            let camera = try await c.cameraProperties(camera: state.camera, magIndex: state.magIndex)
            if camera.pixelSize == nil { missing.append("pixel size") }
            if try await c.cameraToSpecimenMatrix(magIndex: state.magIndex) == nil { missing.append("image rotation") }
            if try await c.isToSpecimenMatrix(magIndex: state.magIndex) == nil { missing.append("image shift") }
            if try await c.stageToSpecimenMatrix(magIndex: state.magIndex) == nil { missing.append("stage") }
            guard missing.isEmpty, let pixelSize = camera.pixelSize else {
                return Finding(subject, .missing, "missing: \(missing.joined(separator: ", "))", remedy: remedy)
            }
            return Finding(subject, .good, "pixel size \(pixelSize.value.formatted(.number.precision(.significantDigits(4)))) nm, rotation, image shift and stage are there")
        }
    }

    private func columnFindings(_ request: ExaminationRequest) async -> [Finding] {
        let c = connection
        var findings: [Finding] = []
        findings.append(await look("image-shift limit", otherwise: .odd) {
            let limit = try await c.reportProperty("ImageShiftLimit")
            let remedy = "check ImageShiftLimit in SerialEM's properties; 15 to 20 µm are usual"
            return 5 ... 30 ~= limit
                ? Finding("image-shift limit", .good, "\(Self.short(limit)) µm")
                : Finding("image-shift limit", .odd, "\(Self.short(limit)) µm", remedy: remedy)
        })
        findings.append(await look("largest tilt", otherwise: .odd) {
            let tilt = try await c.reportProperty("MaximumTiltAngle")
            let wanted = request.maximumTilt.value
            return tilt >= wanted
                ? Finding("largest tilt", .good, "\(Self.short(tilt)) degrees")
                : Finding(
                    "largest tilt", .missing, "\(Self.short(tilt)) degrees, and max_tilt is \(Self.short(wanted))",
                    remedy: "lower max_tilt, or raise MaximumTiltAngle in SerialEM's properties if the holder allows it")
        })
        findings.append(await look("tilt-axis offset", otherwise: .odd) {
            let axis = try await c.reportTiltAxisOffset()
            let seen = "\(Self.short(axis.offset.value)) µm, \(axis.isApplied ? "" : "not ")applied to image shifts"
            guard axis.offset != .zero, axis.isApplied else {
                return Finding(
                    "tilt-axis offset", request.acquires ? .odd : .good, seen,
                    remedy: request.acquires
                        ? "measure it (PACEtomo's measureOffset), set it, and centre image shift on the tilt axis" : nil)
            }
            return Finding("tilt-axis offset", .good, seen)
        })
        findings.append(await look("stage", otherwise: .odd) {
            let tilt = try await c.reportTiltAngle()
            return tilt.magnitude.value < 1
                ? Finding("stage", .good, "at \(Self.short(tilt.value)) degrees")
                : Finding("stage", .odd, "at \(Self.short(tilt.value)) degrees", remedy: "tilt it to 0 before the grid is mapped")
        })
        findings.append(await look("dewars", otherwise: .odd) {
            try await c.areDewarsFilling()
                ? Finding("dewars", .odd, "a dewar is being filled", remedy: "wait until it is full") : Finding("dewars", .good, "not filling")
        })
        if request.movesObjectiveAperture {
            let remedy = "set aperture_control: false if SerialEM cannot move the apertures"
            findings.append(await look("objective aperture", remedy: remedy) {
                let size = try await c.reportApertureSize(number: 2)
                return Finding("objective aperture", .good, size == 0 ? "out" : "\(Self.short(size)) µm")
            })
        }
        return findings
    }

    /// Whether the beam is calibrated shows only on an image.
    private func doseFinding() async -> Finding {
        let remedy = "calibrate the electron dose in SerialEM, and take an image to see it; without doses maximum_dose_before_acquisition is not kept"
        let c = connection
        return await look("doses", otherwise: .odd, remedy: remedy) {
            guard let dose = try await c.imageDose("A") else {
                return Finding("doses", .odd, "SerialEM tells no dose of the image in buffer A", remedy: remedy)
            }
            return Finding("doses", .good, "\(Self.short(dose.value)) e/Å² for the image in buffer A")
        }
    }

    private func slotFinding(_ slot: Int, wanted: String?) async -> Finding {
        let subject = "grid \(slot)"
        return await look(subject) {
            let found = try await knownSlot(slot)
            let name = found.name.map { "'\($0)'" } ?? "without a name"
            if let wanted, found.place == .cassette || found.place == .stage, found.name != wanted {
                return Finding(
                    subject, .missing, "\(name), and grids says '\(wanted)'", remedy: "put '\(wanted)' into slot \(slot), or change its name in grids")
            }
            switch found.place {
            case .cassette:
                return found.name == nil
                    ? Finding(subject, .odd, "in the cassette, without a name", remedy: "name it in the autoloader's window; its folder will be G\(slot < 10 ? "0" : "")\(slot)")
                    : Finding(subject, .good, "in the cassette, \(name)")
            case .stage: return Finding(subject, .odd, "on the stage, \(name)", remedy: "nothing, if this is the grid to begin with")
            case .notInCassette: return Finding(subject, .missing, "the slot is empty", remedy: "load a cartridge there, or take \(slot) out of grid_list")
            case .noSuchSlot: return Finding(subject, .missing, "the cassette has no such slot", remedy: "take \(slot) out of grid_list")
            }
        }
    }

    private func folderFinding(_ file: String) async -> Finding {
        let subject = "session folder as SerialEM sees it"
        let c = connection
        let folder = (file as NSString).deletingLastPathComponent
        return await look(subject, otherwise: .odd) {
            guard try await c.doesFileExist(file) else {
                return Finding(
                    subject, .missing, "SerialEM does not see \(folder)",
                    remedy: "use a session_dir that both programs see under the same name")
            }
            let free = try await c.reportFreeDiskSpace(folder)
            return Finding(subject, .good, "the same folder, \(Self.short((free * 1.048576e-3).rounded())) GB free")
        }
    }

    private static func short(_ value: Double) -> String { value.formatted(.number.precision(.fractionLength(0 ... 2)).grouping(.never)) }
}
