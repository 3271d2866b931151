import Foundation
import Geometry
import Microscope
import Units

/// One thing that reads otherwise than it did when maps and targets were made.
struct CalibrationChange: Sendable, Hashable {
    /// What it is, as `the pixel size of imaging state '1' (WG_image_state)`.
    let what: String
    let then: String
    let now: String
    /// Whether places or doses of what is there already would be wrong with it.
    let isLarge: Bool
    /// The settings key of the state; nil for what concerns them all.
    let key: String?

    var words: String { "\(what) was \(then) and is \(now)" }

    /// Beyond these a change is large: over a field of 4000 pixels, 1 % or 0.5 degrees are 20 and 17 pixels at the edge.
    static let pixelSizeTolerance = 0.01
    static let rotationTolerance = Degrees(0.5)
    static let matrixTolerance = 0.02
    static let beamTolerance = 0.1
    static let offsetTolerance = Micrometers(0.5)
}

extension Calibrations {
    /// What differs from earlier ones. A state that was not read then is left out.
    func changes(since earlier: Calibrations) -> [CalibrationChange] {
        var changes: [CalibrationChange] = []
        for state in states {
            guard let old = earlier.states.first(where: { $0.key == state.key && $0.state == state.state }) else { continue }
            changes += state.changes(since: old)
        }
        if let old = earlier.tiltAxisOffset, let new = tiltAxisOffset, old != new {
            changes.append(
                CalibrationChange(
                    what: "the offset of the tilt axis", then: "\(shortest(old.value)) µm", now: "\(shortest(new.value)) µm",
                    isLarge: !((new - old).value.magnitude <= CalibrationChange.offsetTolerance.value), key: nil))
        }
        return changes
    }

    /// With what was read of other states before.
    func completed(by earlier: Calibrations) -> Self {
        var all = self
        all.states += earlier.states.filter { old in !states.contains { $0.key == old.key && $0.state == old.state } }
        all.tiltAxisOffset = all.tiltAxisOffset ?? earlier.tiltAxisOffset
        return all
    }
}

extension StateCalibration {
    fileprivate func changes(since old: StateCalibration) -> [CalibrationChange] {
        let place = "imaging state '\(state)' (\(key))"
        var found = Differences(key: key)
        found.compare("the name of \(place)", old.name, name) { "'\($0)'" }
        found.compare("the kind of \(place)", old.type, type)
        found.compare("the camera of \(place)", old.camera, camera)
        found.compare("the magnification index of \(place)", old.magIndex, magIndex)
        found.compare("the pixel size of \(place)", old.pixelSize, pixelSize)
        found.compare("the image rotation of \(place)", old.cameraToSpecimen, cameraToSpecimen)
        found.compare("the calibration of image shift in \(place)", old.imageShiftToSpecimen, imageShiftToSpecimen)
        found.compare("the calibration of the stage in \(place)", old.stageToSpecimen, stageToSpecimen)
        return found.changes
    }
}

extension LowDoseGeometry {
    /// What of the Low Dose areas differs from an earlier reading.
    func changes(since old: LowDoseGeometry) -> [CalibrationChange] {
        var found = Differences(key: "MM_image_state")
        for (name, then, now) in [("View", old.view, view), ("Record", old.record, record)] {
            let place = "Low Dose \(name)"
            if let mag = then.magIndex, let new = now.magIndex { found.compare("the magnification index of \(place)", mag, new) }
            if let spot = then.spotSize, let new = now.spotSize { found.compare("the spot size of \(place)", spot, new) }
            found.compare("the pixel size of \(place)", then.pixelSize, now.pixelSize)
            found.compare("the image rotation of \(place)", then.cameraToSpecimen, now.cameraToSpecimen)
            found.compare("the calibration of image shift in \(place)", then.specimenToImageShift, now.specimenToImageShift)
            found.compare("the beam of \(place)", then.beamDiameter, now.beamDiameter)
        }
        found.compare("the calibration of the stage", old.stageToSpecimen, stageToSpecimen)
        found.compare("the size of the camera", [old.cameraWidth, old.cameraHeight], [cameraWidth, cameraHeight]) { "\($0[0]) x \($0[1])" }
        return found.changes
    }
}

/// Collects differences, each with its own tolerance.
private struct Differences {
    let key: String
    var changes: [CalibrationChange] = []

    private mutating func add(_ what: String, _ then: String, _ now: String, isLarge: Bool) {
        changes.append(CalibrationChange(what: what, then: then, now: now, isLarge: isLarge, key: key))
    }

    mutating func compare<T: Equatable>(_ what: String, _ old: T, _ new: T, _ words: (T) -> String = { "\($0)" }) {
        if old != new { add(what, words(old), words(new), isLarge: true) }
    }

    mutating func compare(_ what: String, _ old: PixelSize?, _ new: PixelSize?) {
        guard old != new else { return }
        func words(_ size: PixelSize?) -> String { size.map { "\(shortest($0.value)) nm" } ?? "not calibrated" }
        guard let old, let new else { return add(what, words(old), words(new), isLarge: true) }
        add(what, words(old), words(new), isLarge: !((new.value / old.value - 1).magnitude <= CalibrationChange.pixelSizeTolerance))
    }

    mutating func compare(_ what: String, _ old: Micrometers, _ new: Micrometers) {
        guard old != new else { return }
        add(
            what, "\(shortest(old.value)) µm wide", "\(shortest(new.value)) µm wide",
            isLarge: !((new.value / old.value - 1).magnitude <= CalibrationChange.beamTolerance))
    }

    /// Told as a rotation where that is what changed, and by its four numbers otherwise.
    mutating func compare<From, To>(_ what: String, _ old: LinearMap<From, To>?, _ new: LinearMap<From, To>?) {
        guard old != new else { return }
        func words(_ map: LinearMap<From, To>?) -> String {
            map.map { "(\([$0.xpx, $0.xpy, $0.ypx, $0.ypy].map(shortest).joined(separator: ", ")))" } ?? "not calibrated"
        }
        guard let old, let new else { return add(what, words(old), words(new), isLarge: true) }
        func angle(_ map: LinearMap<From, To>) -> Double { atan2(map.ypx - map.xpy, map.xpx + map.ypy) * 180 / .pi }
        var turn = (angle(new) - angle(old)).truncatingRemainder(dividingBy: 360)
        if turn > 180 { turn -= 360 } else if turn < -180 { turn += 360 }
        let pairs = zip([old.xpx, old.xpy, old.ypx, old.ypy], [new.xpx, new.xpy, new.ypx, new.ypy])
        let difference = pairs.reduce(0) { $0 + ($1.1 - $1.0) * ($1.1 - $1.0) }.squareRoot()
        let size = pairs.reduce(0) { $0 + $1.0 * $1.0 }.squareRoot()
        let isLarge = !(difference <= CalibrationChange.matrixTolerance * size && turn.magnitude <= CalibrationChange.rotationTolerance.value)
        add(what, words(old), words(new), isLarge: isLarge)
    }
}

/// Four significant digits.
private func shortest(_ value: Double) -> String { value.formatted(.number.precision(.significantDigits(1 ... 4)).grouping(.never)) }
