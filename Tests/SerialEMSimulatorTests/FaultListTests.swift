import Foundation
import ImageFiles
import SerialEMSimulator
import Testing

/// How faults are written down, and what is said of those that are not written well.
@Suite struct FaultListTests {
    /// One of each kind.
    static let all = """
        [
            {"kind": "dropBeforeReply", "executed": false}, {"kind": "dropInReply", "bytes": 7}, {"kind": "dropAfterReply"},
            {"kind": "delayReply", "seconds": 0.5}, {"kind": "busy", "seconds": 20}, {"kind": "stop"}, {"kind": "stopWhileWaiting"},
            {"kind": "newcomer", "seconds": 3}, {"kind": "error", "text": "No."}, {"kind": "noEffect"}, {"kind": "blankImage"}, {"kind": "slowExposure", "seconds": 2},
            {"kind": "missingPiece"},
            {"kind": "stageShort", "micrometers": 2.5}, {"kind": "jam"}, {"kind": "displaced", "micrometers": 90, "degrees": -2}, {"kind": "vacuum", "severity": 1, "seconds": 60},
            {"kind": "closedValve"}, {"kind": "reloaded"}, {"kind": "refill", "seconds": 900}, {"kind": "lowDisk", "megabytes": 50, "seconds": 300},
            {"kind": "crash", "seconds": 5}, {"kind": "diskFull"},
            {"kind": "dialog", "text": "Sure?", "seconds": 4}, {"kind": "truncateReply", "bytes": 3}, {"kind": "glueReply", "bytes": 4},
            {"kind": "garbageReply", "bytes": 5}, {"kind": "wrongCount", "values": 9, "longs": -1}, {"kind": "wrongLength", "length": -1},
            {"kind": "silence", "when": {"command": "View", "after": 2, "times": "always", "probability": 0.25, "seed": 8}}
        ]
        """

    @Test func whatIsReadIsWrittenAgain() throws {
        let faults = try Fault.list(text: Self.all, place: "all")
        #expect(faults.map(\.kind.name) == Fault.kinds)
        let again = try Fault.list(text: JSONValue.array(faults.map(\.json)).text, place: "again")
        #expect(again == faults)
        let last = try #require(faults.last)
        #expect(last.when == Fault.When(command: "View", after: 2, times: nil, probability: 0.25, seed: 8))
    }

    @Test(arguments: [
        (#"[{"kind": "stop"}, {"kind": "stopp"}]"#, "f.json, fault 2: 'kind' is \"stopp\"; it must be one of \(Fault.kinds.joined(separator: ", "))."),
        (#"[{"knid": "stop"}]"#, "f.json, fault 1: the key 'kind' is missing; it must be one of \(Fault.kinds.joined(separator: ", "))."),
        (#"["stop"]"#, "f.json, fault 1: \"stop\" stands where an object in braces must be."),
        (#"7"#, "f.json, fault 1: 7 stands where an object in braces must be."),
        (#"{"kind": "stop", "seconds": 1}"#, "f.json, fault 1: the key 'seconds' is not known here; possible are kind, when."),
        (#"{"kind": "delayReply"}"#, "f.json, fault 1: the key 'seconds' is missing; it must be a number of seconds."),
        (#"{"kind": "delayReply", "seconds": "5"}"#, "f.json, fault 1: 'seconds' is \"5\"; it must be a number from 0 to 86400."),
        (#"{"kind": "delayReply", "seconds": -1}"#, "f.json, fault 1: 'seconds' is -1; it must be a number from 0 to 86400."),
        (#"{"kind": "delayReply", "seconds": 1e999}"#, "f.json, fault 1: 'seconds' is null; it must be a number from 0 to 86400."),
        (#"{"kind": "delayReply", "seconds": NaN}"#, "f.json, fault 1: 'seconds' is null; it must be a number from 0 to 86400."),
        (#"{"kind": "dropInReply", "bytes": 1.5}"#, "f.json, fault 1: 'bytes' is 1.5; it must be a whole number from 0 to 1073741824."),
        (#"{"kind": "wrongLength", "length": 1e300}"#, "f.json, fault 1: 'length' is 1e+300; it must be a whole number from -2147483648 to 2147483647."),
        (#"{"kind": "wrongCount"}"#, "f.json, fault 1: the key 'values' is missing; it must be the index of the last value, or give 'longs'."),
        (#"{"kind": "error", "text": ""}"#, "f.json, fault 1: 'text' is \"\"; it must be a text of 1 to 2000 bytes without a zero byte."),
        (#"{"kind": "error", "text": "No.", "when": {"command": "GetBufferImage"}}"#, "f.json, fault 1: 'error' can strike commands only, and GetBufferImage is none."),
        (#"{"kind": "stop", "when": 3}"#, "f.json, fault 1, when: 3 stands where an object in braces must be."),
        (#"{"kind": "stop", "when": {"command": "Veiw"}}"#, "f.json, fault 1, when: 'command' is \"Veiw\"; it must be the name of a SerialEM command, any, or one of OKtoRunExternalScript, GetBufferImage, PutImageInBuffer, AcquireAtItems."),
        (#"{"kind": "stop", "when": {"times": "twice"}}"#, "f.json, fault 1, when: 'times' is \"twice\"; it must be a whole number from 1 to 1000000000, or \"always\"."),
        (#"{"kind": "stop", "when": {"times": 0}}"#, "f.json, fault 1, when: 'times' is 0; it must be a whole number from 1 to 1000000000."),
        (#"{"kind": "stop", "when": {"after": -1}}"#, "f.json, fault 1, when: 'after' is -1; it must be a whole number from 0 to 1000000000."),
        (#"{"kind": "stop", "when": {"probability": 1.5}}"#, "f.json, fault 1, when: 'probability' is 1.5; it must be a number from 0 to 1."),
        (#"[{"kind": "stop""#, "f.json: it is not JSON at byte 16: a comma or } expected."),
    ])
    func aBadEntryIsNamed(text: String, sentence: String) throws {
        let error = #expect(throws: FaultError.self) { try Fault.list(text: text, place: "f.json") }
        #expect(error?.description == sentence)
    }

    @Test func aFileThatIsNotThereIsNamed() throws {
        let path = "/nonexistent/faults.json"
        let error = #expect(throws: FaultError.self) { try Fault.read(file: path) }
        #expect(error?.description == "Cannot open \(path): No such file or directory.")
    }
}
