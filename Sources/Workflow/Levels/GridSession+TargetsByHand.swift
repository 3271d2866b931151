import Foundation
import Geometry
import ImageFiles
import Targets
import Units

/// Targets as people and SPACEtomo's tools leave them in the points files.
extension GridSession {
    private nonisolated func points(_ number: Int) -> StepIdentifier { .lamella(slot, number, "targets-by-hand") }

    /// The targets that somebody set in place of the computer's; nil where the files are the computer's, or where there are none.
    ///
    /// - Throws: ``WorkflowError`` where a file cannot be used.
    func targetsByHand(on map: LamellaMap) async throws -> TargetedLamella? {
        let computer = StepIdentifier.lamella(slot, map.number, "targets")
        let chosen = try await engine.lastOutput(of: computer, as: TargetedLamella.self)
        let known = try await engine.lastOutput(of: points(map.number), as: TargetedLamella.self)
        // Files of a choice that was cut short are nobody's.
        if chosen == nil, known == nil, try await engine.wasBegun(computer) { return nil }
        guard let present = try targetsOnDisk(of: map) else { return nil }
        if present.isSame(as: chosen) { return nil }
        if let known, present.isSame(as: known) { return known }
        let taken = try await engine.run(
            Step(points(map.number), title: "Take up the targets of lamella \(map.number)", input: present) { present })
        let before = known ?? chosen
        engine.note(.note("lamella \(map.number) has \(Self.words(for: present, instead: before)) by hand"))
        return taken
    }

    /// The targets that were in force when PACEtomo began.
    func targetsInForce(of number: Int) async throws -> TargetedLamella? {
        let chosen = try await engine.lastOutput(of: .lamella(slot, number, "targets"), as: TargetedLamella.self)
        guard let byHand = try await engine.lastOutput(of: points(number), as: TargetedLamella.self) else { return chosen }
        // The computer chose again after somebody had deleted what was set by hand.
        let files = Set(pointsFiles(of: number))
        let isThere = { (targeted: TargetedLamella) in targeted.areas.allSatisfy { files.contains($0.pointsFile) } && targeted.areas.count == files.count }
        if let chosen, isThere(chosen), !isThere(byHand) { return chosen }
        return byHand
    }

    private static func words(for present: TargetedLamella, instead before: TargetedLamella?) -> String {
        let now = present.areas.reduce(0) { $0 + $1.targets }
        let count = "\(now) target\(now == 1 ? "" : "s")"
        guard let before else { return "\(count), set" }
        let then = before.areas.reduce(0) { $0 + $1.targets }
        let areas = present.areas.count == before.areas.count ? "" : ", \(present.areas.count) areas instead of \(before.areas.count)"
        return (then == now ? "\(count), changed" : "\(count) instead of \(then)") + areas
    }

    /// A lamella's points files in their order; the one that says that there are none comes first.
    private nonisolated func pointsFiles(of number: Int) -> [String] {
        let prefix = folder.lamella(number) + "_points"
        // A folder that cannot be listed has no points.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.maps)) ?? []
        let numbered = names.compactMap { name -> (name: String, index: Int)? in
            guard name.hasPrefix(prefix), name.hasSuffix(".json") else { return nil }
            let digits = name.dropFirst(prefix.count).dropLast(5)
            return digits.isEmpty ? (name, -1) : Int(digits).map { (name, $0) }
        }
        return numbered.sorted { $0.index < $1.index }.map { folder.inMaps($0.name) }
    }

    /// What the points files say; nil where there are none.
    ///
    /// - Throws: ``WorkflowError`` with a sentence that names the file which cannot be used.
    nonisolated func targetsOnDisk(of map: LamellaMap) throws -> TargetedLamella? {
        let files = pointsFiles(of: map.number)
        guard !files.isEmpty else { return nil }
        // SPACEtomo's tools write no file for an area without targets.
        let read = try files.map { ($0, try readPoints($0, on: map)) }.filter { !$0.1.points.value.isEmpty }
        let names = AreaNames.areas(map: folder.lamella(map.number), count: read.count)
        return TargetedLamella(
            number: map.number,
            areas: try zip(read, names).map { entry, name in
                let (path, file) = entry
                return TargetedLamella.Area(
                    name: name.area, pointsFile: path, targets: file.points.value.count,
                    digest: try inputDigest(of: PointsFile(area: file.area, settings: file.settings ?? [:], metaData: nil)))
            })
    }

    private nonisolated func readPoints(_ path: String, on map: LamellaMap) throws -> PointsFile {
        func refused(_ reason: String) -> WorkflowError {
            .refused("\(path) cannot be taken up: \(reason). Put it right, or delete it and the others of this lamella, and targets are chosen anew.")
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw refused("it cannot be read") }
        let file: PointsFile
        do {
            file = try PointsFile(data: data)
        } catch {
            throw refused(error.summary)
        }
        let picture = map.picture
        if let other = file.metaData?.pixelSize, abs(other / picture.pixelSize.value - 1) > 0.01 {
            throw refused("its positions are for a map of \(other) nm/px, and this one has \(picture.pixelSize.value)")
        }
        let area = file.area
        for (index, position) in (area.targets.map(\.position) + area.geoPoints).enumerated() {
            guard (0 ... Double(picture.width)).contains(position.x), (0 ... Double(picture.height)).contains(position.y) else {
                let name = index < area.targets.count ? "target \(index + 1)" : "geo point \(index - area.targets.count + 1)"
                throw refused("\(name) lies outside the map of \(picture.width) x \(picture.height) pixels (row, column)")
            }
        }
        try file.requireUsable(refused)
        return file
    }
}

extension PointsFile {
    /// Closer together, two targets are one place, which would be exposed twice; in pixels of the map.
    private static let nearest = 1.0

    /// Refuses what PACEtomo or the microscope would trip over later.
    fileprivate func requireUsable(_ refused: (String) -> WorkflowError) throws {
        for (name, value) in (settings ?? [:]).sorted(by: { $0.key < $1.key }) {
            do { try TargetsFile.Setting(name, value).check() } catch { throw refused(error.summary) }
        }
        let places = area.targets.map(\.position)
        for (index, place) in places.enumerated() {
            guard let other = places[..<index].firstIndex(where: { $0.distance(to: place) < Self.nearest }) else { continue }
            throw refused("target \(index + 1) lies where target \(other + 1) does")
        }
    }
}

extension TargetedLamella {
    /// Whether the targets are the same, place by place.
    fileprivate func isSame(as other: TargetedLamella?) -> Bool {
        guard let other else { return false }
        return areas.map(\.digest) == other.areas.map(\.digest) && areas.map(\.name) == other.areas.map(\.name)
    }
}
