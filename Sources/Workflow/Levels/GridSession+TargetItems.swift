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
        /// nil, which is not written, for PACEtomo.
        let acquisition: AcquisitionProgram?
    }

    private nonisolated var writer: any TargetWriter { settings.isAcquiredByPACEtomo ? PACEtomoWriter() : ParallelSeriesWriter() }

    private func write(
        _ targeted: TargetedLamella, on map: LamellaMap, geometry: LowDoseGeometry, placement: Placement
    ) async throws {
        let id = StepIdentifier.lamella(slot, map.number, "target-items")
        let input = Input(map: map, targeted: targeted, geometry: geometry, placement: placement == .asMapped ? nil : placement, acquisition: settings.acquisition)
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
                async let isReported: Void = writeTargetReport(of: targeted, on: map, geometry: geometry)
                let montage = try Montage(path: folder.inFolder(folder.mediumFile(map.number)))
                let pixels = try montage.assembled()
                for area in targeted.areas {
                    try await write(
                        area, on: map, pixels: pixels, montagePixelSize: montage.pixelSize, template: template,
                        geometry: geometry, placement: placement)
                }
                try await isReported
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
        let written = WrittenArea(
            names: names, folder: folder.path, points: points, wishes: wishes, geometry: lamellaGeometry, placed: lamellaGeometry.placed(by: placement),
            lowDose: geometry, maximumTilt: settings.maximumTilt, map: template,
            views: writer.cutsViews ? try cutViews(of: points, names, on: map, pixels, montagePixelSize, lamellaGeometry, geometry) : [])
        // The targets file is complete before the navigator points to it.
        try AtomicFile.write(
            TargetsFile(area: points, name: area.name, geometry: written.placed, settings: wishes, hasViewFiles: writer.cutsViews).text(),
            to: folder.inFolder(names.targetsFile))
        tellFindings(inFile: names.targetsFile)
        for remark in writer.remarks(on: written) { engine.note(.warning(remark)) }
        _ = try await microscope.editNavigator { [writer] file in writer.add(written, to: &file) }
    }

    private nonisolated func cutViews(
        of points: TargetArea, _ names: AreaNames, on map: LamellaMap, _ pixels: Raster<Int16>, _ montagePixelSize: PixelSize,
        _ lamellaGeometry: LamellaGeometry, _ geometry: LowDoseGeometry
    ) throws -> [WrittenArea.View] {
        try points.targets.enumerated().map { index, target in
            let crop = VirtualMap(
                centre: target.position, mapPixelSize: map.picture.pixelSize, montagePixelSize: montagePixelSize,
                cameraWidth: geometry.cameraWidth, cameraHeight: geometry.cameraHeight)
            let image = crop.cut(from: pixels)
            let file = names.viewFile(index + 1)
            try MRCFile.write(
                .int16(image), to: folder.inFolder(file), pixelSize: montagePixelSize, labels: ["TomoPilot virtual map"])
            return WrittenArea.View(
                file: file, stage: lamellaGeometry.stage(of: target.position), width: image.width, height: image.height,
                minimum: Double(image.pixels.min() ?? 0), maximum: Double(image.pixels.max() ?? 0))
        }
    }
}

func threeDigits(_ number: Int) -> String { String(repeating: "0", count: max(0, 3 - "\(number)".count)) + "\(number)" }
