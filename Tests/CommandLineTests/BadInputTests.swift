import Foundation
import InferenceWire
import Testing

/// Bad input, from the real program: one sentence on standard error, a status that is not 0, nothing half written.
///
/// One after the other: each starts a program or two, and a small computer should not run them all at once.
@Suite(.serialized) struct BadInputTests {
    // MARK: A settings file

    @Test("A settings file with a wrong line: the file, the line, what it is and what it must be", arguments: [
        ("automation_levle: 1", "line 6: unknown key 'automation_levle'; did you mean 'automation_level'?"),
        ("max_tilt: steep", "line 6: 'max_tilt' is 'steep'; it must be a number from 0 to 75 degrees"),
        ("max_tilt: .nan", "line 6: 'max_tilt' is '.nan'; it must be a number from 0 to 75 degrees"),
        ("acquisition_hours: 9999", "line 6: 'acquisition_hours' is '9999'; it must be a number from 0.01 to 500 hours"),
        ("grid_list: {a: 1}", "line 6: 'grid_list' is a group of keys; it must be a list of cassette slots, such as [1, 3]"),
        ("[a]: 2", "line 6: unknown key '[a]'; 'tomopilot init' writes all that are known"),
        ("max_tilt: 60: 61", "line 6: this is not YAML (mapping values are not allowed in this context); write one 'key: value' per line"),
        ("host: \u{1}", "line 6: this is not YAML (control characters are not allowed); write one 'key: value' per line"),
    ])
    func wrongLine(line: String, sentence: String) async throws {
        try await withFolder { folder in
            try writeSettings(in: folder, port: 1, more: line)
            let ending = try await tomopilot("run", "s.yaml", in: folder)
            expectSentence("s.yaml, \(sentence)", ending)
            #expect(try files(in: folder) == ["s.yaml"])
        }
    }

    @Test("A settings file that holds no settings, is no text, is a folder or is not there", arguments: [
        (Data(), "s.yaml, the file holds no settings; 'tomopilot init' writes one with every key explained"),
        (Data("# nothing yet\n".utf8), "s.yaml, the file holds no settings; 'tomopilot init' writes one with every key explained"),
        (Data("Dear operator".utf8), "s.yaml, the file holds no settings; 'tomopilot init' writes one with every key explained"),
        (Data([0xff, 0xfe, 0x00, 0x01]), "The settings file 's.yaml' is not text in UTF-8; 'tomopilot init' writes one to start from."),
        (nil, "There is no settings file 's.yaml'; 'tomopilot init' writes one."),
    ])
    func noSettings(content: Data?, sentence: String) async throws {
        try await withFolder { folder in
            try content?.write(to: URL(fileURLWithPath: folder + "/s.yaml"))
            expectSentence(sentence, try await tomopilot("run", "s.yaml", in: folder))
            expectSentence(
                "'\(folder)' is a folder; name the settings file in it.", try await tomopilot("run", folder, in: folder))
            #expect(try files(in: folder) == (content == nil ? [] : ["s.yaml"]))
        }
    }

    // MARK: A model

    /// What can be wrong with a model folder; `mend` names the checksum of the network that is there now.
    enum Damage: CaseIterable, Sendable {
        case noFolder, noDescription, noJSON, missingKey, wrongType, outOfRange, noNetwork, cutOff, cutOffBeforeDescribed
        case garbage, otherKind, otherClasses

        func sentence(_ path: String) -> String {
            switch self {
            case .noFolder: "There is no model folder at \(path)."
            case .noDescription: "The model folder \(path) has no readable model.json."
            case .noJSON: "The file model.json in \(path) cannot be used: it is not JSON."
            case .missingKey: "The file model.json in \(path) cannot be used: classes is missing."
            case .wrongType: "The file model.json in \(path) cannot be used: pixel_size has the wrong type."
            case .outOfRange: "The file model.json in \(path) cannot be used: side_length must be a multiple of 32 from 32 to 8192."
            case .noNetwork: "The network \(path)/model.torchscript that model.json names cannot be read."
            case .cutOff:
                "The network \(path)/model.torchscript is not the one that model.json describes (SHA-256 differs); copy the model folder again."
            case .cutOffBeforeDescribed, .garbage:
                "The network \(path)/model.torchscript could not be run: It is no TorchScript network that libtorch can load "
                    + "(PytorchStreamReader failed reading zip archive: failed finding central directory); is it whole, and the one "
                    + "that its model.json describes?"
            case .otherKind: "WG_model is '\(path)', which is not a lamella detector."
            case .otherClasses:
                "The model in \(path), which WG_model names, cannot be used: The detector returned a tensor of shape [1, 10, 8] "
                    + "instead of [1, 9, boxes]; model.json and network do not fit."
            }
        }

