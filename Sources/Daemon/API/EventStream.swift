import Foundation
import Hummingbird
import NIOCore
import Store

/// The log as server-sent events. Each reader follows the log by itself: a slow one is behind and keeps nobody waiting.
enum EventStream {
    static func response(to call: APICall, from service: SessionService) async throws -> Response {
        let begin = try await firstLine(for: call, service: service)
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                var last = begin
                // Without a word the reader's own library would not know that it is connected.
                try await writer.write(ByteBuffer(string: ": the log of tomopilot\n\n"))
                for await _ in service.changes.changes() {
                    var wasNew = false
                    while true {
                        let events = try await service.events(after: last, limit: 100)
                        guard let newest = events.last else { break }
                        for event in events { try await writer.write(ByteBuffer(bytes: text(of: event))) }
                        last = newest.id
                        wasNew = true
                    }
                    // The line is tried now and then, so that one whose reader has gone is given up.
                    if !wasNew { try await writer.write(ByteBuffer(string: ": \n\n")) }
                }
                try await writer.finish(nil)
            })
    }

    private static func firstLine(for call: APICall, service: SessionService) async throws -> Int64 {
        if let text = call.request.headers.first(where: { $0.name.canonicalName == "last-event-id" })?.value {
            guard let number = Int64(text), number >= 0 else {
                throw ServiceError(.badRequest, "'Last-Event-ID' is '\(text.prefix(80))'; it must be the number of a line of the log.")
            }
            return number
        }
        guard call.query("after") == nil else { return Int64(try call.number("after", default: 0, in: 0 ... Int.max)) }
        return try await service.store.lastEvent()
    }

    /// JSON has no line ends of its own here, so that one `data` line holds it.
    private static func text(of event: LoggedEvent) throws -> Data {
        Data("id: \(event.id)\nevent: \(event.level.rawValue)\ndata: ".utf8) + (try APICoding.encoded(event)) + Data("\n\n".utf8)
    }
}
