import Foundation
import Geometry
import Microscope
import Navigator

/// Who works in SerialEM while a session is paused or down may delete or move the items of its maps: what the session knows of them
/// stands in a file of its own.
extension GridSession {
    /// Keeps a map's item as it is, should anybody delete or move it; positions are those of the loading in which the grid was mapped.
    func keep(_ map: NavigatorItem) throws {
        let path = folder.inFolder(folder.knownMaps)
        var file = (try? NavigatorFile.read(path)) ?? NavigatorFile()
        guard file.items.first(where: { $0.note == map.note }) != map else { return }
        file.items.removeAll { $0.note == map.note }
        file.items.append(map)
        try file.write(to: path)
    }

    /// Puts maps back into the navigator that somebody deleted or moved.
    func restoreMaps(in loading: Loading) async throws {
        guard let known = try? NavigatorFile.read(folder.inFolder(folder.knownMaps)), let placement = try await placementOfItems(in: loading) else { return }
        let present = try await bare.navigator().items.filter { $0.kind == .map }
        var missing: [NavigatorItem] = []
        var moved: [NavigatorItem] = []
        for var item in known.items where try await isRelied(on: item) {
            item.put(placement.map, rise: placement.rise)
            if let there = present.first(where: { $0.note == item.note }) {
                // SerialEM writes positions with three digits, and moves items with their grid.
                if there.stage.distance(to: item.stage) > 0.5 { moved.append(item) }
            } else {
                missing.append(item)
            }
        }
        guard !missing.isEmpty || !moved.isEmpty else { return }
        func names(_ items: [NavigatorItem]) -> String { items.map { "'\($0.note)'" }.joined(separator: ", ") }
        if !missing.isEmpty { engine.note(.warning("somebody deleted \(names(missing)) from the navigator; put there again, as the session relies on it")) }
        if !moved.isEmpty { engine.note(.warning("somebody moved \(names(moved)) in the navigator; moved back, for the session knows where its maps are")) }
        let (lost, shifted) = (missing, moved)
        _ = try await bare.editNavigator { file in
            let registration = file.items.last?.registration
            for var item in lost {
                if let registration { item.registration = registration }
                file.items.append(item)
            }
            for item in shifted {
                guard let index = file.items.firstIndex(where: { $0.note == item.note && $0.kind == .map }) else { continue }
                let registration = file.items[index].registration
                file.items[index] = item
                file.items[index].registration = registration
            }
        }
    }

    /// Where the navigator's items lie at present against where they were mapped; nil where a realignment was cut short, which puts them back itself.
    private func placementOfItems(in loading: Loading) async throws -> Placement? {
        guard loading.number != loading.mapped else { return .asMapped }
        if let found = try await realignment(loading.number) { return found.placement }
        guard !FileManager.default.fileExists(atPath: folder.inFolder(folder.navigatorBefore(loading))) else { return nil }
        return try await placement(before: loading)
    }

    /// Whether a map was taken to its end and its file is there.
    private func isRelied(on item: NavigatorItem) async throws -> Bool {
        guard FileManager.default.fileExists(atPath: folder.inFolder(item.note)) else { return false }
        if item.note == folder.wholeGridFile { return try await engine.lastOutput(of: .grid(slot, "whole-grid-map"), as: String.self) != nil }
        for lamella in try await engine.lastOutput(of: .grid(slot, "lamellae"), as: [FoundLamella].self) ?? [] where folder.mediumFile(lamella.number) == item.note {
            return try await engine.lastOutput(of: .lamella(slot, lamella.number, "centre"), as: LamellaMap.self) != nil
        }
        return false
    }
}

extension GridFolder {
    /// The items of the session's maps.
    fileprivate var knownMaps: String { "\(grid)_maps.nav" }
}
