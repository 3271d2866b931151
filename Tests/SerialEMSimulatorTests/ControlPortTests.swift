import Foundation
import Logging
import SerialEMClient
import SerialEMSimulator
import Testing
import Units

/// The HTTP control port.
@Suite struct ControlPortTests {
    @Test(arguments: [
        ("GET", "/", "", 404, "There is no /; possible are /faults, /status, /events, /dialog, /stop, /crash, /cassette."),
        ("PUT", "/faults", "", 405, "/faults does not know PUT, only GET, POST, DELETE."),
        ("GET", "/crash", "", 405, "/crash does not know GET, only POST."),
        ("POST", "/faults", "", 400, "body: it is not JSON at byte 0: the text ends early."),
        ("POST", "/faults", "[1]", 400, "body, fault 1: 1 stands where an object in braces must be."),
        ("POST", "/crash", #"{"seconds": -1}"#, 400, "body: 'seconds' is -1; it must be a number from 0 to 86400."),
        ("POST", "/crash", #"{"second": 1}"#, 400, "body: the key 'second' is not known here; possible are seconds."),
        ("POST", "/dialog", "[]", 400, "body: a list stands where an object in braces must be."),
        ("POST", "/dialog", "", 400, "No dialog is open."),
        ("POST", "/faults", String(repeating: " ", count: 1_100_000), 413, "A body has at most 1048576 bytes."),
    ])
    func aBadRequestIsAnsweredInOneSentence(method: String, path: String, body: String, status: Int, sentence: String) async throws {
        try await withFaults { stand in
            let answer = try await stand.ask(method, path, body)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.hasSuffix("\r\n\r\n{\n    \"error\": \"\(sentence)\"\n}\n"))
            #expect(answer.contains("\r\nAllow: ") == (status == 405))
        }
    }

    @Test func whatIsNotHTTPIsRefusedAndThePortGoesOn() async throws {
        try await withFaults { stand in
            let answer = try await withRawClient(stand.controlPort) { client in
                try await client.send(Array("HELO\u{1}\r\n\r\n".utf8))
                return String(decoding: try await client.rest(), as: UTF8.self)
            }
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(try await stand.ask("GET", "/status").hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func aPageInABrowserMayNotUseThePort() async throws {
        try await withFaults { stand in
            let answer = try await stand.ask("POST", "/stop", headers: "Origin: http://example.org\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func faultsAreAddedStrikeAndAreRemoved() async throws {
        try await withFaults { stand in
            let sem = try await stand.connect()
            let fault = #"[{"kind": "error", "text": "No.", "when": {"command": "ReportTiltAngle", "times": "always"}}]"#
            #expect(try await stand.ask("POST", "/faults", fault).contains(#""added": 1"#))
            await #expect(throws: SerialEMError.self) { try await sem.reportTiltAngle() }
            let list = try await stand.ask("GET", "/faults")
            #expect(list.contains(#""struck": 1"#))
            #expect(list.contains(#""command": "ReportTiltAngle""#))
            #expect(list.contains(#""time": "2026-10-26T20:00:00""#))
            #expect(try await stand.ask("DELETE", "/faults").contains(#""removed": 1"#))
            #expect(try await sem.reportTiltAngle().value == 0)
            await sem.close()
        }
    }

    @Test func statusAndEventsTellWhatTheMicroscopeDid() async throws {
        try await withFaults { stand in
            let sem = try await stand.connect()
            try await sem.loadCartridge(1)
            try await sem.moveStageTo(x: Micrometers(40), y: Micrometers(0))
            try await sem.record()
            let status = try await stand.ask("GET", "/status?now")
            #expect(status.contains(#""control": "external""#))
            #expect(status.contains(#""loadedSlot": 1"#))
            #expect(status.contains(#""exposures": 1"#))
            let body = try #require(try await stand.ask("GET", "/events").components(separatedBy: "\r\n\r\n").last)
            let events = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: [[String: Any]]])
            let exposure = try #require(events["exposures"]?.first)
            #expect(abs((exposure["stageX"] as? Double ?? 0) - 40) < 0.1)
            await sem.close()
        }
    }
}
