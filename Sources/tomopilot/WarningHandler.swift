import Logging
import Workflow

/// Shows warnings of the parts that log, without disturbing the progress line.
struct WarningHandler: LogHandler {
    let label: String
    let terminal: Terminal
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    /// A logger that shows warnings of a part.
    static func logger(_ label: String, _ terminal: Terminal) -> Logger {
        Logger(label: label) { WarningHandler(label: $0, terminal: terminal) }
    }

    init(label: String, terminal: Terminal) {
        self.label = label
        self.terminal = terminal
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let details = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        terminal.show("\(event.level.rawValue.uppercased())    \(label): \(event.message) \(details)")
    }
}
