import Foundation
import Store
import Testing
@testable import Workflow

/// A session's plan: made of its settings alone, and nothing is begun that is not in it.
@Suite struct SessionPlanTests {
    private func plan(_ more: String = "") throws -> SessionPlan {
        SessionPlan(try SessionSettings(yaml: "session_dir: /s\nWG_model: m\nMM_model: m\n\(more)", file: "s.yaml"))
    }

    private func steps(_ part: SessionPlan.Part) -> [String] { part.lines.compactMap(\.step) }

    @Test func aLevelAddsItsStepsAndKeepsThoseBelow() throws {
        var last: Set<String> = []
        for level in 1 ... 5 {
            let part = try #require(try plan("automation_level: \(level)").parts.last)
            let steps = Set(steps(part))
            #expect(last.isSubset(of: steps) && (level == 4 || level == 3 || steps.count > last.count), "level \(level)")
            #expect(steps.contains("acquisition") == (level == 5))
            #expect(steps.contains("medium-map") == (level >= 2))
            last = steps
        }
    }

    @Test func gridsHaveTheirOwnLevelsAndGatesAreListedWhereTheSettingsHaveThem() throws {
        let plan = try plan("grid_list: [3, 1]\nautomation_level: 4\nMM_wait_for_inspection: true\ngrids:\n    1: {automation_level: 1}")
        #expect(plan.parts.map(\.slot) == [nil, 3, 1])
        #expect(plan.parts.map(\.level) == [nil, 4, 1])
        #expect(steps(plan.parts[1]).contains("targets-inspected"))
        #expect(!steps(plan.parts[1]).contains("lamellae-inspected"))
        #expect(!steps(plan.parts[2]).contains("recentred"))
    }

    @Test func exposingAreTheStepsThatPutElectronsOnTheSampleOrMoveAGrid() throws {
        let exposing = try plan("automation_level: 5").parts.flatMap(\.lines).filter { $0.role == .exposing }.compactMap(\.step)
        #expect(exposing == ["load", "realignment", "place", "whole-grid-map", "recentred", "medium-map", "acquisition"])
    }

    @Test func thePlaceOfAStepCountsGridsAndSteps() throws {
        let plan = try plan("grid_list: [3, 1]\nautomation_level: 1")
        #expect(plan.place(of: .grid(1, "load-2"))?.description == "grid 2 of 2, step 2 of 12")
        #expect(plan.place(of: .grid(3, "finished-level-1"))?.description == "grid 1 of 2, step 12 of 12")
        #expect(plan.place(of: StepIdentifier("session/microscope")) == nil)
        #expect(plan.place(of: .grid(9, "load")) == nil)
    }

    @Test("What is not planned is not begun", arguments: [
        (StepIdentifier.grid(1, "polish"), false), (.lamella(1, 2, "medium-map"), true), (.grid(2, "load"), true),
        (.grid(1, "whole-grid-map"), false), (.grid(1, "lamellae"), true), (.lamella(1, 2, "whole-grid-map"), true),
    ])
    func unplanned(id: StepIdentifier, exposes: Bool) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("plan-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try SessionStore(path: folder.path + "/session.sqlite", settings: "")
        let engine = Engine(journal: store, plan: try plan("automation_level: 1")) { _ in }
        let step = exposes ? Step<Int, Int>(exposing: id, title: "x", input: 1) { .didNotHappen } perform: { 1 } : Step(id, title: "x", input: 1) { 1 }
        let error = await #expect(throws: WorkflowError.self) { _ = try await engine.run(step) }
        #expect(error?.code == .unplanned)
        #expect(try await store.entry(for: id) == nil)
        let planned = Step(.grid(1, "lamellae"), title: "x", input: 1) { 1 }
        #expect(try await engine.run(planned) == 1)
    }
}
