import Foundation
import ImageFiles
import Raster
import Store
import Synchronization
import Testing
import Units
@testable import Workflow

/// Steps that an earlier run began or did, and what is left of them.
@Suite struct UnsettledStepTests {
    private let id = StepIdentifier.lamella(3, 2, "medium-map")

    private final class Told: Sendable {
        private let events = Mutex<[RunEvent]>([])
        func take(_ event: RunEvent) { events.withLock { $0.append(event) } }
        var warnings: [String] {
            events.withLock { $0.compactMap { if case .warning(let text) = $0 { text } else { nil } } }
        }
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("unsettled-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }

    private func begun(in folder: String) async throws -> SessionStore {
        let store = try SessionStore(path: folder + "/session.sqlite", settings: "")
        try await store.intend(id, input: StepInput(of: 1))
        return store
    }

    private var doubtful: Step<Int, String> {
        Step(exposing: id, title: "Map", input: 1) { .unknown("half of it is there") } perform: { "exposed again" }
    }

    @Test func whatCannotBeSettledIsDoneAgainOnlyWhereTheSettingsSaySo() async throws {
        try await withFolder { folder in
            let store = try await begun(in: folder)
            for decision in [UncertainSteps.stop, .skip] {
                await #expect(throws: WorkflowError.self) {
                    _ = try await Engine(journal: store, uncertainSteps: decision) { _ in }.run(doubtful)
                }
            }
            let told = Told()
            let output = try await Engine(journal: store, uncertainSteps: .repeat, report: told.take).run(doubtful)
            #expect(output == "exposed again")
            #expect(told.warnings == ["Map is done again, as uncertain_steps says: half of it is there"])
            #expect(try store.doubts().map(\.decision) == [.stop, .skip, .repeat])
            #expect(try store.doubts().allSatisfy { $0.step == id && $0.reason == "half of it is there" })
        }
    }

    @Test func whatHappenedInPartIsFinishedAndNotDoneAgain() async throws {
        try await withFolder { folder in
            let store = try await begun(in: folder)
            let output = try await Engine(journal: store) { _ in }.run(
                Step<Int, String>(exposing: id, title: "Map", input: 1) {
                    .partly("3 of 4") { "the fourth" }
                } perform: {
                    "all four"
                })
            #expect(output == "the fourth")
        }
    }

    private func drawing(_ file: String) -> Step<Int, String> {
        Step(.grid(1, "picture"), title: "Draw", input: 1, products: { [$0] }) {
            try Data("drawn".utf8).write(to: URL(fileURLWithPath: file))
            return file
        }
    }

    @Test func aPictureThatSomebodyDeletedIsMadeAgain() async throws {
        try await withFolder { folder in
            let store = try SessionStore(path: folder + "/session.sqlite", settings: "")
            let told = Told()
            let engine = Engine(journal: store, report: told.take)
            let file = folder + "/picture.png"
            _ = try await engine.run(drawing(file))
            try FileManager.default.removeItem(atPath: file)
            _ = try await engine.run(drawing(file))
            #expect(FileManager.default.fileExists(atPath: file))
            #expect(told.warnings == ["\(file) has been deleted since; Draw is done again"])
        }
    }

    @Test func aPictureThatSomebodyChangedIsToldOfAndStays() async throws {
        try await withFolder { folder in
            let store = try SessionStore(path: folder + "/session.sqlite", settings: "")
            let told = Told()
            let engine = Engine(journal: store, report: told.take)
            let file = folder + "/picture.png"
            _ = try await engine.run(drawing(file))
            try Data("by hand".utf8).write(to: URL(fileURLWithPath: file))
            _ = try await engine.run(drawing(file))
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "by hand")
            #expect(told.warnings == ["\(file) was changed after 'Draw'; it is used as it is now"])
        }
    }

