import ArgumentParser
import Daemon
import Foundation
import InferenceWire
import InferenceWorker
import Logging
import Microscope
import SerialEMMicroscope
import Workflow

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks before a night at everything that a session relies on, and says what is missing or odd.",
        discussion: """
            Asks SerialEM, which must be idle, and moves nothing. Ends with status 1 if the session would fail.
            """)

    @Argument(help: "The settings file of the session.")
    var settingsFile: String

    @Option(help: "The inference worker, where it does not lie beside this program.")
    var infer: String?

    func run() async throws {
        do {
            let settings = try SettingsFile.read(settingsFile).settings
            let worker = InferenceWorker(executable: try InferenceProgram.path(named: infer), logger: Logger(label: "inference") { _ in SwiftLogNoOpLogHandler() })
            let findings = await deviceFindings(worker) + analysisFindings(settings) + examine(settings, worker)
            await worker.shutdown()
            print(Page(findings).text)
            if findings.contains(where: { $0.verdict == .missing }) { throw ExitCode(1) }
        } catch let code as ExitCode {
            throw code
        } catch {
            throw fail(error)
        }
    }

    private func deviceFindings(_ worker: InferenceWorker) async -> [Finding] {
        // Where the program cannot be run, the models say why.
        guard let machine = try? await worker.machine() else { return [] }
        return [Finding("networks run on", .good, machine.words)]
    }

    private func analysisFindings(_ settings: SessionSettings) async -> [Finding] {
        guard let analysis = settings.analysis else { return [] }
        return await AnalysisExamination(settings: analysis, folder: settings.sessionFolder).findings()
    }

    private func examine(_ settings: SessionSettings, _ worker: InferenceWorker) async -> [Finding] {
        // SerialEM serves one client: who asks it now takes the connection away from the session that runs.
        if FileManager.default.fileExists(atPath: settings.sessionFolder) {
            do { _ = try SessionLock(folder: settings.sessionFolder) } catch {
                return [Finding("session folder", .missing, sentence(error), remedy: "the session is running; 'tomopilot status' shows how it is")]
            }
        }
        let examination = SessionExamination(settings: settings, predictor: worker)
        var findings = await examination.local()
        let lock: MicroscopeLock
        do { lock = try MicroscopeLock(host: settings.host, port: settings.port) } catch {
            return findings + [Finding("SerialEM", .missing, sentence(error), remedy: "ask again when it has ended; 'tomopilot status' shows how a service is")]
        }
        defer { withExtendedLifetime(lock) {} }
        do {
            let microscope = try await SerialEMMicroscope.connect(
                host: settings.host, port: settings.port, logger: Logger(label: "serialem") { _ in SwiftLogNoOpLogHandler() })
            do { findings += try await examination.remote(microscope) } catch {
                findings.append(Finding("session folder", .missing, sentence(error), remedy: "choose another session_dir"))
            }
            await microscope.disconnect()
        } catch {
            findings.append(
                Finding("SerialEM", .missing, sentence(error), remedy: "start SerialEM with EnableExternalPython 1 and close its message boxes"))
        }
        return findings
    }

    /// Findings as text, the worst ones again at the end.
    struct Page {
        let text: String

        init(_ findings: [Finding]) {
            let width = findings.map(\.subject.count).max() ?? 0
            var lines: [String] = []
            for finding in findings {
                let sign = switch finding.verdict { case .good: "ok     "; case .odd: "odd    "; case .missing: "MISSING" }
                lines.append("\(sign)  \(finding.subject.padding(toLength: width, withPad: " ", startingAt: 0))  \(finding.seen)")
                if let remedy = finding.remedy { lines.append(String(repeating: " ", count: width + 11) + "-> \(remedy)") }
            }
            let missing = findings.count { $0.verdict == .missing }
            let odd = findings.count { $0.verdict == .odd }
            lines.append("")
            lines.append(
                missing > 0 ? "The session would fail: \(missing) missing, \(odd) odd."
                    : odd > 0 ? "The session can run; \(odd) \(odd == 1 ? "thing is" : "things are") odd." : "The session can run.")
            text = lines.joined(separator: "\n")
        }
    }
}
