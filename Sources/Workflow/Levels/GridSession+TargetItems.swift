import Foundation
import Geometry
import ImageFiles
import Microscope
import Navigator
import Raster
import Targets
import Units

/// Level 4 as far as SerialEM and PACEtomo see it: virtual maps, navigator items and targets files.
extension GridSession {
    func writeTargets(of lamellae: [AnalysedLamella]) async throws {
        let placement = await placed.placement
        let geometry = try await lowDoseGeometry().turned(by: placement)
        placementOfTargets = placement
        for lamella in lamellae {
            guard let targeted = lamella.targeted else { continue }
            // What was acquired before the grid was loaded again stays as it was.
            if placement != .asMapped, !targeted.areas.isEmpty, targeted.areas.allSatisfy({ run(of: $0).state == .finished }) { continue }
            let written: Void? = try await sparing(lamella: "L\(twoDigits(targeted.number))") { [self] in
                try await write(targeted, on: lamella.map, geometry: geometry, placement: placement)
            }
            // Its marks, which an earlier run may have made, would lead PACEtomo to the wrong place.
            if written == nil { try await unmark([targeted.number]) }
            await context.progress.finish(Work.targets)
        }
    }

    private struct Input: Encodable, Sendable {
        let map: LamellaMap
        let targeted: TargetedLamella
        let geometry: LowDoseGeometry
        /// nil for a grid that was not loaded again.
        let placement: Placement?
    }

    private func write(
        _ targeted: TargetedLamella, on map: LamellaMap, geometry: LowDoseGeometry, placement: Placement
    ) async throws {
        let id = StepIdentifier.lamella(slot, map.number, "target-items")
        let input = Input(map: map, targeted: targeted, geometry: geometry, placement: placement == .asMapped ? nil : placement)
        let isWritten = try await engine.output(of: id, inputDigest: inputDigest(of: input), as: Int.self) != nil
        // With these PACEtomo works.
        if try await targetsBeingAcquired(of: map.number) != nil, try await engine.wasBegun(id), placement == .asMapped { return }
        let edited = try await editedTargetsFiles(of: map.number)
        guard edited.isEmpty else {
            // What a person changed is not written over.
            if isWritten { return }
            let files = edited.joined(separator: ", ")
            guard placement == .asMapped else {
                throw WorkflowError.refused(
                    "\(files) was changed by hand before the grid was loaded again, and its positions no longer hold; delete it, and it is written anew.")
            }
            engine.note(
                .warning("\(files) was changed by hand and stays, though the targets of lamella \(map.number) are others now; delete it, and it is written anew"))
            return
        }
        let files = targeted.areas.map { folder.inFolder(AreaNames(area: $0.name).targetsFile) }
        _ = try await engine.run(
            Step(
                id, title: "Write targets of lamella \(map.number)", input: input, products: { _ in files }, whenEdited: .readByCaller
            ) { [self] in
                guard let template = try await mapItem(note: folder.mediumFile(map.number)) else {
                    throw WorkflowError.badImage("The navigator has no map '\(folder.mediumFile(map.number))'.")
                }
                // What an earlier choice left would send PACEtomo to places that nobody wants any more; the files go last,
                // so that no item marked for acquisition ever names one that is gone.
                _ = try await microscope.editNavigator { [self] file in
                    removeTargetItems(of: map.number, on: template, from: &file)
                }
                try removeTargetFiles(of: map.number)
                guard !targeted.areas.isEmpty else {
                    engine.note(.note("lamella \(map.number) has no place worth a target"))
                    return 0
                }
                try writeTargetReport(of: targeted, on: map, geometry: geometry)
                let montage = try Montage(path: folder.inFolder(folder.mediumFile(map.number)))
                let pixels = try montage.assembled()
                for area in targeted.areas {
                    try await write(
                        area, on: map, pixels: pixels, montagePixelSize: montage.pixelSize, template: template,
                        geometry: geometry, placement: placement)
                }
                return targeted.areas.count
            })
    }

    private func write(
        _ area: TargetedLamella.Area, on map: LamellaMap, pixels: Raster<Int16>, montagePixelSize: PixelSize,
        template: NavigatorItem, geometry: LowDoseGeometry, placement: Placement
    ) async throws {
        let file = try PointsFile(data: Data(contentsOf: URL(fileURLWithPath: area.pointsFile)))
        let points = file.area
        // What SPACEtomo's tools let people set for an area goes on to PACEtomo.
        let wishes = (file.settings ?? [:]).sorted { $0.key < $1.key }.map { TargetsFile.Setting($0.key, $0.value) }
        let names = AreaNames(area: area.name)
        let lamellaGeometry = Self.geometry(of: map, in: geometry)
        var views: [View] = []
        for (index, target) in points.targets.enumerated() {
            let crop = VirtualMap(
                centre: target.position, mapPixelSize: map.picture.pixelSize, montagePixelSize: montagePixelSize,
                cameraWidth: geometry.cameraWidth, cameraHeight: geometry.cameraHeight)
            let image = crop.cut(from: pixels)
            let file = names.viewFile(index + 1)
            try MRCFile.write(
                .int16(image), to: folder.inFolder(file), pixelSize: montagePixelSize, labels: ["TomoPilot virtual map"])
            views.append(
                View(
                    file: file, stage: lamellaGeometry.stage(of: target.position), width: image.width, height: image.height,
                    minimum: Double(image.pixels.min() ?? 0), maximum: Double(image.pixels.max() ?? 0)))
        }
        // The targets file is complete before the navigator points to it.
        try AtomicFile.write(
            TargetsFile(area: points, name: area.name, geometry: lamellaGeometry.placed(by: placement), settings: wishes).text(),
            to: folder.inFolder(names.targetsFile))
        let geoStages = points.geoPoints.map { lamellaGeometry.stage(of: $0) }
        let finished = views
        let grid = folder
        let targetsFile = names.targetsFile
        _ = try await microscope.editNavigator { file in
            for (index, view) in finished.enumerated() {
                var item = template.virtualMap(
                    label: threeDigits(index + 1), stage: view.stage, file: grid.inFolder(view.file), width: view.width,
                    height: view.height, minimum: view.minimum, maximum: view.maximum, mapID: file.unusedMapID(),
                    note: index == 0 ? targetsFile : view.file)
                item.acquire = index == 0
                file.items.append(item)
            }
            let group = file.unusedMapID()
            for (index, stage) in geoStages.enumerated() {
                file.items.append(
                    NavigatorItem.point(
                        label: "geo\(index + 1)", stage: stage, z: template.z, note: "geo\(index + 1)", color: .noRealign,
                        registration: template.registration, mapID: file.unusedMapID() + index + 1, groupID: group))
            }
        }
    }

    private struct View: Sendable {
        let file: String
        let stage: Point<Frame.Stage>
        let width: Int
        let height: Int
        let minimum: Double
        let maximum: Double
    }
}

func threeDigits(_ number: Int) -> String { String(repeating: "0", count: max(0, 3 - "\(number)".count)) + "\(number)" }
