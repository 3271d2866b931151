/// The frame that SerialEM puts around the message of a failed command.
private let frameStart = "\r\nSCRIPT ERROR WITH THIS MESSAGE:\r\n"
private let frameEnd = "\r\n* * * * * * * * * * * * * * * * * *\r\n"

extension CommandReply {
    /// The reply to a command that failed while message boxes are suppressed.
    public static func failure(_ message: String) -> CommandReply {
        CommandReply(values: [.text(frameStart + message + frameEnd)], status: .failed)
    }

    /// The message of a failed command without SerialEM's frame; `nil` when the command did not fail or gave no message.
    ///
    /// SerialEM may return the message of an earlier failure, so it is a hint for people and no ground for decisions.
    public var failureMessage: String? {
        guard status == .failed, let text = values.first?.text else { return nil }
        // Swift takes CR LF for one character, so the frame is cut from the bytes.
        var bytes = Array(text.utf8)
        if bytes.starts(with: frameStart.utf8) { bytes.removeFirst(frameStart.utf8.count) }
        if bytes.count >= frameEnd.utf8.count, bytes.suffix(frameEnd.utf8.count).elementsEqual(frameEnd.utf8) {
            bytes.removeLast(frameEnd.utf8.count)
        }
        let lines = bytes.split { $0 == 10 || $0 == 13 }
        let message = lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
        return message.isEmpty ? nil : message
    }
}
