public import Microscope
import SerialEMClient
import Units

/// Imaging states, Low Dose and apertures, as a session sets them.
extension SerialEMMicroscope {
    public func check(states: [ImagingStateRequirement]) async throws {
        let c = connection
        for wanted in states {
            let found = try await Self.wording { try await c.imagingStateProperties(wanted.state) }
            guard let found else {
                throw MicroscopeError(
                    .missing, "SerialEM has no imaging state '\(wanted.state)', which \(wanted.key) names; save one or name another.")
            }
            guard (found.type >= 0) == wanted.lowDose else {
                let kind = wanted.lowDose ? "is not a Low Dose state, and must be" : "is a Low Dose state, and must not be"
                throw MicroscopeError(.refused, "Imaging state '\(wanted.state)', which \(wanted.key) names, \(kind).")
            }
        }
    }

    public func use(_ setup: ImagingSetup) async throws -> CameraConditions {
        let c = connection
        try await raiseScreen()
        try await setLowDose(false)
        for state in setup.states { try await goTo(state: state) }
        try await setLowDose(setup.lowDose)
        if setup.lowDose {
            // What a state gave to an area reads only there.
            for state in setup.states { try await requireMagnification(ofState: state) }
            try await goTo(.view)
        }
        if setup.condenserAperture > 0 { try await setAperture(1, "Condenser 2", size: setup.condenserAperture) }
        if let size = setup.objectiveAperture { try await setAperture(2, "Objective", size: size) }
        return try await Self.wording {
            let camera = try await c.cameraProperties()
            guard let pixelSize = camera.pixelSize else {
                throw MicroscopeError(.missing, "SerialEM does not know the camera's pixel size at this magnification.")
            }
            return CameraConditions(width: camera.width, height: camera.height, pixelSize: pixelSize)
        }
    }

    /// Low Dose areas cannot be gone to, and no image be taken, below a screen that an earlier session, a wait or a person left down.
    func raiseScreen() async throws {
        let c = connection
        guard try await Self.wording({ try await c.reportScreenIsDown() }) else { return }
        try await confirm("The screen up") {
            try await c.setScreen(down: false)
        } reads: {
            try await !c.reportScreenIsDown()
        }
    }

    private func setLowDose(_ on: Bool) async throws {
        let c = connection
        try await confirm("Low Dose \(on ? "on" : "off")") {
            // A mode that is set already is not set anew: SerialEM would forget its area.
            if try await c.reportLowDose().isOn != on { _ = try await c.setLowDoseMode(on) }
        } reads: {
            try await c.reportLowDose().isOn == on
        }
    }

    /// Goes to an imaging state; one outside Low Dose reads back by its magnification.
    private func goTo(state: String) async throws {
        let c = connection
        let wanted = try await Self.wording { try await c.imagingStateProperties(state) }
        try await confirm("Imaging state '\(state)'") {
            let code = try await c.goToImagingState(state)
            guard code == 0 else {
                throw MicroscopeError(.refused, "SerialEM refused imaging state '\(state)': \(Self.imagingStateRefusal(code)).")
            }
        } reads: {
            guard let wanted else { return true }
            guard try await c.reportLowDose().isOn == (wanted.type >= 0) else { return false }
            guard wanted.type < 0, wanted.magIndex > 0 else { return true }
            return try await c.reportMagIndex().index == wanted.magIndex
        }
    }

    /// Looks in its Low Dose area whether a state has come through, and sets it once more if not.
    private func requireMagnification(ofState state: String) async throws {
        let c = connection
        guard let wanted = try await Self.wording({ try await c.imagingStateProperties(state) }), wanted.magIndex > 0,
            let area = LowDoseArea(rawValue: wanted.type == 5 ? LowDoseArea.record.rawValue : wanted.type)
        else { return }
        try await goTo(area)
        if try await Self.wording({ try await c.reportMagIndex().index == wanted.magIndex }) { return }
        try await goTo(state: state)
        try await setLowDose(true)
        try await goTo(area)
        guard try await Self.wording({ try await c.reportMagIndex().index == wanted.magIndex }) else {
            throw MicroscopeError(
                .notAsSet, "Imaging state '\(state)' was set twice, and Low Dose \(area.letter) has not its magnification; look at the microscope.")
        }
    }

    func goTo(_ area: LowDoseArea) async throws {
        let c = connection
        try await confirm("Low Dose area \(area.letter)") {
            try await c.goToLowDoseArea(area)
        } reads: {
            try await c.reportLowDose().area == area
        }
    }

    private func setAperture(_ number: Int, _ name: String, size: Int) async throws {
        let c = connection
        try await confirm("\(name) aperture \(size) µm") {
            try await c.setApertureSize(number: number, size: size)
        } reads: {
            try await c.reportApertureSize(number: number) == Double(size)
        }
    }

    private static func imagingStateRefusal(_ code: Int) -> String {
        switch code {
        case 1: "no state has this name"
        case 2: "several states match it"
        case 3: "there are fewer states"
        case 4: "a map-acquire state is set; restore it in SerialEM first"
        case 5: "its camera is not available"
        case 6: "it is for another camera"
        default: "code \(code)"
        }
    }
}
