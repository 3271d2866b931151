import Yams

/// Who is told of alarms, read from a YAML file of the service. Secrets do not stand in it: it names files that hold them.
public struct AlarmSettings: Sendable, Hashable {
    /// A mail server, and who gets mail.
    public struct Mail: Sendable, Hashable {
        /// How the connection is encrypted.
        public enum Security: String, Sendable, Hashable, CaseIterable { case none, starttls, tls }
        public let host: String
        public let port: Int
        public let security: Security
        public let user: String?
        public let from: String
        public let to: [String]
    }

    /// `mail_*` and `smtp_*`; nil where no mail is sent.
    public let mail: Mail?
    /// `smtp_password_file`.
    public let passwordFile: String?
    /// `webhook_file`: a file that holds the address of a webhook.
    public let webhookFile: String?
    /// `reminder_minutes`: how often people are told again of what waits for them; 0 never.
    public let reminderMinutes: Double

    /// Names in the environment that stand for the two files.
    public static let passwordVariable = "TOMOPILOT_SMTP_PASSWORD"
    public static let webhookVariable = "TOMOPILOT_WEBHOOK"

    /// - Throws: ``SettingsError`` with every problem of the text.
    public init(yaml: String, file: String) throws(SettingsError) {
        var reader = SettingsReader(text: yaml)
        let host = reader.text("smtp_host", default: "", expected: "the name or address of a mail server") ?? ""
        let port = reader.integer("smtp_port", default: 25, in: 1 ... 65535) ?? 0
        let security = reader.name("smtp_security", default: Mail.Security.none)
        let user = reader.text("smtp_user", default: "", expected: "a name that the mail server knows") ?? ""
        let password = reader.text("smtp_password_file", default: "", expected: "the path of a file") ?? ""
        let from = reader.address("mail_from", default: "")
        let to = reader.addresses("mail_to")
        let webhook = reader.text("webhook_file", default: "", expected: "the path of a file") ?? ""
        reminderMinutes = reader.number("reminder_minutes", default: 30, in: 0 ... 1440, unit: " minutes")
        reader.refuseTheRest(unsupported: [:])
        var problems = reader.problems
        func refuse(_ text: String) { problems.append(.init(line: nil, message: text)) }
        // A key that is there and wrong has been named.
        if problems.isEmpty, host.isEmpty != to.isEmpty || host.isEmpty != from.isEmpty {
            refuse("'smtp_host', 'mail_from' and 'mail_to' belong together; give all three or none")
        }
        if host.isEmpty, !user.isEmpty || !password.isEmpty { refuse("'smtp_user' is given without 'smtp_host'") }
        if !user.isEmpty, security == .none, !["127.0.0.1", "::1", "localhost"].contains(host) {
            refuse("'smtp_user' needs 'smtp_security' to be starttls or tls, so that the password is not sent in the clear")
        }
        guard problems.isEmpty else {
            throw SettingsError(file: file, problems: problems.sorted { ($0.line ?? .max, $0.message) < ($1.line ?? .max, $1.message) })
        }
        mail = host.isEmpty
            ? nil : Mail(host: host, port: port, security: security, user: user.isEmpty ? nil : user, from: from, to: to)
        passwordFile = password.isEmpty ? nil : password
        webhookFile = webhook.isEmpty ? nil : webhook
    }

    /// A file with every key, for `tomopilot init --alarms`; nobody is told until keys are filled in.
    public static let commentedExample = """
        # Who is told of alarms: tomopilot serve --alarms FILE. Secrets do not belong here, but into files of their own
        # (chmod 600), or into the environment as TOMOPILOT_SMTP_PASSWORD and TOMOPILOT_WEBHOOK.

        reminder_minutes: 30              # how often people are told again of what waits for them; 0 never

        # --- Webhook as Slack, Mattermost and others have it ---
        # webhook_file: /etc/tomopilot/webhook          # holds the address, which is a secret

        # --- Mail ---
        # smtp_host: smtp.example.org
        # smtp_port: 587                                # 25 if not given
        # smtp_security: starttls                       # none, starttls or tls
        # smtp_user: tomopilot                          # only where the server wants it; needs starttls or tls
        # smtp_password_file: /etc/tomopilot/smtp-password
        # mail_from: tomopilot@example.org
        # mail_to: [staff@example.org, night@example.org]

        """
}

extension SettingsReader {
    private static func isAddress(_ text: String) -> Bool {
        // What could end the line or the command of SMTP is no address.
        text.wholeMatch(of: /[^\s<>@,;"]+@[^\s<>@,;"]+/) != nil && text.utf8.count <= 254
    }

    mutating func address(_ key: String, default absent: String) -> String {
        value(key, default: absent, expected: "a mail address, such as night@example.org") { node in
            node.string.flatMap { Self.isAddress($0) ? $0 : nil }
        } ?? absent
    }

    mutating func addresses(_ key: String) -> [String] {
        value(key, default: [], expected: "a list of mail addresses, such as [night@example.org]") { node in
            guard let items = node.sequence, !items.isEmpty else { return nil }
            let texts = items.compactMap(\.string).filter(Self.isAddress)
            return texts.count == items.count ? texts : nil
        } ?? []
    }
}
