import Foundation
package import Workflow

/// People who are told by mail.
package struct Mailbox: AlarmReceiver {
    private let settings: AlarmSettings.Mail
    private let password: String?
    private let limit: Duration

    package let name = "the mail server"

    package init(_ settings: AlarmSettings.Mail, password: String?, limit: Duration = .seconds(60)) {
        self.settings = settings
        self.password = password
        self.limit = limit
    }

    package func send(_ alarm: Alarm) async throws {
        let session = SMTPSession(settings: settings, password: password)
        try await withThrowingTaskGroup(of: Void.self) { [settings] group in
            group.addTask { try await session.deliver { Self.message(alarm, from: settings.from, to: settings.to, refusals: $0) } }
            group.addTask { [limit] in
                try await Task.sleep(for: limit)
                throw AlarmFailure("the mail server did not take an alarm within \(limit.formatted())")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// A message of RFC 5322 with a text in base64, so that any letter arrives and no line is too long.
    static func message(_ alarm: Alarm, from: String, to: [String], refusals: [String]) -> String {
        let date = alarm.time.formatted(
            Date.VerbatimFormatStyle(
                format: "\(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits) +0000",
                locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt, calendar: Calendar(identifier: .gregorian)))
        let lines = alarm.lines + refusals.map { "Not everybody was reached: \($0)" }
        let text = Data(lines.joined(separator: "\r\n").utf8).base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
        return [
            "From: \(from)", "To: \(to.joined(separator: ", "))", "Subject: \(encodedWords(alarm.subject))", "Date: \(date)",
            "Message-ID: <\(UUID().uuidString)@tomopilot>", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "", text, "",
        ].joined(separator: "\r\n")
    }

    /// The encoded words of RFC 2047, of at most 75 letters each; plain letters stay as they are.
    static func encodedWords(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 > 126 || $0 < 32 }) else { return text }
        var words: [String] = []
        var part = ""
        for letter in text {
            if part.utf8.count + letter.utf8.count > 42 {
                words.append(part)
                part = ""
            }
            part.append(letter)
        }
        return (words + [part]).map { "=?utf-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}
