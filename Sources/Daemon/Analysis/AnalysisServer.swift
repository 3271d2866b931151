import AnalysisJobs
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import ImageFiles
import InferenceWire
import Logging
import NIOCore
import NIOPosix
import Workflow

/// The HTTP side of a session for its workers: jobs, maps, models and results, and nothing that moves a microscope.
struct AnalysisServer: Sendable {
    let desk: JobDesk
    let host: String
    let port: Int
    let token: String?
    /// What goes wrong here is thrown, and told to the operator as a sentence; a connection that is cut is no trouble.
    private let logger = Logger(label: "analysis") { _ in SwiftLogNoOpLogHandler() }

    init(desk: JobDesk, host: String, port: Int, token: String?) {
        self.desk = desk
        self.host = host
        self.port = port
        self.token = token
    }

    /// How long a worker that asks for work is kept waiting.
    private static let longestWait: Duration = .seconds(20)
    /// How long a result may take on its way.
    private static let longestBody: Duration = .seconds(600)
    /// A worker has two connections at most: one waits or works, one renews its lease.
    private static let connections = 256

    /// Serves until the task is cancelled.
    func run(_ onListening: @escaping @Sendable (Int) -> Void) async throws {
        let router = ControlServer.router(
            endpoints, token: token, isLoopback: AnalysisSettings.isLoopback(host), longestBody: Self.longestBody)
        let application = Application(
            router: router, server: .http1(configuration: .init(idleTimeout: .seconds(120))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: "tomopilot",
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connections, logger: logger)),
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? 0) }, logger: logger)
        do {
            try await application.run()
        } catch let error as IOError {
            throw WorkflowError.refused(Self.words(error, host: host, port: port))
        }
    }

    /// Why nobody could be served there now; nil where a port can be opened, which is closed again.
    static func trouble(host: String, port: Int) async -> String? {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1).bind(host: host, port: port).get()
            try await channel.close()
            return nil
        } catch let error as IOError {
            return words(error, host: host, port: port)
        } catch {
            return "Port \(port) of \(host) cannot be opened for workers: \(error)"
        }
    }

    private static func words(_ error: IOError, host: String, port: Int) -> String {
        "Port \(port) of \(host) cannot be opened for workers: \(String(cString: strerror(error.errnoCode)))"
    }

    private var endpoints: [Endpoint] {
        let work = work
        return work + [
            Endpoint(method: .get, path: "/v1/openapi.json", name: "openapi", summary: "This description.", answer: .document) { _ in
                let document = OpenAPIDocument(endpoints: work, about: "The jobs of a TomoPilot session for its workers. Every refusal is JSON with one sentence in 'error'.")
                return Self.json(document.data)
            }
        ]
    }

    private var work: [Endpoint] {
        [
            Endpoint(
                method: .post, path: "/v1/jobs/take", name: "take", summary: "A job for a worker, with its lease; no content where there is none for a while.",
                body: .init(type: "application/json", schema: ["type": "object"]), answer: .document
            ) { call in
                let request = try await Self.asked { try JobCoding.decoded(JobRequest.self, from: try await call.body()) }
                return try await take(request)
            },
            Endpoint(
                method: .get, path: "/v1/jobs/{lease}/map", name: "map", summary: "The grey levels of the job's map, one byte a pixel.", parameters: [Self.lease], answer: .document
            ) { call in
                let data = try await Self.asked { try await desk.image(call.lease) }
                return Response(status: .ok, headers: [.contentType: Self.bytes], body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
            },
            Endpoint(
                method: .get, path: "/v1/jobs/{lease}/model/{file}", name: "model", summary: "A file of the job's model.",
                parameters: [Self.lease, .init(name: "file", place: .path, meaning: "Its name.", isRequired: true)], answer: .document
            ) { call in
                let path = try await Self.asked { try await desk.modelFile(call.parameters.get("file") ?? "", call.lease) }
                return try Self.file(path)
            },
            Endpoint(
                method: .post, path: "/v1/jobs/{lease}/renewal", name: "renew", summary: "The lease holds on.", parameters: [Self.lease], answer: .document
            ) { call in Self.json(try await Self.asked { try JobCoding.encoded(try await desk.renew(call.lease)) }) },
            Endpoint(
                method: .post, path: "/v1/jobs/{lease}/result", name: "result",
                summary: "The job's result: a line of JSON, and the labels of a segmentation after it, one byte a pixel.", parameters: [Self.lease],
                body: .init(type: Self.bytes, schema: ["type": "string", "format": "binary"]), answer: .document
            ) { call in
                try await Self.asked {
                    let most = try await desk.largestResult(call.lease)
                    try await desk.finish(call.lease, with: try await call.body(upTo: most))
                    return Self.json(Data("{}".utf8))
                }
            },
            Endpoint(
                method: .post, path: "/v1/jobs/{lease}/probabilities", name: "probabilities",
                summary: "Before the result, where the job wants them: 32-bit numbers, little-endian, by row, class and column.", parameters: [Self.lease],
                body: .init(type: Self.bytes, schema: ["type": "string", "format": "binary"]), answer: .document
            ) { call in
                try await Self.asked {
                    let (path, bytes) = try await desk.probabilityFile(call.lease)
                    try await desk.takeProbabilities(call.lease, sha256: try await Self.save(call.request.body, to: path, bytes: bytes))
                    return Self.json(Data("{}".utf8))
                }
            },
            Endpoint(
                method: .post, path: "/v1/jobs/{lease}/failure", name: "fail", summary: "The worker cannot do the job.", parameters: [Self.lease],
                body: .init(type: "application/json", schema: ["type": "object"]), answer: .document
            ) { call in
                try await Self.asked {
                    let refusal = try JobCoding.decoded(JobRefusal.self, from: try await call.body())
                    try await desk.fail(call.lease, because: String(refusal.reason.prefix(500)))
                    return Self.json(Data("{}".utf8))
                }
            },
            Endpoint(
                method: .post, path: "/v1/jobs/{lease}/return", name: "giveBack", summary: "The worker has no time for the job.", parameters: [Self.lease], answer: .document
            ) { call in
                try await Self.asked {
                    try await desk.giveBack(call.lease)
                    return Self.json(Data("{}".utf8))
                }
            },
        ]
    }

    private static let bytes = "application/octet-stream"
    private static let lease = Endpoint.Parameter(name: "lease", place: .path, meaning: "The lease.", isRequired: true)

    private func take(_ request: JobRequest) async throws -> Response {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.longestWait
        while true {
            if let offer = try await Self.asked({ try await desk.take(request) }) { return Self.json(try JobCoding.encoded(offer)) }
            // One that was started for a job that nobody needs any more has nothing to wait for.
            if let number = request.job, !(await desk.isWanted(number)) { return Response(status: .gone) }
            guard clock.now < deadline else { return Response(status: .noContent) }
            try await Task.sleep(for: .milliseconds(100), clock: clock)
        }
    }

    /// Refusals of jobs are answers.
    private static func asked<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as AnalysisJobError { throw ServiceError(.conflict, error.description) }
    }

    private static func json(_ data: Data) -> Response {
        Response(status: .ok, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"], body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }

    /// Saves a body of so many bytes as it comes; returns its digest.
    private static func save(_ body: RequestBody, to path: String, bytes: Int) async throws -> String {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]), let file = FileHandle(forWritingAtPath: path) else {
            throw ServiceError(.conflict, "\(path) cannot be written.")
        }
        do {
            var count = 0
            var hash = SHA256()
            for try await piece in body {
                count += piece.readableBytes
                guard count <= bytes else { break }
                hash.update(Array(piece.readableBytesView))
                try file.write(contentsOf: Data(piece.readableBytesView))
            }
            try file.close()
            guard count == bytes else { throw ServiceError(.badRequest, "The probabilities have \(count) bytes or more; they must have \(bytes).") }
            return hash.hexadecimal()
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
    }

    /// A file in pieces: networks have hundreds of megabytes.
    private static func file(_ path: String) throws -> Response {
        guard let file = FileHandle(forReadingAtPath: path) else { throw ServiceError(.conflict, "\(path) cannot be read.") }
        return Response(
            status: .ok, headers: [.contentType: bytes],
            body: ResponseBody { writer in
                defer { try? file.close() }
                while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { try await writer.write(ByteBuffer(bytes: piece)) }
                try await writer.finish(nil)
            })
    }
}

extension APICall {
    var lease: String { parameters.get("lease") ?? "" }
}
