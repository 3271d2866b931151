package import AnalysisJobs
import Foundation
import ServiceLifecycle
package import Workflow

/// Who analyses the maps of a session, from its beginning to its end: the HTTP side for workers, the clock of their leases, and Slurm.
package struct AnalysisHost: Sendable {
    private let settings: AnalysisSettings
    private let token: String?
    private let name: String
    private let report: @Sendable (JobEvent) -> Void

    /// - Parameters:
    ///   - folder: of the session, or what else it is known by, by which Slurm's jobs are told from others'.
    ///   - report: told what a person should read.
    /// - Throws: ``WorkflowError`` where the token cannot be had.
    package init(settings: AnalysisSettings, folder: String, report: @escaping @Sendable (JobEvent) -> Void) throws {
        self.settings = settings
        token = try settings.tokenFile.map(SecretFile.token)
        name = SlurmQueue.name(ofSession: folder)
        self.report = report
    }

    private enum Part<Value: Sendable>: Sendable { case value(Value), other }

    /// Does something with whoever analyses.
    ///
    /// Where workers cannot come in any more, what they should have done is done as by `analysis_fallback`; nothing here ends the session.
    package func during<Value: Sendable>(_ body: @escaping @Sendable (any MapAnalysis) async throws -> Value) async throws -> Value {
        let desk = JobDesk(
            limits: .init(
                lease: .seconds(settings.leaseSeconds), longest: .seconds(settings.limitMinutes * 60), attempts: settings.attempts, wait: .seconds(settings.waitMinutes * 60)))
        let analysis = WorkerAnalysis(desk: desk, width: settings.jobs, helpsOut: settings.fallback == .local)
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        return try await withThrowingTaskGroup(of: Part<Value>.self) { group in
            group.addTask {
                defer { listening.finish() }
                await serve(desk) { listening.yield($0) }
                return .other
            }
            group.addTask {
                while true {
                    await desk.look()
                    try await Task.sleep(for: .milliseconds(200))
                }
            }
            group.addTask {
                guard let port = await ports.first(where: { _ in true }) else { return .other }
                let address = "http://\(settings.host.contains(":") ? "[\(settings.host)]" : settings.host):\(port)"
                report(.note("workers are served at \(address)"))
                if settings.place == .slurm { try await watchSlurm(desk, address: address) }
                return .other
            }
            group.addTask { .value(try await body(analysis)) }
            defer { group.cancelAll() }
            while let part = try await group.next() {
                if case .value(let value) = part { return value }
            }
            throw CancellationError()
        }
    }

    private func serve(_ desk: JobDesk, _ onListening: @escaping @Sendable (Int) -> Void) async {
        var reason = "the port for workers was closed"
        do {
            try await AnalysisServer(desk: desk, host: settings.host, port: settings.port, token: token).run(onListening)
        } catch {
            reason = sentence(error)
        }
        guard !Task.isCancelled, !Task.isShuttingDownGracefully else { return }
        report(.warning("No worker can be had: \(reason)"))
        await desk.close(because: "no worker can be had")
    }

    private func watchSlurm(_ desk: JobDesk, address: String) async throws {
        let watch = SlurmWatch(desk: desk, queue: SlurmQueue(settings: settings, name: name, token: token), address: address, report: report)
        do {
            try await watch.run(every: .seconds(1))
        } catch {
            // Cancelled with the session's end; the command that clears away is run all the same.
            await Task { await watch.end() }.value
            throw error
        }
    }
}
