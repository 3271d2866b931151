import Foundation
import Geometry
import Microscope
import Navigator
import Testing
import Units
@testable import Workflow

/// What the readings of a microscope mean.
@Suite struct InterlockRulesTests {
    private func obstacle(_ condition: MicroscopeCondition, more: String = "", takes: Double = 300, open: Bool = true) throws -> Obstacle? {
        let text = "session_dir: /s\nWG_model: d\nMM_model: m\n\(more)"
        let settings = try SessionSettings(yaml: text, file: "s.yaml").safety
        return InterlockRules(settings: settings).obstacle(condition, stepTakes: Seconds(takes), valvesShouldBeOpen: open)
    }

    @Test func whatIsWellOrNotToldIsInNobodysWay() throws {
        #expect(try obstacle(MicroscopeCondition()) == nil)
        #expect(
            try obstacle(
                MicroscopeCondition(
                    vacuum: .ready, valvesAreOpen: true, dewarsAreFilling: false, timeToRefill: Seconds(301), stageIsBusy: false, gunEmits: true,
                    beamCurrent: 100)) == nil)
    }

    @Test func theVacuumComesBeforeTheValvesThatItClosed() throws {
        let found = try obstacle(MicroscopeCondition(vacuum: .bad, valvesAreOpen: false))
        #expect(found?.interlock == .vacuum)
        #expect(found?.isAlarming == true)
        #expect(try obstacle(MicroscopeCondition(vacuum: .ready, valvesAreOpen: false))?.remedy == .openValves)
    }

    @Test func closedValvesMatterOnlyWhereTheSessionOpenedThem() throws {
        #expect(try obstacle(MicroscopeCondition(valvesAreOpen: false), open: false) == nil)
    }

    @Test func aRefillThatWouldBeginDuringTheStepIsDoneBefore() throws {
        #expect(try obstacle(MicroscopeCondition(timeToRefill: Seconds(200)), takes: 300)?.remedy == .refill)
        #expect(try obstacle(MicroscopeCondition(timeToRefill: Seconds(200)), takes: 100) == nil)
    }

    @Test func aWeakBeamMattersWhereALimitIsSet() throws {
        #expect(try obstacle(MicroscopeCondition(beamCurrent: 90)) == nil)
        #expect(try obstacle(MicroscopeCondition(beamCurrent: 90), more: "minimum_beam_current: 100")?.interlock == .beam)
        #expect(try obstacle(MicroscopeCondition(gunEmits: false))?.text == "the gun does not emit")
    }
}

/// What Acquire at Items is going to do.
@Suite struct AcquisitionPlanTests {
    private func plan(_ targets: String, stage: Point<Frame.Stage> = .origin, _ body: (AcquisitionPlan) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("plan-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(targets.utf8).write(to: URL(fileURLWithPath: folder + "/G_L01_tgts.txt"))
        var item = NavigatorItem.point(
            label: "1", stage: stage, z: .zero, note: "G_L01_tgts.txt", color: .green, registration: 1, mapID: 1, groupID: 1)
        item.acquire = true
        try body(AcquisitionPlan(items: [item], folder: folder))
    }

    private static let two = """
        _tgt = 001
        tsfile = G_L01_ts_001.mrc
        SSX = 0
        SSY = 0
        stageX = 0
        stageY = 0
        skip = False
        _tgt = 002
        tsfile = G_L01_ts_002.mrc
        SSX = 12
        SSY = -16
        skip = False
        """

    @Test func targetsBeyondTheImageShiftLimitAreNamed() throws {
        try plan(Self.two) { plan in
            #expect(plan.beyond(imageShift: Micrometers(20)) == [])
            #expect(plan.beyond(imageShift: Micrometers(15)) == ["G_L01_tgts.txt, target 2, is 20.0 µm away"])
        }
    }

    @Test func theForecastCountsTargetsAndTilts() throws {
        try plan(Self.two) { plan in
            #expect(plan.targets == 2)
            #expect(plan.bytes == Double(2 * 41 * 4096 * 4096 * 2))
        }
        try plan("_set minTilt = -20\n_set maxTilt = 20\n_set step = 2\n" + Self.two) { plan in
            #expect(plan.bytes == Double(2 * 21 * 4096 * 4096 * 2))
        }
    }

    @Test func anAreaBeyondTheStageLimitIsRefused() throws {
        try plan(Self.two, stage: Point(x: 995, y: 0)) { plan in
            let error = #expect(throws: WorkflowError.self) { try plan.requireWithin(stage: Micrometers(990)) }
            #expect(error?.message.hasPrefix("G_L01_tgts.txt lies at 995, 0 µm, beyond stage_limit (990 µm)") == true)
            try plan.requireWithin(stage: Micrometers(1000))
        }
    }
}
