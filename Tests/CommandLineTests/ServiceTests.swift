import Foundation
import ImageFiles
import SerialEMSimulator
import Testing

/// The service as an operator starts it, and its commands.
@Suite(.serialized) struct ServiceTests {
    @Test func aServiceThatIsKilledInTheMiddleOfAMapGoesOnAndTheQueueEndsWithOneMapOfEachGrid() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                for (name, grid) in [("a", 1), ("b", 2)] { try writeSettings(name, grid: grid, in: folder, port: simulator.port) }
                let (first, port) = try await serve(in: folder)
                for name in ["a", "b"] {
                    #expect(try await tomopilot("queue", "add", "\(name).yaml", "--port", port, in: folder).error == "")
                }
                _ = try #require(try await first.line(beginning: "begin      Map grid"))
                while await simulator.microscope.exposureLog().count < 3 { try await Task.sleep(for: .milliseconds(5)) }
                try await first.crash()

                let (second, again) = try await serve(in: folder)
                _ = try #require(try await second.line(beginning: "SERVICE    session 'b' is done"))
                let queue = try await tomopilot("queue", "list", "--all", "--port", again, in: folder)
                #expect(
                    queue.output.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace).prefix(3).joined(separator: " ") }
                        == ["1 done a", "2 done b"])
                let log = try await tomopilot("log", "--port", again, in: folder).output
                #expect(log.contains("session 'a' goes on where the service ended"))
                #expect(log.contains("had happened: Map grid"))
                try await second.stop()

                // No area of a grid was exposed twice.
                let exposures = await simulator.microscope.exposureLog()
                // Pieces are some 400 µm apart, and the stage comes back to within a few.
                for (index, one) in exposures.enumerated() {
                    let again = exposures[..<index].filter {
                        $0.slot == one.slot && abs($0.stageX - one.stageX) < 50 && abs($0.stageY - one.stageY) < 50
                    }
                    #expect(again.isEmpty, "\(one)")
                }
                #expect(Set(exposures.map(\.slot)) == [1, 2])
                #expect(try files(in: folder).filter { $0.hasSuffix(".mrc") }.count == 2)
            }
        }
    }

    @Test func aStopDuringTheExchangeOfGridsTakesEffectAfterItAndTheStatusSaysSo() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                simulator.microscope.faults.add([Fault(.delayReply(seconds: 4), when: .init(command: "LoadCartridge"))])
                try writeSettings("a", grid: 1, in: folder, port: simulator.port)
                let (service, port) = try await serve(in: folder)
                _ = try await tomopilot("queue", "add", "a.yaml", "--port", port, in: folder)
                _ = try #require(try await service.line(beginning: "begin      Load grid"))
                let status = try await tomopilot("stop", "--port", port, in: folder).output
                #expect(status.hasPrefix("stopping: session 1 'a'"))
                #expect(status.contains("\n  Load grid 1, for "))
                #expect(status.hasSuffix("\n  it ends when this is done, before the next grid or lamella\n"))
                _ = try #require(try await service.line(beginning: "SERVICE    session 'a' ended early"))
                let ending = try await service.terminated()
                #expect(ending.output.contains("done       Load grid 1"))
                #expect(ending.output.contains("the microscope is left with beam blanked, stage at 0 degrees, column valves closed"))
                #expect(await simulator.microscope.exposureLog().allSatisfy { $0.slot == 1 })
            }
        }
    }

    @Test func sigtermLeavesTheMicroscopeSafeAndTheSessionUnderWay() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings("a", grid: 1, in: folder, port: simulator.port)
                let (service, port) = try await serve(in: folder)
                _ = try await tomopilot("queue", "add", "a.yaml", "--port", port, in: folder)
                _ = try #require(try await service.line(beginning: "begin      Map grid"))
                let ending = try await service.terminated()
                #expect((ending.status, ending.error) == (0, ""))
                #expect(ending.output.contains("the microscope is left with beam blanked, stage at 0 degrees"))
                #expect(ending.output.contains("session 'a' is interrupted and goes on when the service starts again"))
            }
        }
    }

    @Test func theSecondSignalEndsTheServiceAtOnce() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                // SerialEM hangs in the middle of the map.
                simulator.microscope.faults.add([Fault(.silence, when: .init(command: "Montage"))])
                try writeSettings("a", grid: 1, in: folder, port: simulator.port)
                let (service, port) = try await serve(in: folder)
                _ = try await tomopilot("queue", "add", "a.yaml", "--port", port, in: folder)
                _ = try #require(try await service.line(beginning: "begin      Map grid"))
                service.signal(SIGTERM)
                _ = try #require(try await service.line(beginning: "STOP       SerialEM finishes what it does"))
                let ending = try await service.terminated()
                #expect((ending.status, ending.error) == (128 + SIGTERM, ""))
            }
        }
    }

    @Test func twoServicesDoNotShareAFolder() async throws {
        try await withFolder { folder in
            let (service, _) = try await serve(in: folder)
            expectSentence(
                "Another tomopilot serves from service; end it, or name another --folder.",
                try await tomopilot("serve", "--folder", "service", "--port", "0", in: folder))
            try await service.stop()
        }
    }

    @Test func beyondTheLoopbackATokenIsWanted() async throws {
        try await withFolder { folder in
            expectSentence(
                "--host 0.0.0.0 can be reached from other machines, and whoever reaches the service drives the microscope: "
                    + "name a file that holds a token with --token-file, or leave --host out.",
                try await tomopilot("serve", "--folder", "service", "--host", "0.0.0.0", "--port", "0", in: folder))
            try Data("0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: folder + "/token"))
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder + "/token")
            expectSentence(
                "The token file 'token' can be read by others; run 'chmod 600 token'.",
                try await tomopilot("serve", "--folder", "service", "--token-file", "token", "--port", "0", in: folder))
        }
    }

    @Test func withATokenTheCommandsBringIt() async throws {
        try await withFolder { folder in
            try Data("0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: folder + "/token"))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder + "/token")
            let (service, port) = try await serve(in: folder, "--token-file", "token")
            expectSentence(
                "This service wants its token; name it with --token-file, or in the header 'Authorization: Bearer …'.",
                try await tomopilot("status", "--port", port, in: folder))
            #expect(try await tomopilot("status", "--port", port, "--token-file", "token", in: folder).output == "idle\n")
            try await service.stop()
        }
    }

    @Test func aSessionWhoseModelCannotDoWhatTheSettingsAskIsNotQueued() async throws {
        try await withFolder { folder in
            try writeSettings("a", grid: 1, in: folder, port: 1, more: "exclude_lamella_classes: [thin]")
            try writeSettings("b", grid: 1, in: folder, port: 1)
            let text = try String(contentsOfFile: folder + "/b.yaml", encoding: .utf8)
            try Data(text.replacing("WG_model: \(detector)", with: "WG_model: ./nowhere").utf8).write(to: URL(fileURLWithPath: folder + "/b.yaml"))
            let (service, port) = try await serve(in: folder)
            let classes = try await tomopilot("queue", "add", "a.yaml", "--port", port, in: folder)
            #expect(classes.status != 0 && classes.error.contains("'exclude_lamella_classes' names 'thin', which the model "), "\(classes.error)")
            let model = try await tomopilot("queue", "add", "b.yaml", "--port", port, in: folder)
            #expect(model.status != 0 && model.error.contains("/nowhere"), "\(model.error)")
            #expect(try await tomopilot("status", "--port", port, in: folder).output == "idle\n")
            try await service.stop()
        }
    }

    @Test func aSessionWhoseFolderIsTakenAwayWhileItRunsWaitsForItAndMapsItsGridOnce() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings("a", grid: 1, in: folder, port: simulator.port)
                let (service, port) = try await serve(in: folder)
                _ = try await tomopilot("queue", "add", "a.yaml", "--port", port, in: folder)
                _ = try #require(try await service.line(beginning: "begin      Map grid"))
                while await simulator.microscope.exposureLog().count < 3 { try await Task.sleep(for: .milliseconds(5)) }
                try FileManager.default.moveItem(atPath: folder + "/a", toPath: folder + "/away")
                let alarm = try #require(try await service.line(beginning: "ALARM      session 'a' does not go on: "))
                #expect(alarm.contains("/a/session.sqlite is not there"))
                let status = try await tomopilot("status", "--port", port, in: folder).output
                #expect(status.contains("session.sqlite is not there"), "\(status)")
                _ = try #require(try await service.line(beginning: "           the microscope is left with beam blanked"))
                #expect(!FileManager.default.fileExists(atPath: folder + "/a"))

                try FileManager.default.moveItem(atPath: folder + "/away", toPath: folder + "/a")
                _ = try #require(try await service.line(beginning: "SERVICE    session 'a' is done"))
                try await service.stop()
                let grid = try #require(try FileManager.default.contentsOfDirectory(atPath: folder + "/a").first { $0.hasPrefix("Alga") || $0.hasSuffix("_1") })
                let pieces = try MRCFile.header("\(folder)/a/\(grid)/\(grid).mrc").sections
                #expect(await simulator.microscope.exposureLog().count == pieces)
            }
        }
    }

    @Test func aServiceThatCannotStartTellsPeopleOnceAnHourAndNotAtEachAttemptOfTheSystem() async throws {
        try await withFolder { folder in
            let hook = folder + "/hook"
            try Data("#!/bin/sh\ncat >> \(folder)/told\n".utf8).write(to: URL(fileURLWithPath: hook))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
            try FileManager.default.createDirectory(atPath: folder + "/service", withIntermediateDirectories: false)
            let damaged = folder + "/service/tomopilot.sqlite"
            try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: damaged))
            func start() async throws -> Ending {
                try await tomopilot("serve", "--folder", "service", "--sessions", ".", "--models", modelsFolder, "--port", "0", "--alarm-command", hook, in: folder)
            }
            func told() throws -> Int {
                try String(contentsOfFile: folder + "/told", encoding: .utf8).components(separatedBy: "the service cannot run: ").count - 1
            }
            for _ in 1 ... 2 {
                let ending = try await start()
                #expect(ending.status == 1)
                let sentence = try #require(ending.error.split(separator: "tomopilot: ", maxSplits: 1).last).trimmingCharacters(in: .whitespacesAndNewlines)
                #expect(sentence.contains("tomopilot.sqlite"))
                #expect(try String(contentsOfFile: folder + "/told", encoding: .utf8).contains(sentence))
                #expect(try told() == 1)
            }
            // Mended, and damaged again.
            try FileManager.default.removeItem(atPath: damaged)
            let (service, _) = try await serve(in: folder, models: modelsFolder, "--alarm-command", hook)
            try await service.stop()
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: damaged + suffix) }
            try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: damaged))
            _ = try await start()
            #expect(try told() == 2)
        }
    }

    @Test("Without a service each command says so", arguments: [
        ["status"], ["queue"], ["pause"], ["resume"], ["stop"], ["abort"], ["log"], ["confirm"], ["skip", "--grid", "1", "--reason", "ice"],
        ["queue", "remove", "1"], ["queue", "move", "1", "1"],
    ])
    func noService(command: [String]) async throws {
        try await withFolder { folder in
            let port = try #require(Port.withoutListener())
            let ending = try await RunningProgram([program("tomopilot")] + command + ["--port", "\(port.number)"], in: folder).ending()
            expectSentence(
                "No service answers at 127.0.0.1:\(port.number) (nobody listens there); start one with 'tomopilot serve', or "
                    + "name it with --host and --port.", ending)
        }
    }
}
