import AnalysisJobs
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Workflow

/// A session as its workers see it.
struct SessionSide: Sendable {
    let address: String
    let token: String?
    private let client: HTTPClient

    /// Does something with a session and the connections to it.
    static func during(_ address: String, token: String?, _ body: (SessionSide) async throws -> Void) async throws {
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(10)))
        // A session that is not there is told of at once; how long to go on asking is the worker's to say.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            try await body(SessionSide(address: address, token: token, client: client))
            try await client.shutdown()
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    /// What came back instead of an answer.
    enum Trouble: Error, Sendable, CustomStringConvertible {
        /// Nobody is there, or not now; it may be tried again.
        case away(String)
        /// The session has another opinion; asking again does not change it.
        case refused(String)

        var description: String { switch self { case .away(let text), .refused(let text): text } }
    }

    enum Taken: Sendable { case offer(JobOffer), nothing, unwanted }

    func take(_ request: JobRequest) async throws -> Taken {
        let (status, data) = try await send("POST", "take", body: JobCoding.encoded(request), upTo: 1 << 20)
        switch status {
        case 204: return .nothing
        case 410: return .unwanted
        default: return .offer(try JobCoding.decoded(JobOffer.self, from: data))
        }
    }

    func image(of offer: JobOffer) async throws -> [UInt8] {
        guard offer.job.isPossible else { throw AnalysisJobError("The map of '\(offer.job.title)' has an impossible size.") }
        return [UInt8](try await send("GET", "\(offer.lease)/map", upTo: offer.job.width * offer.job.height).data)
    }

    /// Saves a file of the model.
    func save(_ file: String, of offer: JobOffer, to path: String) async throws {
        let response = try await execute("GET", "\(offer.lease)/model/\(file)", body: nil, limit: .seconds(3600))
        guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path) else {
            throw WorkflowError.refused("\(path) cannot be written.")
        }
        defer { try? handle.close() }
        do {
            for try await piece in response.body { try handle.write(contentsOf: Data(piece.readableBytesView)) }
        } catch let error as HTTPClientError {
            throw Trouble.away(error.shortDescription)
        }
    }

    func renew(_ lease: String) async throws -> JobRenewal {
        try JobCoding.decoded(JobRenewal.self, from: try await send("POST", "\(lease)/renewal", upTo: 1 << 16).data)
    }

    func deliver(_ result: Data, for lease: String) async throws { _ = try await send("POST", "\(lease)/result", body: result, upTo: 1 << 16, limit: .seconds(600)) }

    /// Sends the file with the probabilities; the result comes after it.
    func deliver(probabilities path: String, for lease: String) async throws {
        guard let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64 else { throw WorkflowError.refused("\(path) cannot be read.") }
        _ = try await execute("POST", "\(lease)/probabilities", body: .stream(FilePieces(path: path), length: .known(size)), limit: .seconds(3600))
    }

    func refuse(_ lease: String, because reason: String) async throws {
        _ = try await send("POST", "\(lease)/failure", body: JobCoding.encoded(JobRefusal(reason: reason)), upTo: 1 << 16)
    }

    func giveBack(_ lease: String) async throws { _ = try await send("POST", "\(lease)/return", upTo: 1 << 16, limit: .seconds(10)) }

    private func send(_ method: String, _ path: String, body: Data? = nil, upTo most: Int, limit: TimeAmount = .seconds(60)) async throws -> (status: Int, data: Data) {
        let response = try await execute(method, path, body: body.map { .bytes(ByteBuffer(bytes: $0)) }, limit: limit)
        do {
            return (Int(response.status.code), Data(try await response.body.collect(upTo: most).readableBytesView))
        } catch is NIOTooManyBytesError {
            throw Trouble.refused("The answer of \(address) is longer than it may be.")
        } catch let error where !(error is CancellationError) {
            throw Trouble.away("the answer did not come to its end")
        }
    }

    /// An answer that is none of refusal.
    private func execute(_ method: String, _ path: String, body: HTTPClientRequest.Body?, limit: TimeAmount) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: "\(address)/v1/jobs/\(path)")
        request.method = HTTPMethod(rawValue: method)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        request.body = body
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: limit)
        } catch let error as HTTPClientError where error == .invalidURL || error == .unsupportedScheme("") {
            throw Trouble.refused("'\(address)' is no address of a session.")
        } catch let error where !(error is CancellationError) {
            try Task.checkCancellation()
            throw Trouble.away("nobody answers there")
        }
        guard response.status.code >= 400, response.status.code != 410 else { return response }
        struct Refusal: Decodable { let error: String }
        let data = try? await response.body.collect(upTo: 1 << 16)
        let said = data.flatMap { try? JSONDecoder().decode(Refusal.self, from: Data($0.readableBytesView)) }?.error
        // 408, 429 and what is the server's own trouble ask for another time (RFC 9110, RFC 6585).
        if response.status.code >= 500 || [408, 429].contains(response.status.code) { throw Trouble.away(said ?? "it answers with status \(response.status.code)") }
        throw Trouble.refused(said ?? "What answers at \(address) is no session of TomoPilot.")
    }
}

/// A file in pieces: probabilities have hundreds of megabytes.
private struct FilePieces: AsyncSequence, Sendable {
    let path: String

    struct AsyncIterator: AsyncIteratorProtocol {
        let file: FileHandle?
        mutating func next() async throws -> ByteBuffer? {
            guard let piece = try file?.read(upToCount: 1 << 20), !piece.isEmpty else {
                try file?.close()
                return nil
            }
            return ByteBuffer(bytes: piece)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(file: FileHandle(forReadingAtPath: path)) }
}
