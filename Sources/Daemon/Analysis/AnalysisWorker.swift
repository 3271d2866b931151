import AnalysisJobs
import Foundation
package import InferenceWire
import InferenceWorker
import ModelStore
import Workflow

/// Takes analysis jobs of a session and does them, on whatever machine it runs.
package struct AnalysisWorker: Sendable {
    package struct Options: Sendable {
        /// Where the session serves its workers, as a URL.
        package let address: String
        package let token: String?
        /// A name for people.
        package let name: String
        package let node: String
        /// The one job that it is for.
        package let job: Int?
        /// Whether it ends after one.
        package let once: Bool
        /// How long it looks for a session that is not there.
        package let patience: Duration
        /// Where it keeps models that it was sent.
        package let models: String

        package init(address: String, token: String?, name: String, node: String, job: Int?, once: Bool, patience: Duration, models: String) {
            self.address = address
            self.token = token
            self.name = name
            self.node = node
            self.job = job
            self.once = once
            self.patience = patience
            self.models = models
        }
    }

    private let options: Options
    private let runner: JobRunner
    private let cache: ModelCache
    private let show: @Sendable (String) -> Void

    /// - Parameters:
    ///   - predictor: runs the networks.
    ///   - show: told what happens, a line each.
    package init(options: Options, predictor: any Predicting, show: @escaping @Sendable (String) -> Void) {
        self.options = options
        runner = JobRunner(predictor: predictor)
        cache = ModelCache(folder: options.models)
        self.show = show
    }

    /// Works until it is cancelled; a job that it has then is given back.
    ///
    /// - Throws: a sentence where the session was not there for too long, or does not want this worker.
    package func run() async throws { try await SessionSide.during(options.address, token: options.token) { try await run(for: $0) } }

    private func run(for session: SessionSide) async throws {
        while true {
            try Task.checkCancellation()
            let request = JobRequest(worker: options.name, node: options.node, job: options.job)
            switch try await untilThere({ try await session.take(request) }) {
            case .offer(let offer):
                try JobSchema.require(offer.schema, of: "The session")
                try await perform(offer, of: session)
                if options.once { return }
            case .unwanted:
                show("job \(options.job ?? 0) is not needed any more")
                return
            case .nothing: continue
            }
        }
    }

    private func perform(_ offer: JobOffer, of session: SessionSide) async throws {
        show("job \(offer.number): \(offer.job.title), \(offer.job.width) x \(offer.job.height) px, \(offer.job.model.name)")
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("probabilities-\(UUID().uuidString)").path
        defer { if offer.job.probabilities { try? FileManager.default.removeItem(atPath: file) } }
        do {
            let result = try await whileRenewing(offer, at: session) { try await work(on: offer, of: session, probabilitiesTo: file) }
            let data = try result.encoded()
            if offer.job.probabilities {
                try await whileRenewing(offer, at: session) { try await untilThere { try await session.deliver(probabilities: file, for: offer.lease) } }
            }
            try await whileRenewing(offer, at: session) { try await untilThere { try await session.deliver(data, for: offer.lease) } }
            show("job \(offer.number): done in \(words(.seconds(result.seconds)))")
        } catch is CancellationError {
            // The lease ends by itself where nobody can be told.
            await Task { try? await session.giveBack(offer.lease) }.value
            show("job \(offer.number): given back")
            throw CancellationError()
        } catch SessionSide.Trouble.refused(let sentence) {
            show("job \(offer.number): \(sentence)")
        } catch SessionSide.Trouble.away(let sentence) {
            throw SessionSide.Trouble.away(sentence)
        } catch let error as Away {
            throw error
        } catch {
            let reason = sentence(error)
            show("job \(offer.number): \(reason)")
            do {
                try await untilThere { try await session.refuse(offer.lease, because: "\(options.name) could not do it: \(reason)") }
            } catch SessionSide.Trouble.refused {
                // It is not this worker's any more.
            }
        }
    }

    private func work(on offer: JobOffer, of session: SessionSide, probabilitiesTo file: String) async throws -> JobResult {
        let model = try await cache.folder(of: offer.job.model) { file, path in try await untilThere { try await session.save(file, of: offer, to: path) } }
        let image = try await untilThere { try await session.image(of: offer) }
        return try await runner.run(offer.job, image: image, model: model, probabilitiesTo: file)
    }

    /// Does something while the lease is kept; a lease that is lost cancels it.
    private func whileRenewing<Value: Sendable>(
        _ offer: JobOffer, at session: SessionSide, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                let interval = Duration.seconds(max(0.2, min(600, offer.seconds / 3)))
                while true {
                    try await Task.sleep(for: interval)
                    do {
                        _ = try await session.renew(offer.lease)
                    } catch SessionSide.Trouble.away {
                        // The work goes on; whoever delivers it waits for the session.
                    }
                }
            }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    /// The session was not there for too long.
    private struct Away: Error, CustomStringConvertible { let description: String }

    /// Asks again, more and more seldom, where nobody answers.
    private func untilThere<Value: Sendable>(_ ask: () async throws -> Value) async throws -> Value {
        let clock = ContinuousClock()
        let begin = clock.now
        var pause = Duration.milliseconds(250)
        while true {
            do {
                return try await ask()
            } catch SessionSide.Trouble.away(let reason) {
                guard clock.now - begin < options.patience else {
                    throw Away(description: "No session of TomoPilot was at \(options.address) for \(words(options.patience)) (\(reason)); the worker ends.")
                }
                if pause == .milliseconds(250) { show("waiting for the session at \(options.address): \(reason)") }
                try await Task.sleep(for: pause, clock: clock)
                pause = min(pause * 2, .seconds(30))
            }
        }
    }
}
