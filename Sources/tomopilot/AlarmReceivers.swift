import Daemon
import Foundation
import Workflow

/// The receivers of alarms that the operator of the service names.
enum AlarmReceivers {
    /// - Parameters:
    ///   - command: a program.
    ///   - file: a file as `tomopilot init --alarms` writes it.
    /// - Returns: the receivers, and how often people are reminded.
    static func read(command: String?, file: String?) throws -> (receivers: [any AlarmReceiver], reminder: Duration?) {
        var receivers: [any AlarmReceiver] = []
        if let command {
            guard FileManager.default.isExecutableFile(atPath: command) else {
                throw WorkflowError.refused("--alarm-command names '\(command)', which is no program that can be run.")
            }
            receivers.append(AlarmCommand(path: command))
        }
        guard let file else { return (receivers, .seconds(30 * 60)) }
        let settings = try AlarmSettings(yaml: SettingsFile.text(file), file: file)
        func path(_ path: String?) -> String? {
            path.map { URL(fileURLWithPath: $0, relativeTo: URL(fileURLWithPath: file).deletingLastPathComponent()).path }
        }
        if let url = try SecretFile.read(path(settings.webhookFile), orVariable: AlarmSettings.webhookVariable, key: "webhook_file") {
            guard let scheme = URL(string: url)?.scheme, ["http", "https"].contains(scheme) else {
                throw WorkflowError.refused("The webhook of 'webhook_file' or \(AlarmSettings.webhookVariable) is no address that begins with https:// or http://.")
            }
            receivers.append(Webhook(url: url))
        }
        if let mail = settings.mail {
            let password = try SecretFile.read(path(settings.passwordFile), orVariable: AlarmSettings.passwordVariable, key: "smtp_password_file")
            guard mail.user == nil || password != nil else {
                throw WorkflowError.refused("'smtp_user' needs a password: name a file in 'smtp_password_file', or set \(AlarmSettings.passwordVariable).")
            }
            receivers.append(Mailbox(mail, password: password))
        }
        return (receivers, settings.reminderMinutes > 0 ? .seconds(settings.reminderMinutes * 60) : nil)
    }
}
