import Foundation
import Hummingbird
import ImageFiles
import NIOCore
import Workflow

/// One thing that the API can do: the router and its description are both made from a list of these.
struct Endpoint: Sendable {
    /// A value in the path or the query.
    struct Parameter: Sendable {
        enum Place: String, Sendable { case path, query, header }
        let name: String
        let place: Place
        let meaning: String
        var schema: JSONValue = ["type": "string"]
        var isRequired = false
    }
    /// What is sent along.
    struct Body: Sendable {
        let type: String
        let schema: JSONValue
        var isRequired = true
    }
    /// What comes back.
    enum Answer: Sendable {
        /// JSON of a schema of the document.
        case json(String)
        case events
        case document
    }

    let method: HTTPRequest.Method
    /// With parameters in braces, as OpenAPI writes them.
    let path: String
    /// A name for those who generate clients.
    let name: String
    let summary: String
    var parameters: [Parameter] = []
    var body: Body?
    let answer: Answer
    let handler: @Sendable (APICall) async throws -> Response

    /// The path as the router writes it.
    var routerPath: RouterPath { RouterPath(path) }

    /// Whether it answers at the path of a request, with one method or another.
    func isAt(_ other: String) -> Bool {
        let (own, asked) = (path.split(separator: "/"), other.split(separator: "/"))
        return own.count == asked.count && zip(own, asked).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    /// Who writes 'on_failur' for 'on_failure', or says it twice, must not be answered as if it had been understood.
    func requireKnownParameters(of request: Request) throws {
        let known = parameters.filter { $0.place == .query }.map(\.name)
        let sent = request.uri.queryParameters.map { String($0.key) }
        if let unknown = sent.filter({ !known.contains($0) }).min() {
            let list = known.isEmpty ? "it takes none" : "it takes \(known.joined(separator: ", "))"
            throw ServiceError(.badRequest, "The request has a parameter '\(unknown.prefix(80))', which is not known here; \(list).")
        }
        if let twice = known.first(where: { name in sent.count { $0 == name } > 1 }) {
            throw ServiceError(.badRequest, "The request gives the parameter '\(twice)' more than once.")
        }
    }
}

/// A request with what an endpoint asks of it.
package struct APICall: Sendable {
    let request: Request
    let parameters: Parameters
    /// What its body may hold; nil where the endpoint takes none.
    let schema: JSONValue?
    /// How long the body may take.
    let longestBody: Duration

    /// The most bytes that a body may have.
    static let largestBody = 1 << 20
    /// A client that sends half a request must hold up nothing, least of all the end of the service.
    package static let longestBody: Duration = .seconds(15)

    func query(_ name: String) -> String? { request.uri.queryParameters[Substring(name)].map(String.init) }

    /// A whole number of the query.
    func number(_ name: String, default absent: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = query(name) else { return absent }
        guard let number = Int(text), range.contains(number) else {
            throw ServiceError(
                .badRequest, "'\(name)' is '\(text.prefix(80))'; it must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// `true` or `false` in the query; absent it is false.
    func flag(_ name: String) throws -> Bool {
        guard let text = query(name) else { return false }
        guard let value = Bool(text) else { throw ServiceError(.badRequest, "'\(name)' is '\(text.prefix(80))'; it must be true or false.") }
        return value
    }

    /// The number of a session in the path.
    func sessionNumber() throws -> Int64 {
        let text = parameters.get("id") ?? ""
        guard let number = Int64(text), number > 0 else {
            throw ServiceError(.badRequest, "'\(text.prefix(80))' is no number of a session; GET /v1/queue lists them.")
        }
        return number
    }

    /// The whole body.
    func body(upTo most: Int = Self.largestBody) async throws -> Data {
        do {
            return try await withThrowingTaskGroup(of: Data?.self) { [request] group in
                group.addTask { Data(try await request.body.collect(upTo: most).readableBytesView) }
                group.addTask { [longestBody] in
                    try await Task.sleep(for: longestBody)
                    return nil
                }
                defer { group.cancelAll() }
                guard let body = try await group.next() ?? nil else {
                    throw ServiceError(.timeout, "The rest of the request did not come within \(words(longestBody)).")
                }
                return body
            }
        } catch is NIOTooManyBytesError {
            throw ServiceError(.tooLarge, most == Self.largestBody ? "The request has more than 1 MiB; settings are a text of some lines." : "The request has more than \(most) bytes.")
        }
    }

    /// The body as a JSON value of a type; nil where nothing was sent.
    func jsonIfAny<Value: Decodable>(_ type: Value.Type, shape: String) async throws -> Value? {
        let body = try await body()
        return body.isEmpty ? nil : try decoded(type, from: body, shape: shape)
    }

    /// The body as text.
    func text() async throws -> String {
        guard let text = String(data: try await body(), encoding: .utf8) else {
            throw ServiceError(.badRequest, "The request is not text in UTF-8.")
        }
        return text
    }

    /// The body as a JSON value of a type; `shape` says what it must look like.
    func json<Value: Decodable>(_ type: Value.Type, shape: String) async throws -> Value {
        try decoded(type, from: await body(), shape: shape)
    }

    private func decoded<Value: Decodable>(_ type: Value.Type, from body: Data, shape: String) throws -> Value {
        do {
            let value = try APICoding.decoded(type, from: body)
            try requireKnownKeys(in: body, shape: shape)
            return value
        } catch is DecodingError {
            throw ServiceError(.badRequest, "The request must be JSON such as \(shape).")
        }
    }

    /// Who writes 'immediately' for 'now' must not be answered as if it had been understood.
    private func requireKnownKeys(in body: Data, shape: String) throws {
        guard case .object(let schema)? = schema, case .object(let properties)? = schema["properties"],
            let sent = try? JSONDecoder().decode([String: Ignored].self, from: body)
        else { return }
        if let unknown = sent.keys.filter({ properties[$0] == nil }).min() {
            throw ServiceError(.badRequest, "The request has a key '\(unknown.prefix(80))', which is not known here; it must be JSON such as \(shape).")
        }
        // A program that lost the number of a lamella does not mean its whole grid.
        if let empty = sent.filter(\.value.isNull).keys.min() {
            throw ServiceError(.badRequest, "The request says null of '\(empty)'; give it a value, or leave the key out. It must be JSON such as \(shape).")
        }
    }

    private struct Ignored: Decodable {
        let isNull: Bool
        init(from decoder: any Decoder) throws { isNull = try decoder.singleValueContainer().decodeNil() }
    }
}

extension Response {
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try APICoding.encoded(value))))
    }
}
