import Foundation
import Hummingbird
import ImageFiles
import NIOCore
import Store
import Workflow

/// Everything that the API can do.
struct Endpoints: Sendable {
    let service: SessionService

    var all: [Endpoint] { reading + queue + control }

    private var reading: [Endpoint] {
        [
            Endpoint(
                method: .get, path: "/v1/status", name: "status", summary: "What the service does now.", answer: .json("Status")
            ) { _ in try .json(await service.status()) },
            Endpoint(
                method: .get, path: "/v1/plan", name: "plan", summary: "What the session under way is going to do, and where it is in that.",
                answer: .json("Plan")
            ) { _ in try .json(await service.plan()) },
            Endpoint(
                method: .get, path: "/v1/log", name: "log", summary: "The log, oldest first.",
                parameters: [
                    .init(name: "after", place: .query, meaning: "Only lines after the one with this number.", schema: Self.integer(0)),
                    .init(name: "limit", place: .query, meaning: "At most so many lines; 100 if not given.", schema: Self.integer(1, 1000)),
                ], answer: .json("Log")
            ) { call in
                let after = try call.number("after", default: 0, in: 0 ... Int.max)
                let limit = try call.number("limit", default: 100, in: 1 ... 1000)
                return try .json(LogPage(events: try await service.events(after: Int64(after), limit: limit)))
            },
            Endpoint(
                method: .get, path: "/v1/events", name: "events",
                summary: "The log as it grows, as server-sent events whose id is the number of the line.",
                parameters: [
                    .init(name: "Last-Event-ID", place: .header, meaning: "Begin after this line; without it, with the next new one."),
                    .init(name: "after", place: .query, meaning: "The same, for those who cannot set the header.", schema: Self.integer(0)),
                ], answer: .events
            ) { call in try await EventStream.response(to: call, from: service) },
            Endpoint(
                method: .get, path: "/v1/openapi.json", name: "openapi", summary: "This description.", answer: .document
            ) { _ in
                Response(
                    status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: OpenAPIDocument(endpoints: all).data)))
            },
        ]
    }

    private var queue: [Endpoint] {
        [
            Endpoint(
                method: .get, path: "/v1/queue", name: "queue", summary: "The session under way and those that wait, in order.",
                parameters: [
                    .init(name: "all", place: .query, meaning: "Also the sessions that have ended.", schema: ["type": "boolean"])
                ], answer: .json("Queue")
            ) { call in try .json(await service.queue(all: call.flag("all"))) },
            Endpoint(
                method: .post, path: "/v1/queue", name: "addSession", summary: "Checks settings and puts a session at the end of the queue.",
                parameters: [
                    .init(name: "name", place: .query, meaning: "What people call it; the name of its folder if not given."),
                    .init(
                        name: "base", place: .query,
                        meaning: "The folder that relative paths of the settings begin at; the service's sessions folder if not given."),
                    .init(
                        name: "on_failure", place: .query,
                        meaning: "What the queue does when it fails; if not given, it goes on where only this session was at fault.",
                        schema: ["type": "string", "enum": ["stop", "continue"]]),
                ], body: .init(type: "application/yaml", schema: ["type": "string"]), answer: .json("Session")
            ) { call in
                try .json(
                    await service.add(
                        name: call.query("name"), settings: call.text(), base: call.query("base"), onFailure: call.query("on_failure")))
            },
            Endpoint(
                method: .delete, path: "/v1/queue/{id}", name: "removeSession", summary: "Takes a session that waits out of the queue.",
                parameters: [Self.id], answer: .json("Queue")
            ) { call in try .json(await service.remove(call.sessionNumber())) },
            Endpoint(
                method: .post, path: "/v1/queue/{id}/retry", name: "retrySession",
                summary: "Lets a session that has ended go on where it was, before all that wait; what people skipped stays out.",
                parameters: [Self.id], answer: .json("Queue")
            ) { call in try .json(await service.retry(call.sessionNumber())) },
            Endpoint(
                method: .post, path: "/v1/queue/{id}/move", name: "moveSession",
                summary: "Moves a session that waits to a place among those that wait, counted from 1.",
                parameters: [Self.id],
                body: .init(
                    type: "application/json",
                    schema: ["type": "object", "required": ["to"], "properties": ["to": Self.integer(1)]]),
                answer: .json("Queue")
            ) { call in
                let place = try await call.json(Place.self, shape: "{\"to\": 1}")
                return try .json(await service.move(call.sessionNumber(), to: place.to))
            },
        ]
    }

    private var control: [Endpoint] {
        let requests: [(String, String, @Sendable () async throws -> ServiceStatus)] = [
            ("resume", "The session and the queue go on.", { try await service.resume() }),
            (
                "stop", "The session finishes its step and ends, with the microscope safe; the queue waits for resume.",
                { try await service.stop() }
            ),
            (
                "abort", "The session ends once SerialEM has finished its command, with the microscope safe; the queue waits for resume.",
                { try await service.abort() }
            ),
        ]
        return requests.map { name, summary, perform in
            Endpoint(method: .post, path: "/v1/\(name)", name: name, summary: summary, answer: .json("Status")) { _ in
                try .json(await perform())
            }
        } + [
            Endpoint(
                method: .post, path: "/v1/pause", name: "pause",
                summary: "The session waits at its next checkpoint, or with 'now' as soon as SerialEM has finished its command; no other is started.",
                body: .init(type: "application/json", schema: ["type": "object", "properties": ["now": ["type": "boolean"]]], isRequired: false),
                answer: .json("Status")
            ) { call in
                let request = try await call.jsonIfAny(PauseRequest.self, shape: "{\"now\": true}")
                return try .json(await service.pause(now: request?.now ?? false))
            },
            Endpoint(
                method: .post, path: "/v1/skip", name: "skip",
                summary: "Leaves a grid, or one lamella of it, out of the session under way from its next checkpoint on.",
                body: .init(
                    type: "application/json",
                    schema: [
                        "type": "object", "required": ["grid", "reason"],
                        "properties": [
                            "grid": Self.integer(1), "lamella": Self.integer(1), "reason": ["type": "string", "maxLength": 500],
                        ],
                    ]), answer: .json("Status")
            ) { call in
                let skip = try await call.json(Skip.self, shape: "{\"grid\": 1, \"lamella\": 2, \"reason\": \"ice\"}")
                return try .json(await service.skip(skip))
            },
            Endpoint(
                method: .post, path: "/v1/unskip", name: "unskip",
                summary: "Takes back a skip, of the session under way or of another by its number; refused where the grid is acquired without it already.",
                body: .init(
                    type: "application/json",
                    schema: [
                        "type": "object", "required": ["grid"],
                        "properties": ["grid": Self.integer(1), "lamella": Self.integer(1), "session": Self.integer(1)],
                    ]), answer: .json("Status")
            ) { call in
                let request = try await call.json(TakingBack.self, shape: "{\"grid\": 1, \"lamella\": 2}")
                return try .json(await service.unskip(request))
            },
            Endpoint(
                method: .post, path: "/v1/answer", name: "answer",
                summary: "Says what became of the step that the session asks about; 'step' is the one of the status.",
                body: .init(
                    type: "application/json",
                    schema: [
                        "type": "object", "required": ["step", "answer"],
                        "properties": [
                            "step": ["type": "string"],
                            "answer": ["type": "string", "enum": .array(StepAnswer.allCases.map { .string($0.rawValue) })],
                            "reason": ["type": "string", "maxLength": 500],
                        ],
                    ]), answer: .json("Status")
            ) { call in
                let answer = try await call.json(
                    AnswerToQuestion.self, shape: "{\"step\": \"grid-1/lamella-02/medium-map\", \"answer\": \"happened\"}; answers are happened, repeat, skip")
                return try .json(await service.answer(answer))
            },
            Endpoint(
                method: .post, path: "/v1/confirm", name: "confirm",
                summary: "Confirms the lamellae or the targets of a grid that the session waits for; refused where a file that was changed cannot be used.",
                body: .init(
                    type: "application/json",
                    schema: [
                        "type": "object", "required": ["grid", "subject"],
                        "properties": [
                            "grid": Self.integer(1),
                            "subject": ["type": "string", "enum": .array(Inspection.Subject.allCases.map { .string($0.rawValue) })],
                        ],
                    ]), answer: .json("Status")
            ) { call in
                let confirmation = try await call.json(Confirmation.self, shape: "{\"grid\": 1, \"subject\": \"lamellae\"}")
                return try .json(await service.confirm(confirmation))
            },
        ]
    }

    private struct Place: Decodable { let to: Int }

    private static let id = Endpoint.Parameter(
        name: "id", place: .path, meaning: "The number of the session.", schema: integer(1), isRequired: true)

    private static func integer(_ least: Int, _ most: Int? = nil) -> JSONValue {
        var schema: JSONObject = ["type": "integer", "minimum": .integer(least)]
        if let most { schema["maximum"] = .integer(most) }
        return .object(schema)
    }
}
