import Foundation
import ImageFiles
import Navigator
import SerialEMSimulator
import Store
import Testing
import Workflow

/// A person leaves a lamella out after its targets were written, and takes it back.
@Suite(.serialized) struct SkippedLamellaTests {
    @Test func aSkippedLamellaIsShownAsSuchAndItsTargetsFileIsSetAsideUntilItIsTakenBack() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: 4, more: "MM_wait_for_inspection: true")
                let grid = folder + "/session/HeLa_1"
                func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: grid).sorted() }
                func marked(_ number: Int) throws -> Int {
                    try NavigatorFile.read(grid + "/HeLa_1.nav").items.count { $0.acquire && $0.note.hasPrefix("HeLa_1_L0\(number)_") }
                }
                let (service, port) = try await serve(in: folder, models: modelsFolder)
                func ask(_ arguments: String...) async throws -> Ending {
                    try await RunningProgram([program("tomopilot")] + arguments + ["--port", port], in: folder).ending()
                }
                func untilIdle() async throws {
                    while try await ask("status").output != "idle\n" { try await Task.sleep(for: .milliseconds(200)) }
                }
                #expect(try await ask("queue", "add", "s.yaml").error == "")
                _ = try #require(try await service.line(beginning: "INSPECT    The targets of grid HeLa_1"))
                let file = try #require(try names().first { $0.hasSuffix("_tgts.txt") })
                let number = try #require(file.dropFirst("HeLa_1_L0".count).first?.wholeNumberValue)
                #expect(try marked(number) > 0)

                let nobody = try await ask("skip", "--grid", "1", "--lamella", "99", "--reason", "ice")
                #expect(nobody.status == 1 && nobody.error.hasPrefix("tomopilot: 'lamella' is 99; grid 1 has no such lamella, but "), "\(nobody.error)")
                #expect(try await ask("unskip", "--grid", "1", "--lamella", "\(number)").error == "tomopilot: Lamella \(number) of grid 1 of session 'session' is not skipped.\n")
                #expect(try await ask("skip", "--grid", "1", "--lamella", "\(number)", "--reason", "thick ice").error == "")
                #expect(try await ask("confirm").error == "")
                try await untilIdle()

                #expect(try !names().contains { $0.hasPrefix("HeLa_1_L0\(number)_") && $0.hasSuffix("_tgts.txt") })
                #expect(try names().contains { $0.hasPrefix("HeLa_1_L0\(number)_") && $0.hasSuffix("_tgts_skipped.txt") })
                #expect(try marked(number) == 0)
                let report = try JSONValue.read(folder + "/session/session_report.json")
                let lamella = report["grids"]?.array?.first?["lamellae"]?.array?.first { $0["number"]?.integer == number }
                #expect(lamella?["note"]?.string == "skipped: thick ice")
                let journal = try SessionStore(path: folder + "/session/session.sqlite", settings: "")
                let overview = try #require(try await journal.entry(for: .grid(1, "overview"))?.input.json)
                let boxes = try JSONValue(text: String(decoding: overview, as: UTF8.self))["boxes"]?.array ?? []
                #expect(boxes.first { $0["label"]?.string == "L0\(number)" }?["leftOut"]?.string == "skipped")

                #expect(try await ask("queue", "retry", "1").error.hasPrefix("tomopilot: Session 1 is done, and nothing of it is left to be tried again;"))
                let before = await simulator.microscope.exposureLog().count
                #expect(try await ask("unskip", "--session", "1", "--grid", "1", "--lamella", "\(number)").error == "")
                #expect(try await ask("queue", "retry", "1").error == "")
                try await untilIdle()
                #expect(try names().contains(file))
                #expect(try !names().contains { $0.hasSuffix("_tgts_skipped.txt") })
                #expect(try marked(number) > 0)
                #expect(await simulator.microscope.exposureLog().count == before, "nothing is exposed for it again")
                let again = try JSONValue.read(folder + "/session/session_report.json")
                #expect(again["grids"]?.array?.first?["lamellae"]?.array?.allSatisfy { $0["note"]?.string?.hasPrefix("skipped") != true } == true)
                try await service.stop()
            }
        }
    }
}
