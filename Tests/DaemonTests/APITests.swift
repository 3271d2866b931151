@testable import Daemon
import Foundation
import HTTPTypes
import Hummingbird
import ImageFiles
import Logging
import Store
import Testing
@testable import Workflow

/// What the API refuses, to whom it answers, and whether its description is true.
@Suite struct APITests {
    private func withService(
        token: String? = nil, _ body: @escaping @Sendable (RunningService, ScriptedSessions) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            try await RunningService.with(folder: folder, sessions: sessions, token: token) { try await body($0, sessions) }
        }
    }

    /// A request that is refused, and what is said.
    struct Refused: Sendable, CustomTestStringConvertible {
        let method: String
        let path: String
        var body: String?
        let status: Int
        /// FOLDER stands for the sessions folder.
        let sentence: String
        var testDescription: String { "\(method) \(path) \(body?.prefix(60) ?? "")" }
    }

    @Test("A bad request is refused with one sentence", arguments: [
        Refused(
            method: "GET", path: "/v1/nothing", status: 404,
            sentence: "There is no GET /v1/nothing; GET /v1/openapi.json lists what there is."),
        Refused(
            method: "DELETE", path: "/v1/status", status: 405,
            sentence: "There is no DELETE /v1/status; it takes GET."),
        Refused(
            method: "PUT", path: "/v1/queue", status: 405,
            sentence: "There is no PUT /v1/queue; it takes GET, POST."),
        Refused(
            method: "POST", path: "/v1/queue", body: "session_dir: ./a\nautomation_levle: 1\nWG_model: ./m\nMM_model: ./m\n", status: 400,
            sentence: "settings, line 2: unknown key 'automation_levle'; did you mean 'automation_level'?"),
        Refused(
            method: "POST", path: "/v1/queue?name=tuesday", body: "", status: 400,
            sentence: "tuesday, the file holds no settings; 'tomopilot init' writes one with every key explained"),
        Refused(
            method: "POST", path: "/v1/queue", body: "session_dir: /etc/a\nWG_model: ./m\nMM_model: ./m\n", status: 400,
            sentence: "'session_dir' is '/etc/a', which does not lie in FOLDER, the folder of this service's sessions."),
        Refused(
            method: "POST", path: "/v1/queue", body: "session_dir: ./a/../../b\nWG_model: ./m\nMM_model: ./m\n", status: 400,
            sentence: "'session_dir' is 'PARENT/b', which does not lie in FOLDER, the folder of this service's sessions."),
        Refused(
            method: "POST", path: "/v1/queue", body: "session_dir: .\nWG_model: ./m\nMM_model: ./m\n", status: 400,
            sentence: "'session_dir' is 'FOLDER', which does not lie in FOLDER, the folder of this service's sessions."),
        Refused(
            method: "POST", path: "/v1/queue", body: "session_dir: ./link/a\nWG_model: ./m\nMM_model: ./m\n", status: 400,
            sentence: "'session_dir' is 'FOLDER/link/a', which does not lie in FOLDER, the folder of this service's sessions."),
        Refused(
            method: "POST", path: "/v1/queue", body: "session_dir: ./a\nWG_model: /tmp/m\nMM_model: ./m\n", status: 400,
            sentence: "'WG_model' is '/tmp/m', which does not lie in FOLDER; models are taken from there only."),
        Refused(
            method: "POST", path: "/v1/queue?on_failur=stop", body: "x", status: 400,
            sentence: "The request has a parameter 'on_failur', which is not known here; it takes name, base, on_failure."),
        Refused(
            method: "GET", path: "/v1/status?verbose=1", status: 400, sentence: "The request has a parameter 'verbose', which is not known here; it takes none."),
        Refused(
            method: "GET", path: "/v1/log?after=1&after=2", status: 400, sentence: "The request gives the parameter 'after' more than once."),
        Refused(method: "GET", path: "/v1/queue?all=yes", status: 400, sentence: "'all' is 'yes'; it must be true or false."),
        Refused(
            method: "POST", path: "/v1/skip", body: "{\"grid\": 1, \"lamella\": null, \"reason\": \"ice\"}", status: 400,
            sentence: "The request says null of 'lamella'; give it a value, or leave the key out. It must be JSON such as {\"grid\": 1, \"lamella\": 2, \"reason\": \"ice\"}."),
        Refused(
            method: "POST", path: "/v1/queue?on_failure=panic", body: "x", status: 400,
            sentence: "'on_failure' is 'panic'; it must be stop or continue."),
        Refused(
            method: "POST", path: "/v1/queue?base=here", body: "x", status: 400,
            sentence: "'base' is 'here'; it must be the absolute path of the folder that relative paths begin at."),
        Refused(
            method: "POST", path: "/v1/queue?name=%0A", body: "session_dir: ./a\nWG_model: ./m\nMM_model: ./m\n", status: 400,
            sentence: "'name' must be one line of 1 to 100 bytes, without control or format characters."),
        // Fifty-one letters of two bytes, and a character that turns the direction in which people read.
        Refused(
            method: "POST", path: "/v1/queue?name=" + String(repeating: "%C3%A9", count: 51), body: "session_dir: ./a\nWG_model: ./m\nMM_model: ./m\n",
            status: 400, sentence: "'name' must be one line of 1 to 100 bytes, without control or format characters."),
        Refused(
            method: "POST", path: "/v1/queue?name=a%E2%80%AEb", body: "session_dir: ./a\nWG_model: ./m\nMM_model: ./m\n", status: 400,
            sentence: "'name' must be one line of 1 to 100 bytes, without control or format characters."),
        Refused(
            method: "POST", path: "/v1/queue", body: String(repeating: "# long\n", count: 150_000), status: 413,
            sentence: "The request has more than 1 MiB; settings are a text of some lines."),
        Refused(method: "DELETE", path: "/v1/queue/7", status: 404, sentence: "There is no session 7 in the queue."),
        Refused(
            method: "DELETE", path: "/v1/queue/first", status: 400, sentence: "'first' is no number of a session; GET /v1/queue lists them."),
        Refused(
            method: "DELETE", path: "/v1/queue/99999999999999999999", status: 400,
            sentence: "'99999999999999999999' is no number of a session; GET /v1/queue lists them."),
        Refused(
            method: "DELETE", path: "/v1/queue/1", status: 409,
            sentence: "Session 1 cannot be removed: it is running; stop or abort it."),
        Refused(
            method: "POST", path: "/v1/queue/1/move", body: "{\"to\": 0}", status: 400,
            sentence: "'to' is 0; it must be a place in the queue, from 1."),
        Refused(method: "POST", path: "/v1/queue/1/move", body: "[]", status: 400, sentence: "The request must be JSON such as {\"to\": 1}."),
        Refused(
            method: "POST", path: "/v1/skip", body: "{\"grid\": 1.5}", status: 400,
            sentence: "The request must be JSON such as {\"grid\": 1, \"lamella\": 2, \"reason\": \"ice\"}."),
        Refused(
            method: "POST", path: "/v1/skip", body: "{\"grid\": 7, \"reason\": \"ice\"}", status: 400,
            sentence: "'grid' is 7; session 'a' has the grids 1, 2."),
        Refused(
            method: "POST", path: "/v1/skip", body: "{\"grid\": 1, \"lamella\": -2, \"reason\": \"ice\"}", status: 400,
            sentence: "'lamella' is -2; it must be the number of a lamella, from 1."),
        Refused(
            method: "POST", path: "/v1/skip", body: "{\"grid\": 1, \"reason\": \" \"}", status: 400,
            sentence: "'reason' must be one line of 1 to 500 bytes, without control or format characters."),
        Refused(
            method: "POST", path: "/v1/confirm", body: "{\"grid\": 1, \"subject\": \"lamellae\"}", status: 409,
            sentence: "Nothing waits to be confirmed, so the lamellae of grid 1 cannot be."),
        Refused(
            method: "POST", path: "/v1/confirm", body: "{\"grid\": 1}", status: 400,
            sentence: "The request must be JSON such as {\"grid\": 1, \"subject\": \"lamellae\"}."),
        Refused(
            method: "GET", path: "/v1/log?limit=2000", status: 400, sentence: "'limit' is '2000'; it must be a whole number from 1 to 1000."),
    ])
    func refused(_ request: Refused) async throws {
        try await withService { service, _ in
            try FileManager.default.createSymbolicLink(atPath: service.folder + "/link", withDestinationPath: "/tmp")
            try await service.add("a")
            try await service.step("Map grid 1")
            let answer = try await service.ask(request.method, request.path, body: request.body)
            let parent = (service.folder as NSString).deletingLastPathComponent
            let sentence = request.sentence.replacing("FOLDER", with: service.folder).replacing("PARENT", with: parent)
            #expect(answer.error == sentence, "\(answer.text)")
            #expect(answer.status == request.status)
            #expect(try await service.queue() == "a running")
        }
    }

    @Test("What needs a session is refused where none runs", arguments: [
        ("stop", nil), ("abort", nil), ("skip", "{\"grid\": 1, \"reason\": \"ice\"}"),
    ] as [(String, String?)])
    func nothingRuns(request: String, body: String?) async throws {
        try await withService { service, _ in
            let answer = try await service.ask("POST", "/v1/\(request)", body: body)
            #expect(answer.status == 409)
            #expect(answer.error?.hasPrefix("No session runs, so none can be ") == true)
        }
    }

    // MARK: Who may ask

    @Test("Whoever asks under another name than the loopback's is refused", arguments: [
        ("evil.example:48900", false), ("localhost.evil.example", false), ("127.0.0.1.evil.example", false), ("", false),
        ("localhost:1", true), ("127.0.0.1", true), ("[::1]:48900", true), ("LOCALHOST", true),
    ])
    func host(name: String, isAllowed: Bool) async throws {
        #expect(Doorkeeper.isLoopback(host: name) == isAllowed)
        guard !name.isEmpty else { return }
        try await withService { service, _ in
            let answer = try await service.ask("GET", "/v1/status", headers: ["Host": name])
            #expect(answer.status == (isAllowed ? 200 : 403))
        }
    }

    @Test func aPageOfAnotherSiteMayNotAsk() async throws {
        try await withService { service, _ in
            let answer = try await service.ask("POST", "/v1/pause", headers: ["Origin": "http://evil.example"])
            #expect(answer.status == 403)
            #expect(answer.error == "A page of http://evil.example may not use this service.")
            let own = try await service.ask("POST", "/v1/pause", headers: ["Origin": "http://127.0.0.1:\(service.port)"])
            #expect(own.status == 200)
        }
    }

    @Test("A service with a token answers to nobody without it", arguments: [
        (nil, 401), ("Bearer", 401), ("Bearer 0123456789abcdeX", 401), ("Bearer 0123456789abcdefg", 401), ("0123456789abcdef", 401),
        ("Bearer 0123456789abcdef", 200),
    ] as [(String?, Int)])
    func token(header: String?, status: Int) async throws {
        try await withService(token: "0123456789abcdef") { service, _ in
            for path in ["/v1/status", "/v1/openapi.json"] {
                let answer = try await service.ask("GET", path, headers: header.map { ["Authorization": $0] } ?? [:])
                #expect(answer.status == status)
                guard status == 401 else { continue }
                let sentence = header == nil ? "This service wants its token; " : "The token that the request brings is not this service's; "
                #expect(answer.error?.hasPrefix(sentence) == true, "\(answer.text)")
            }
        }
    }

    @Test func beyondTheLoopbackThereIsNoServiceWithoutAToken() async throws {
        try await withService { running, _ in
            let error = #expect(throws: WorkflowError.self) {
                try ControlServer(service: running.service, host: "0.0.0.0", port: 0, token: nil, logger: .init(label: "test")) { _ in }
            }
            #expect(
                error?.message
                    == "--host 0.0.0.0 can be reached from other machines, and whoever reaches the service drives the microscope: "
                    + "name a file that holds a token with --token-file, or leave --host out.")
        }
    }

    // MARK: The description

    @Test func theDescriptionNamesTheRoutesAndNoOthers() async throws {
        try await withService { service, _ in
            let document = try await service.ask("GET", "/v1/openapi.json").value([String: AnyJSON].self)
            var described: Set<String> = []
            for (path, operations) in document["paths"]?.object ?? [:] {
                for method in (operations.object ?? [:]).keys { described.insert("\(method.uppercased()) \(path)") }
            }
            let router = ControlServer.router(Endpoints(service: service.service).all, token: nil, isLoopback: true)
            let routes = Set(router.routes.map { "\($0.method.rawValue) \($0.path.description)" })
            #expect(described == routes)
            #expect(described.count == 18)
            let skip = document["paths"]?.object?["/v1/skip"]?.object?["post"]?.object?["requestBody"]?.object?["content"]?.object?["application/json"]?.object?["schema"]
            #expect(skip?.object?["additionalProperties"] != nil)
        }
    }

    @Test func whatComesBackIsWhatTheDescriptionSays() async throws {
        try await withService { service, sessions in
            sessions.inspect(inspection(in: service.folder))
            try await service.add("a", query: "?on_failure=stop")
            try await service.status(.inspecting)
            let document = try await service.ask("GET", "/v1/openapi.json").value([String: AnyJSON].self)
            let schemas = document["components"]?.object?["schemas"]?.object ?? [:]
            func check(_ value: AnyJSON?, _ name: String) throws {
                let schema = try #require(schemas[name]?.object)
                let keys = Set(try #require(value?.object).keys)
                let known = Set(schema["properties"]?.object?.keys.map(\.self) ?? [])
                let required = Set(schema["required"]?.array?.compactMap(\.text) ?? [])
                #expect(keys.isSubset(of: known), "\(name)")
                #expect(required.isSubset(of: keys), "\(name)")
            }
            let status = try await service.ask("GET", "/v1/status").value(AnyJSON.self)
            try check(status, "Status")
            try check(status.object?["session"], "Session")
            try check(status.object?["inspection"], "Inspection")
            let step = StepIdentifier.lamella(1, 2, "medium-map")
            await service.service.take(
                .asking(
                    StepQuestion(
                        step: step, title: "Map lamella 2", slot: 1, grid: "G", reason: "half is there", evidence: ["3 images"],
                        marker: service.folder + "/answer", since: .now, until: .now + 3600, refusal: "It is empty.")))
            let asking = try await service.ask("GET", "/v1/status").value(AnyJSON.self)
            try check(asking.object?["question"], "Question")
            try check(asking.object?["question"]?.object?["answers"]?.array?.first, "Answer")
            let answer = try await service.ask("POST", "/v1/answer", body: "{\"step\": \"\(step)\", \"answer\": \"skip\", \"reason\": \"ice\"}")
            #expect(answer.status == 200)
            #expect(try String(contentsOfFile: service.folder + "/answer", encoding: .utf8) == "skip ice\n")
            let unknown = try await service.ask("POST", "/v1/answer", body: "{\"step\": \"\(step)\", \"answer\": \"yes\"}")
            #expect(unknown.status == 400)
            _ = try await service.ask("POST", "/v1/confirm", body: "{\"grid\": 1, \"subject\": \"lamellae\"}")
            try await service.step("Map grid 1")
            let running = try await service.ask("GET", "/v1/status").value(AnyJSON.self)
            try check(running, "Status")
            try check(running.object?["steps"]?.array?.first, "Step")
            let place = running.object?["place"]?.text
            #expect(place?.hasPrefix("grid 1 of ") == true)
            let plan = try await service.ask("GET", "/v1/plan").value(AnyJSON.self)
            try check(plan, "Plan")
            for part in plan.object?["parts"]?.array ?? [] {
                try check(part, "PlanPart")
                for line in part.object?["lines"]?.array ?? [] { try check(line, "PlanLine") }
            }
            let queue = try await service.ask("GET", "/v1/queue").value(AnyJSON.self)
            try check(queue, "Queue")
            try check(queue.object?["sessions"]?.array?.first, "Session")
            let log = try await service.ask("GET", "/v1/log").value(AnyJSON.self)
            try check(log, "Log")
            try check(log.object?["events"]?.array?.last, "Event")
            try check(try await service.ask("GET", "/v1/x").value(AnyJSON.self), "Error")
        }
    }

    // MARK: Events

    @Test func theEventsGoOnAfterTheLineThatTheReaderHadLast() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.allow(steps: 9)
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                try await service.add("a")
                try await service.status(.idle)
                let log = try await service.log()
                let known = log[2].id
                let before = service.service.changes.listeners
                async let stream = service.ask("GET", "/v1/events", headers: ["Last-Event-ID": "\(known)"])
                while service.service.changes.listeners <= before { try await Task.sleep(for: .milliseconds(5)) }
                // The stream ends with the service.
                await service.end()
                let lines = try await stream.text.split(separator: "\n")
                let ids = lines.filter { $0.hasPrefix("id: ") }.compactMap { Int64($0.dropFirst(4)) }
                let texts = try lines.filter { $0.hasPrefix("data: ") }.map {
                    try APICoding.decoded(LoggedEvent.self, from: Data($0.dropFirst(6).utf8)).text
                }
                #expect(Array(ids.prefix(log.count - 3)) == log.dropFirst(3).map(\.id))
                #expect(ids == ids.sorted())
                #expect(Array(texts.prefix(log.count - 3)) == log.dropFirst(3).map(\.text))
            }
        }
    }
}

/// Any JSON.
enum AnyJSON: Decodable {
    case object([String: AnyJSON]), array([AnyJSON]), text(String), other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let object = try? container.decode([String: AnyJSON].self) { self = .object(object) }
        else if let array = try? container.decode([AnyJSON].self) { self = .array(array) }
        else if let text = try? container.decode(String.self) { self = .text(text) }
        else { self = .other }
    }

    var object: [String: AnyJSON]? { if case .object(let object) = self { object } else { nil } }
    var array: [AnyJSON]? { if case .array(let array) = self { array } else { nil } }
    var text: String? { if case .text(let text) = self { text } else { nil } }
}