    @Test func aMapThatSomebodyDeletedIsNotExposedAgain() async throws {
        try await withFolder { folder in
            let store = try SessionStore(path: folder + "/session.sqlite", settings: "")
            let file = folder + "/map.mrc"
            let step = Step<Int, String>(exposing: id, title: "Map", input: 1, products: { [$0] }) { .didNotHappen } perform: {
                try Data("exposed".utf8).write(to: URL(fileURLWithPath: file))
                return file
            }
            let engine = Engine(journal: store) { _ in }
            _ = try await engine.run(step)
            try FileManager.default.removeItem(atPath: file)
            await #expect(throws: WorkflowError.self) { _ = try await engine.run(step) }
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    private func mapping(_ file: String, pixel: UInt16 = 7) -> Step<Int, String> {
        Step(exposing: id, title: "Map", input: 1, products: { [$0] }) { .didNotHappen } perform: {
            try Self.write(file, pixel: pixel)
            return file
        }
    }

    private static func write(_ file: String, pixel: UInt16, labels: [String] = []) throws {
        var image = Raster<UInt16>(width: 40, height: 30, filledWith: 7)
        image[20, 10] = pixel
        try MRCFile.write(.uint16(image), to: file, pixelSize: PixelSize(1), labels: labels)
    }

    @Test func aMapWithOtherPixelsIsToldOfByItsNameAndOneWhoseHeaderAloneIsAnotherIsNot() async throws {
        try await withFolder { folder in
            let store = try SessionStore(path: folder + "/session.sqlite", settings: "")
            let told = Told()
            let engine = Engine(journal: store, report: told.take)
            let file = folder + "/map.mrc"
            _ = try await engine.run(mapping(file))
            try await engine.keepImages(of: id)
            #expect(try await engine.products(of: id).first?.images?.sections == 1)
            try Self.write(file, pixel: 7, labels: ["SerialEM wrote its header again"])
            _ = try await engine.run(mapping(file))
            #expect(told.warnings == [])
            // The size is the same.
            try Self.write(file, pixel: 8)
            _ = try await engine.run(mapping(file))
            #expect(told.warnings == ["\(file) was changed after 'Map'; it is used as it is now"])
        }
    }

    @Test func aMapThatWasChangedBeforeItsImagesWereReadIsNotTakenForWhatTheStepLeft() async throws {
        try await withFolder { folder in
            let store = try SessionStore(path: folder + "/session.sqlite", settings: "")
            let engine = Engine(journal: store) { _ in }
            let file = folder + "/map.mrc"
            _ = try await engine.run(mapping(file))
            try Self.write(file, pixel: 9)
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: 100)], ofItemAtPath: file)
            try await engine.keepImages(of: id)
            #expect(try await engine.products(of: id).map(\.images) == [nil])
        }
    }

    @Test func aJournalThatKeepsSizesOnlyIsReadAsBefore() async throws {
        try await withFolder { folder in
            let file = folder + "/map.mrc"
            try Self.write(file, pixel: 8)
            let size = try #require(try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int)
            let old = Data(#"[{"modified":1,"path":"\#(file)","size":\#(size)}]"#.utf8)
            let products = try JSONDecoder().decode([StepProduct].self, from: old)
            let store = try await begun(in: folder)
            try await store.finish(id, input: StepInput(of: 1), output: JSONEncoder().encode(file), products: products)
            let told = Told()
            #expect(try await Engine(journal: store, report: told.take).run(mapping(file)) == file)
            #expect(told.warnings == [])
            try Data().write(to: URL(fileURLWithPath: file))
            #expect(try await Engine(journal: store, report: told.take).run(mapping(file)) == file)
            #expect(told.warnings == ["\(file) was changed after 'Map'; it is used as it is now"])
        }
    }

    @Test func aJournalWhoseLastRecordIsTornIsReadUpToTheOneBefore() async throws {
        try await withFolder { folder in
            let path = folder + "/session.sqlite"
            let copy = folder + "/torn.sqlite"
            let store = try SessionStore(path: path, settings: "")
            try await store.intend(.grid(1, "first"), input: StepInput(digest: "1", json: nil))
            try await store.finish(.grid(1, "first"), input: StepInput(digest: "1", json: nil), output: Data("1".utf8), products: [])
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            let before = try Data(contentsOf: URL(fileURLWithPath: path + "-wal")).count
            try await store.intend(.grid(1, "second"), input: StepInput(digest: "2", json: nil))
            // The power went in the middle of the record of the second step.
            let log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
            #expect(log.count > before)
            try log.prefix(before + 100).write(to: URL(fileURLWithPath: copy + "-wal"))
            let torn = try SessionStore(path: copy, settings: "")
            #expect(try await torn.entry(for: .grid(1, "first"))?.state == .done)
            #expect(try await torn.entry(for: .grid(1, "second")) == nil)
        }
    }
}
