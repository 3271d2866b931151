import Foundation
import Testing

/// Arguments that cannot be meant, from the real programs: one sentence that names the option, and no run.
@Suite(.serialized) struct ArgumentCheckTests {
    @Test(arguments: ["--truth", "--exposure-log", "--event-log"])
    func aLogThatCannotBeWrittenIsNamedAtTheStart(option: String) async throws {
        try await withFolder { folder in
            for path in ["\(folder)/missing/log.jsonl", folder] {
                let ending = try await RunningProgram([program("serialem-sim"), "--port", "0", "--folder", folder, option, path], in: folder).ending()
                #expect(ending.status != 0)
                #expect(ending.output.isEmpty)
                #expect(ending.error.contains("\(option): the file \(path) cannot be written: "), "\(ending.error)")
            }
        }
    }

    @Test(arguments: [("nowhere.invalid", "there is no address of the name"), ("192.0.2.1", "is not an address to listen on")])
    func anAddressThatIsNotOursIsNoMatterOfThePort(host: String, reason: String) async throws {
        try await withFolder { folder in
            let ending = try await RunningProgram([program("serialem-sim"), "--port", "0", "--folder", folder, "--host", host], in: folder).ending()
            #expect(ending.status != 0)
            #expect(ending.error.contains("--host: ") && ending.error.contains(reason) && ending.error.contains(host), "\(ending.error)")
            #expect(!ending.error.contains("--port"), "\(ending.error)")
        }
    }

    @Test(arguments: [
        ["faults", "--lanes", "0"], ["faults", "--lanes=-3"], ["faults", "--requests", "0"], ["faults", "--requests", "7", "--lanes", "8"],
        ["faults", "--limit", "0"], ["faults", "--memory=-1"], ["fuzz", "--packets", "0"], ["fuzz", "--memory=-1"], ["fuzz", "--limit", "0"],
    ])
    func aCheckOfNothingIsAnErrorOfUsage(arguments: [String]) async throws {
        try await withFolder { folder in
            let ending = try await RunningProgram([program("wire-check")] + arguments, in: folder).ending()
            #expect(ending.status == 64)
            #expect(ending.error.contains("has to be"), "\(ending.error)")
        }
    }

    @Test(arguments: ["tomopilot", "serialem-sim", "tomopilot-infer"])
    func everyProgramTellsTheVersionOfThePackage(name: String) async throws {
        try await withFolder { folder in
            let ending = try await RunningProgram([program(name), "--version"], in: folder).ending()
            #expect((ending.status, ending.error) == (0, ""))
            #expect(ending.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(ending.output)")
        }
    }
}
