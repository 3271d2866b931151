import Foundation
@testable import Processes
import Testing

@Suite struct ChildProgramTests {
    private func shell(_ script: String, input: ChildProgram.Stream = .nothing, output: ChildProgram.Stream = .nothing, leadsGroup: Bool = false) throws -> ChildProgram {
        try ChildProgram(["/bin/sh", "-c", script], input: input, output: output, leadsGroup: leadsGroup)
    }

    private func withFile(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("said-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    private func said(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    @Test("It is told how a program ended", arguments: [("exit 0", ChildProgram.Ending.status(0)), ("exit 7", .status(7)), ("kill -9 $$", .signal(9))])
    func ending(script: String, ending: ChildProgram.Ending) async throws {
        #expect(try await shell(script).end() == ending)
        #expect(try shell(script).wait() == ending)
    }

    @Test func aProgramThatIsNotThereIsAnError() {
        #expect(throws: POSIXError.self) { try ChildProgram(["/nowhere/program"]) }
    }

    @Test func itReadsAllThatItIsGivenAlsoMoreThanAPipeHolds() async throws {
        try await withFile { file in
            let child = try shell("wc -c", input: .bytes(Data(count: 300_000)), output: .file(file))
            #expect(try await child.end() == .status(0))
            #expect(said(file).trimmingCharacters(in: .whitespacesAndNewlines) == "300000")
        }
    }

    @Test func whoeverDoesNotReadEndsAllTheSame() async throws {
        #expect(try await shell("exit 3", input: .bytes(Data(count: 300_000))).end() == .status(3))
    }

    @Test func oneThatLivesOnKeepsNoOtherFromBeingSeenToEnd() async throws {
        let others = try (0 ..< 4).map { _ in try shell("exec sleep 600") }
        let ending = try await shell("exit 0").end()
        let areRunning = others.map(\.isRunning)
        // Waited for, too: a zombie would keep the test library from seeing any other program end.
        for other in others { _ = await other.end(within: .zero) }
        #expect(ending == .status(0))
        #expect(areRunning == [true, true, true, true])
    }

    @Test func oneThatTakesTooLongIsKilledWithAllThatItStarted() async throws {
        try await withFile { file in
            let child = try shell("sleep 600 & echo $!; wait", output: .file(file), leadsGroup: true)
            while said(file).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            #expect(await child.end(within: .zero) == nil)
            #expect(child.ending == .signal(SIGKILL))
            let grandchild = try #require(pid_t(said(file).trimmingCharacters(in: .whitespacesAndNewlines)))
            // Whoever inherits it takes it away.
            while (try? String(contentsOfFile: "/proc/\(grandchild)/stat", encoding: .utf8)).map({ !$0.contains(") Z ") }) == true {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    @Test func itInheritsNoOpenFile() async throws {
        try await withFile { file in
            let open = Foundation.open("/dev/null", O_RDONLY)
            defer { close(open) }
            let child = try shell("ls /proc/self/fd | wc -l", output: .file(file))
            #expect(try await child.end() == .status(0))
            // Three, and the one by which the folder is listed.
            #expect((Int(said(file).trimmingCharacters(in: .whitespacesAndNewlines)) ?? 99) <= 5)
        }
    }

    @Test func itTakesSignalsThoughTheThreadThatStartsItTakesNone() async throws {
        let child = try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                var (all, before) = (sigset_t(), sigset_t())
                sigfillset(&all)
                pthread_sigmask(SIG_BLOCK, &all, &before)
                continuation.resume(with: Result { try shell("kill -TERM $$; exit 0") })
                pthread_sigmask(SIG_SETMASK, &before, nil)
            }
        }
        #expect(try await child.end() == .signal(SIGTERM))
    }

    @Test func secretsOfThisProgramAreNotHandedOn() {
        let own = ["PATH": "/bin", "TOMOPILOT_SMTP_PASSWORD": "secret", "TOMOPILOT_WEBHOOK": "https://hooks.example/secret"]
        #expect(ChildProgram.inherited(of: own) == ["PATH": "/bin"])
    }

    @Test func anEndedProgramGetsNoSignal() async throws {
        let child = try shell("exit 0")
        _ = try await child.end()
        child.signal(SIGKILL)
        #expect(child.ending == .status(0))
    }
}
