import Foundation
import Geometry
import ImageFiles
import Navigator
import Targets
import Units

/// What Acquire at Items is going to do, read from the marked items and their targets files, before it is started.
struct AcquisitionPlan: Sendable {
    /// Of all marked areas.
    private(set) var targets = 0
    /// Of all tilt series together, with frames as large as those of the lamella maps.
    private(set) var bytes = 0.0
    /// Targets farther from the stage's place than a distance, as `<file>, target <n>`.
    private var shifts: [(name: String, distance: Double)] = []
    private var stages: [(name: String, place: Point<Frame.Stage>)] = []

    /// PACEtomo's own tilts where the targets file says nothing: -60 to 60 in steps of 3 degrees.
    private static let usualTilts = 41

    /// - Throws: ``WorkflowError`` where a targets file cannot be read.
    init(items: [NavigatorItem], folder: String) throws {
        for item in items where item.acquire && item.note.hasSuffix("_tgts.txt") {
            let path = folder + "/" + item.note
            guard let data = FileManager.default.contents(atPath: path) else {
                throw WorkflowError.refused("The navigator marks '\(item.label)' with the targets file \(path), which cannot be read.")
            }
            let file: PACEtomoTargets
            do {
                file = try PACEtomoTargets(parsing: String(decoding: data, as: UTF8.self))
            } catch {
                throw WorkflowError.refused("The targets file \(path) cannot be used: \(error)")
            }
            stages.append((item.note, item.stage))
            for (index, target) in file.targets.enumerated() {
                let x = target["SSX"].flatMap(Double.init) ?? 0
                let y = target["SSY"].flatMap(Double.init) ?? 0
                shifts.append(("\(item.note), target \(index + 1)", (x * x + y * y).squareRoot()))
            }
            targets += file.targets.count
            let area = String(item.note.dropLast("_tgts.txt".count))
            let tilts = AreaRun(area: area, in: folder).plannedTilts ?? Self.usualTilts
            bytes += Double(file.targets.count * tilts) * Self.frameBytes(area: area, in: folder)
        }
    }

    /// Of a frame of the lamella's map; 16 million pixels where there is none.
    private static func frameBytes(area: String, in folder: String) -> Double {
        let lamella = area.replacing(/_A\d+$/, with: "")
        // A map that cannot be read has been noticed before; the forecast then takes a usual camera.
        guard let header = try? MRCFile.header("\(folder)/\(lamella).mrc") else { return 4096 * 4096 * 2 }
        return Double(header.width) * Double(header.height) * 2
    }

    /// Targets that image shift does not reach, in words.
    func beyond(imageShift limit: Micrometers) -> [String] {
        shifts.filter { !($0.distance <= limit.value) }.map { "\($0.name), is \(($0.distance * 10).rounded() / 10) µm away" }
    }

    /// - Throws: ``WorkflowError`` where an area lies farther out than the stage may go.
    func requireWithin(stage limit: Micrometers) throws {
        for (name, place) in stages where !(abs(place.x) <= limit.value && abs(place.y) <= limit.value) {
            throw WorkflowError.refused(
                "\(name) lies at \(Int(clamped(place.x))), \(Int(clamped(place.y))) µm, beyond stage_limit (\(Int(limit.value)) µm); "
                    + "take its mark for acquisition away in SerialEM's navigator.")
        }
    }
}
