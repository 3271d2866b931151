import AsyncHTTPClient
package import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Workflow

/// The service as its clients see it: asks it over HTTP, and says in a sentence why there is no answer.
package struct ServiceConnection: Sendable {
    private let host: String
    private let port: Int
    private let token: String?

    /// A connection to what listens at a port of a host; `token` is the service's, if it wants one.
    package init(host: String, port: Int, token: String?) {
        (self.host, self.port, self.token) = (host, port, token)
    }

    /// Asks for a value; a refusal is thrown with the service's own sentence.
    package func ask<Answer: Decodable>(
        _ answer: Answer.Type, _ path: String, method: String = "GET", query: [String: String?] = [:], body: Data? = nil,
        type: String = "application/json"
    ) async throws -> Answer {
        let (data, status) = try await send(method, path, query: query, body: body, type: type)
        if status != 200, let refusal = try? APICoding.decoded(Refusal.self, from: data) {
            throw WorkflowError.refused(refusal.error)
        }
        // RFC 9110, sections 15.6.3 to 15.6.5.
        if 502 ... 504 ~= status {
            throw WorkflowError.refused("A proxy answers at \(address), and the service behind it does not (status \(status)); start it with 'tomopilot serve'.")
        }
        do {
            return try APICoding.decoded(answer, from: data)
        } catch {
            throw WorkflowError.refused("What answers at \(address) is not a TomoPilot service; check --host and --port.")
        }
    }

    private struct Refusal: Decodable { let error: String }

    private var address: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    private func send(
        _ method: String, _ path: String, query: [String: String?], body: Data?, type: String
    ) async throws -> (Data, Int) {
        var components = URLComponents()
        components.path = "/v1/\(path)"
        let items = query.compactMap { name, value in value.map { URLQueryItem(name: name, value: $0) } }
        if !items.isEmpty { components.queryItems = items.sorted { $0.name < $1.name } }
        // A plus sign in a query means a blank to some; in a path it is one.
        let text = (components.string ?? "").replacing("+", with: "%2B")
        guard 1 ... 65535 ~= port, URL(string: "http://\(address)\(text)") != nil else {
            throw WorkflowError.refused("'\(address)' is no address of a service; check --host and --port.")
        }
        var request = HTTPClientRequest(url: "http://\(address)\(text)")
        request.method = HTTPMethod(rawValue: method)
        if let body {
            request.body = .bytes(ByteBuffer(bytes: body))
            request.headers.add(name: "Content-Type", value: type)
        }
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        do {
            return try await Self.answer(to: request)
        } catch let error as HTTPClientError where [.deadlineExceeded, .readTimeout, .writeTimeout].contains(error) {
            throw WorkflowError.refused("The service at \(address) gave no answer in time. \(Self.mayBeDone)")
        } catch let error where Self.isCut(error) {
            throw WorkflowError.refused("The service at \(address) closed the connection before it answered. \(Self.mayBeDone)")
        } catch is HTTPParserError {
            throw WorkflowError.refused("What answers at \(address) is not a TomoPilot service; check --host and --port.")
        } catch is CancellationError {
            throw CancellationError()
        } catch is NIOTooManyBytesError {
            throw WorkflowError.refused("What answers at \(address) is not a TomoPilot service; check --host and --port.")
        } catch {
            throw WorkflowError.refused(
                "No service answers at \(address) (\(Self.reason(of: error))); start one with 'tomopilot serve', or name it with --host and --port.")
        }
    }

    /// Whether an answer that had begun, or was waited for, did not come to its end.
    private static func isCut(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .remoteConnectionClosed
        case let error as HTTPParserError: error == .invalidEOFState
        default: false
        }
    }

    /// Why there is no connection.
    private static func reason(of error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason(of: $0.error) } ?? "no machine '\(error.host)' is known here"
        case let error as IOError where error.errnoCode == ECONNREFUSED: "nobody listens there"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as HTTPClientError where error == .connectTimeout: "nobody answers there"
        default: "nobody listens there"
        }
    }

    private static func answer(to request: HTTPClientRequest) async throws -> (Data, Int) {
        var configuration = HTTPClient.Configuration()
        // Where nobody listens, that is said at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        // The service sends nobody elsewhere, and its token is for nobody else.
        configuration.redirectConfiguration = .disallow
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            let response = try await client.execute(request, deadline: .now() + longest)
            let data = Data((try await response.body.collect(upTo: largestAnswer)).readableBytesView)
            return (data, Int(response.status.code))
        }
    }

    private static let longest: TimeAmount = .seconds(30)
    /// A page of the log has much less.
    private static let largestAnswer = 256 << 20
    private static let mayBeDone = "What was asked for may be done all the same: look at 'tomopilot status' before you ask again."
}
