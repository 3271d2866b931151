import Foundation
import HTTPTypes
import ImageFiles
import Store
import Workflow

/// The description of the API in OpenAPI 3.1, made from the endpoints themselves.
struct OpenAPIDocument: Sendable {
    let endpoints: [Endpoint]
    var about = "The control of a TomoPilot service. Every refusal is JSON with one sentence in 'error'."

    var data: Data { Data(json.text.utf8) }

    var json: JSONValue {
        var paths: JSONObject = [:]
        for endpoint in endpoints {
            var operations = paths[endpoint.path]?.object ?? [:]
            operations[endpoint.method.rawValue.lowercased()] = operation(endpoint)
            paths[endpoint.path] = .object(operations)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "TomoPilot", "version": "1",
                "description": .string(about),
            ],
            "paths": .object(paths),
            "components": [
                "schemas": .object(Self.schemas),
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
            ],
            "security": [[:], ["token": []]],
        ]
    }

    private func operation(_ endpoint: Endpoint) -> JSONValue {
        var operation: JSONObject = ["operationId": .string(endpoint.name), "summary": .string(endpoint.summary)]
        if !endpoint.parameters.isEmpty {
            operation["parameters"] = .array(
                endpoint.parameters.map { parameter in
                    [
                        "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
                        "description": .string(parameter.meaning), "required": .bool(parameter.isRequired), "schema": parameter.schema,
                    ]
                })
        }
        if let body = endpoint.body {
            operation["requestBody"] = ["required": .bool(body.isRequired), "content": .object(Self.content(body.type, Self.closed(body.schema)))]
        }
        let content: JSONObject =
            switch endpoint.answer {
            case .json(let name): Self.content("application/json", Self.reference(name))
            case .events: Self.content("text/event-stream", ["type": "string"])
            case .document: Self.content("application/json", ["type": "object"])
            }
        operation["responses"] = [
            "200": ["description": .string(endpoint.summary), "content": .object(content)],
            "default": [
                "description": "It was refused; the sentence says why.",
                "content": .object(Self.content("application/json", Self.reference("Error"))),
            ],
        ]
        return .object(operation)
    }

    /// Keys that a request does not know are refused.
    private static func closed(_ schema: JSONValue) -> JSONValue {
        guard var object = schema.object, object["properties"] != nil else { return schema }
        object["additionalProperties"] = .bool(false)
        return .object(object)
    }

    private static func content(_ type: String, _ schema: JSONValue) -> JSONObject {
        var content: JSONObject = [:]
        content[type] = ["schema": schema]
        return content
    }

    private static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    private static func object(_ required: JSONObject, optional: JSONObject = [:]) -> JSONValue {
        var properties = required
        for (key, schema) in optional { properties[key] = schema }
        return [
            "type": "object", "required": .array(required.keys.map { .string($0) }), "properties": .object(properties),
        ]
    }

    private static func list(_ name: String) -> JSONValue { ["type": "array", "items": reference(name)] }
    private static func oneOf(_ values: [String]) -> JSONValue { ["type": "string", "enum": .array(values.map { .string($0) })] }
    private static let text: JSONValue = ["type": "string"]
    private static let time: JSONValue = ["type": "string", "format": "date-time"]
    private static let integer: JSONValue = ["type": "integer"]
    private static let number: JSONValue = ["type": "number"]

    private static let schemas: JSONObject = [
        "Error": object(["error": text]),
        "Status": object(
            [
                "state": oneOf(ServiceStatus.State.allCases.map(\.rawValue)), "pauses_now": ["type": "boolean"], "steps": list("Step"), "queued": integer,
                "last_event": integer,
            ],
            optional: [
                "reason": text, "session": reference("Session"), "phase": text, "place": text, "fraction": number, "obstacle": text,
                "inspection": reference("Inspection"), "question": reference("Question"), "remark": text,
            ]),
        "Question": object(
            [
                "step": text, "title": text, "grid": integer, "name": text, "reason": text, "evidence": ["type": "array", "items": text],
                "answers": list("Answer"), "since": time, "until": time, "next": text,
            ], optional: ["refusal": text]),
        "Plan": object(["session": integer, "parts": list("PlanPart")], optional: ["place": text]),
        "PlanPart": object(["lines": list("PlanLine")], optional: ["slot": integer, "level": integer]),
        "PlanLine": object(
            ["title": text, "role": oneOf(SessionPlan.Role.allCases.map(\.rawValue)), "for_each_lamella": ["type": "boolean"]],
            optional: ["step": text, "condition": text]),
        "Answer": object(["answer": oneOf(StepAnswer.allCases.map(\.rawValue)), "consequence": text]),
        "Inspection": object(
            [
                "grid": integer, "name": text, "subject": oneOf(Inspection.Subject.allCases.map(\.rawValue)), "picture": text, "since": time,
                "until": time, "next": text,
            ], optional: ["refusal": text]),
        "Step": object(["title": text, "seconds": number, "limit_seconds": number], optional: ["usual_seconds": number]),
        "Session": object(
            [
                "id": integer, "name": text, "session_dir": text, "state": oneOf(QueuedSession.State.allCases.map(\.rawValue)),
                "added": time,
            ],
            optional: [
                "on_failure": oneOf(QueuedSession.OnFailure.allCases.map(\.rawValue)), "started": time, "ended": time, "reason": text,
            ]),
        "Queue": object(["sessions": list("Session")]),
        "Event": object(
            [
                "id": integer, "time": time, "level": oneOf(LoggedEvent.Level.allCases.map(\.rawValue)), "kind": text, "text": text,
            ], optional: ["session": integer]),
        "Log": object(["events": list("Event")]),
    ]
}
