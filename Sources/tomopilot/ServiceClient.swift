import ArgumentParser
import Daemon
import Foundation

/// Where the service is; every command that asks it has these options.
struct ServiceClient: ParsableArguments {
    @Option(help: "Where the service runs.")
    var host = "127.0.0.1"

    @Option(help: "The port that it listens at.")
    var port = 48900

    @Option(help: "A file that holds the service's token, if it wants one.")
    var tokenFile: String?

    /// Asks for a value; a refusal is thrown with the service's own sentence.
    func ask<Answer: Decodable>(
        _ answer: Answer.Type, _ path: String, method: String = "GET", query: [String: String?] = [:], body: Data? = nil,
        type: String = "application/json"
    ) async throws -> Answer {
        try await ServiceConnection(host: host, port: port, token: tokenFile.map(SecretFile.token))
            .ask(answer, path, method: method, query: query, body: body, type: type)
    }
}
