import Testing
import Workflow

@Suite struct AlarmSettingsTests {
    private static let mail = "smtp_host: mail.example.org\nmail_from: a@b.org\nmail_to: [c@d.org]\n"

    private func problem(of text: String) -> String? {
        do {
            _ = try AlarmSettings(yaml: text, file: "a.yaml")
            return nil
        } catch {
            return error.description
        }
    }

    @Test func theCommentedExampleTellsNobody() throws {
        let settings = try AlarmSettings(yaml: AlarmSettings.commentedExample, file: "example")
        #expect(settings.mail == nil)
        #expect(settings.webhookFile == nil)
        #expect(settings.reminderMinutes == 30)
    }

    @Test func theCommentedKeysAreTaken() throws {
        let text = AlarmSettings.commentedExample.split(separator: "\n").map { line in
            line.contains(#/^\# [a-z_]+: /#) ? String(line.dropFirst(2)) : String(line)
        }.joined(separator: "\n")
        let settings = try AlarmSettings(yaml: text, file: "example")
        #expect(settings.mail?.to == ["staff@example.org", "night@example.org"])
        #expect(settings.mail?.security == .starttls)
        #expect(settings.webhookFile == "/etc/tomopilot/webhook")
    }

    @Test(arguments: [
        ("smtp_hots: x", "a.yaml, line 1: unknown key 'smtp_hots'; did you mean 'smtp_host'?"),
        ("smtp_host: x", "a.yaml, 'smtp_host', 'mail_from' and 'mail_to' belong together; give all three or none"),
        (mail + "smtp_security: ssl", "a.yaml, line 4: 'smtp_security' is 'ssl'; it must be one of none, starttls, tls"),
        (mail + "smtp_user: me", "a.yaml, 'smtp_user' needs 'smtp_security' to be starttls or tls, so that the password is not sent in the clear"),
        ("reminder_minutes: -1", "a.yaml, line 1: 'reminder_minutes' is '-1'; it must be a number from 0 to 1440 minutes"),
        (
            mail.replacing("c@d.org", with: "\"c@d.org>\""),
            "a.yaml, line 3: 'mail_to' is [c@d.org>]; it must be a list of mail addresses, such as [night@example.org]"
        ),
    ])
    func aWrongKeyIsNamedWithWhatWouldBeRight(text: String, message: String) {
        #expect(problem(of: text) == message)
    }
}
