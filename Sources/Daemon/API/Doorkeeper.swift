import Foundation
import HTTPTypes
import Hummingbird
import Workflow

/// Lets in who may come in, and turns every refusal into JSON with one sentence.
struct Doorkeeper: RouterMiddleware {
    typealias Context = BasicRequestContext

    /// Whoever may reach the port has to know it; nil only on the loopback.
    let token: String?
    /// On the loopback a page of any web site could ask in the operator's browser, under a name that it lets point here.
    let isLoopback: Bool
    /// What there is to ask for.
    let endpoints: [Endpoint]

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            try check(request)
            return try await next(request, context)
        } catch let error as ServiceError {
            return try refusal(error.message, status: error.status)
        } catch let error as any HTTPResponseError where error.status == .notFound {
            let allowed = endpoints.filter { $0.isAt(request.uri.path) }.map(\.method.rawValue).sorted().joined(separator: ", ")
            guard allowed.isEmpty else {
                // RFC 9110, section 15.5.6.
                var response = try refusal(
                    "There is no \(request.method.rawValue) \(request.uri.path.prefix(200)); it takes \(allowed).", status: .methodNotAllowed)
                response.headers[.allow] = allowed
                return response
            }
            return try refusal(
                "There is no \(request.method.rawValue) \(request.uri.path.prefix(200)); GET /v1/openapi.json lists what there is.",
                status: .notFound)
        } catch let error as any HTTPResponseError {
            return try refusal("The request cannot be taken: \(error).", status: error.status)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return try refusal("The service cannot do this now: \(sentence(error))", status: .internalServerError)
        }
    }

    private func refusal(_ sentence: String, status: HTTPResponse.Status) throws -> Response {
        var response = try Response.json(["error": sentence], status: status)
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    private func check(_ request: Request) throws {
        let host = request.head.authority ?? ""
        if isLoopback, !Self.isLoopback(host: host) {
            throw ServiceError(
                .forbidden, "The request names the host '\(host.prefix(200))'; this service answers to localhost and 127.0.0.1 only.")
        }
        if let origin = request.headers[.origin], origin.lowercased() != "http://\(host.lowercased())" {
            throw ServiceError(.forbidden, "A page of \(origin.prefix(200)) may not use this service.")
        }
        guard let token else { return }
        let given = request.headers[.authorization] ?? ""
        guard Self.isSame(given, "Bearer \(token)") else {
            if !given.isEmpty {
                throw ServiceError(.unauthorized, "The token that the request brings is not this service's; --token-file, or the header 'Authorization: Bearer …', names another one.")
            }
            throw ServiceError(.unauthorized, "This service wants its token; name it with --token-file, or in the header 'Authorization: Bearer …'.")
        }
    }

    static func isLoopback(host: String) -> Bool {
        let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
        return ["localhost", "127.0.0.1", "[::1]"].contains(name.lowercased())
    }

    /// Takes the same time wherever the first difference is.
    static func isSame(_ given: String, _ wanted: String) -> Bool {
        let a = Array(given.utf8)
        let b = Array(wanted.utf8)
        var difference = a.count ^ b.count
        for index in b.indices { difference |= Int((index < a.count ? a[index] : 0) ^ b[index]) }
        return difference == 0
    }
}

extension ServiceError {
    var status: HTTPResponse.Status {
        switch code {
        case .badRequest: .badRequest
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .conflict: .conflict
        case .tooLarge: .contentTooLarge
        case .timeout: .requestTimeout
        case .unwritten: .internalServerError
        }
    }
}
