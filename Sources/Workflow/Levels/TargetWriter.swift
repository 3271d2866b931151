import Geometry
import Microscope
import Navigator
import Targets
import Units

/// How chosen targets reach the program that acquires them: what stands beside their map, and what in the Navigator.
///
/// The targets file of an area is written whichever program it is, so that everything else finds the targets there.
protocol TargetWriter: Sendable {
    /// Whether each target has a View image of its own to be aligned to, cut from the map.
    var cutsViews: Bool { get }
    /// Puts an area into the Navigator, whose items of an earlier choice are gone.
    func add(_ area: WrittenArea, to file: inout NavigatorFile)
    /// What people have to know of an area, each as a sentence without its point.
    func remarks(on area: WrittenArea) -> [String]
}

/// A target area as it is written for a program that acquires it.
struct WrittenArea: Sendable {
    /// A View image of a target, cut from the map.
    struct View: Sendable {
        let file: String
        let stage: Point<Frame.Stage>
        let width: Int
        let height: Int
        let minimum: Double
        let maximum: Double
    }
    let names: AreaNames
    /// The folder that SerialEM works in.
    let folder: String
    let points: TargetArea
    /// What people said of the area in SPACEtomo's tools.
    let wishes: [TargetsFile.Setting]
    /// As the map lay when it was taken.
    let geometry: LamellaGeometry
    /// As the grid lies now; the shifts between targets are those of now.
    let placed: LamellaGeometry
    let lowDose: LowDoseGeometry
    /// The planned tilt to either side.
    let maximumTilt: Degrees
    /// The item of the lamella's map.
    let map: NavigatorItem
    /// None where no views are cut.
    let views: [View]
}

/// Maps of the targets for PACEtomo, the first of them marked for Acquire at Items with the targets file in its note, and
/// the geo points.
struct PACEtomoWriter: TargetWriter {
    let cutsViews = true

    func add(_ area: WrittenArea, to file: inout NavigatorFile) {
        for (index, view) in area.views.enumerated() {
            var item = area.map.virtualMap(
                label: threeDigits(index + 1), stage: view.stage, file: area.folder + "/" + view.file, width: view.width, height: view.height,
                minimum: view.minimum, maximum: view.maximum, mapID: file.unusedMapID(), note: index == 0 ? area.names.targetsFile : view.file)
            item.acquire = index == 0
            file.items.append(item)
        }
        let group = file.unusedMapID()
        for (index, point) in area.points.geoPoints.enumerated() {
            file.items.append(
                NavigatorItem.point(
                    label: "geo\(index + 1)", stage: area.geometry.stage(of: point), z: area.map.z, note: "geo\(index + 1)", color: .noRealign,
                    registration: area.map.registration, mapID: file.unusedMapID() + index + 1, groupID: group))
        }
    }

    func remarks(on area: WrittenArea) -> [String] { [] }
}

/// One item for SerialEM's own parallel tilt series. Experimental, see ``ParallelTiltSeries``.
struct ParallelSeriesWriter: TargetWriter {
    let cutsViews = false
    /// Notes of such items end with it, as SerialEM's own do.
    static let noteEnding = "TS targets"

    func add(_ area: WrittenArea, to file: inout NavigatorFile) {
        guard refusal(of: area) == nil, let first = area.points.targets.first, let series = series(of: area) else { return }
        file.add(
            series, at: area.geometry.stage(of: first.position), label: area.names.area,
            note: "\(area.names.targetsFile): \(area.points.targets.count) \(Self.noteEnding)", drawnOn: area.map)
    }

    func remarks(on area: WrittenArea) -> [String] {
        guard let reason = refusal(of: area) else { return [] }
        return ["area \(area.names.area) is not in the navigator as a parallel tilt series, because \(reason); its targets are in \(area.names.targetsFile)"]
    }

    private func refusal(of area: WrittenArea) -> String? {
        guard let series = series(of: area) else { return "its map has no place on the stage" }
        return series.refusal
    }

    /// Nil where SerialEM could not be told, see ``remarks(on:)``.
    private func series(of area: WrittenArea) -> ParallelTiltSeries? {
        guard let tracking = area.points.targets.first?.position, let toMap = area.map.stageToMap else { return nil }
        // SerialEM loads the map without reduction to cut references out of it.
        let scale = Double(area.map.mapBinning ?? 1) / Double(max(1, area.map.montageBinning ?? 1))
        let places = area.points.targets.map { toMap(area.geometry.stage(of: $0.position)) }
        let shifts = area.points.targets.map {
            area.lowDose.view.specimenToImageShift(area.placed.specimenShift(from: tracking, to: $0.position))
        }
        let angles = ParallelTiltSeries.angles(pretilt: wished("pretilt", area), rotation: wished("rotation", area))
        return ParallelTiltSeries(
            imageShifts: shifts, magnificationIndex: area.lowDose.view.magIndex ?? 0,
            positionsInMap: places.map { Point(x: $0.x * scale, y: $0.y * scale) }, levelTilt: angles.levelTilt, pitch: angles.pitch,
            mappingTilt: Degrees(area.map.numbers("MapTiltAngle")?.first ?? 0), maximumTilt: area.maximumTilt)
    }

    private func wished(_ name: String, _ area: WrittenArea) -> Degrees {
        guard case .number(let value)? = area.wishes.last(where: { $0.name == name })?.value else { return .zero }
        return Degrees(value)
    }
}