        func apply(to path: String) throws {
            let network = path + "/model.torchscript"
            switch self {
            case .noFolder: try FileManager.default.removeItem(atPath: path)
            case .noDescription: try FileManager.default.removeItem(atPath: path + "/model.json")
            case .noJSON: try Data("{\"name\": ".utf8).write(to: URL(fileURLWithPath: path + "/model.json"))
            case .missingKey: try describe(path, "\"classes\"", "\"klasses\"")
            case .wrongType: try describe(path, "400", "\"large\"")
            case .outOfRange: try describe(path, "512", "500")
            case .noNetwork: try FileManager.default.removeItem(atPath: network)
            case .cutOff: try shorten(network, to: 1000)
            case .cutOffBeforeDescribed:
                try shorten(network, to: 1000)
                try describeNetwork(path)
            case .garbage:
                try Data((0 ..< 3000).map { UInt8(truncatingIfNeeded: $0 * 31) }).write(to: URL(fileURLWithPath: network))
                try describeNetwork(path)
            case .otherKind:
                try describe(path, "\"lamella-detector\"", "\"lamella-segmenter\", \"patch_size\": 256")
            case .otherClasses: try describe(path, "\"wedge\",", "")
            }
        }

        private func describe(_ path: String, _ old: String, _ new: String) throws {
            let file = URL(fileURLWithPath: path + "/model.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.contains(old))
            try Data(text.replacing(old, with: new).utf8).write(to: file)
        }

        /// Makes the damaged network the one that model.json describes, as a careless copy and a script would.
        private func describeNetwork(_ path: String) throws {
            let sum = try #require(SHA256.hexadecimal(ofFile: path + "/model.torchscript"))
            let file = URL(fileURLWithPath: path + "/model.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            let mended = text.replacing(/"sha256": "[0-9a-f]*"/, with: "\"sha256\": \"\(sum)\"")
            try Data(mended.utf8).write(to: file)
        }
    }

    @Test("A missing or damaged model is found out before anybody is called", arguments: Damage.allCases)
    func model(damage: Damage) async throws {
        try await withFolder { folder in
            let path = folder + "/model"
            try FileManager.default.copyItem(atPath: detector, toPath: path)
            try damage.apply(to: path)
            // Nobody listens there: were the microscope asked first, the sentence would be about the port.
            let port = try #require(Port.withoutListener())
            try writeSettings(in: folder, port: port.number, model: "model")
            let ending = try await tomopilot("run", "s.yaml", in: folder)
            expectSentence(damage.sentence(path), ending)
            #expect(ending.output == "")
            #expect(try files(in: folder).filter { !$0.hasPrefix("model/") } == ["s.yaml"])
        }
    }

    // MARK: A port

    @Test func nobodyListensAtThePort() async throws {
        try await withFolder { folder in
            let port = try #require(Port.withoutListener())
            try writeSettings(in: folder, port: port.number)
            expectSentence(
                "No connection to SerialEM at 127.0.0.1:\(port.number) (connection refused): start SerialEM there, set its "
                    + "property EnableExternalPython to 1 and check host and port.", try await tomopilot("run", "s.yaml", in: folder))
            #expect(try files(in: folder) == ["s.yaml"])
        }
    }

    private static let notSerialEM = "What answers at ADDRESS is not SerialEM (REASON): check host and port."
    private static let notAsSerialEM =
        "What listens at ADDRESS does not answer as SerialEM does (REASON): check serialem_host and serialem_port, and look "
        + "for a message box in SerialEM."

    @Test("Something else answers at the port, in one of the ways in which things do", arguments: [
        (Port.Manner.answer(Array("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n".utf8)), notSerialEM, "it answered 'HTTP/1.1 400 Bad Request'"),
        (.sayAtOnce("SSH-2.0-OpenSSH_9.2p1\r\n"), notSerialEM, "SSH-2.0-OpenSSH_9.2p1"),
        (.answer([UInt8](repeating: 0xfe, count: 100)), notSerialEM, "its answer does not follow SerialEM's protocol"),
        (.echo, notAsSerialEM, "its answer does not follow SerialEM's protocol"),
        (.hangUp, notAsSerialEM, "it closed the connection without an answer"),
        (.beSilent, notAsSerialEM, "it gave no answer within 10 seconds"),
    ])
    func stranger(manner: Port.Manner, sentence: String, reason: String) async throws {
        try await withFolder { folder in
            let port = try #require(Port.stranger(manner))
            try writeSettings(in: folder, port: port.number)
            let ending = try await tomopilot("run", "s.yaml", in: folder)
            let named = sentence.replacing("ADDRESS", with: "127.0.0.1:\(port.number)")
            if case .sayAtOnce = manner {
                // A greeting arrives before or during the first request; it is named in either case.
                let said = ["it sent '\(reason)' without being asked", "it answered '\(reason)'"].map { named.replacing("REASON", with: $0) }
                #expect(said.map { "tomopilot: \($0)\n" }.contains(ending.error))
                #expect(ending.status == 1)
            } else {
                expectSentence(named.replacing("REASON", with: reason), ending)
            }
            #expect(try files(in: folder) == ["s.yaml"], "nothing is written before SerialEM has answered")
        }
    }
}

/// Cuts a file off.
func shorten(_ path: String, to length: UInt64) throws {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.truncate(atOffset: length)
    try file.close()
}
