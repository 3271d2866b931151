package import Foundation

/// Tells people of a service that cannot serve: its log and its desk are not there yet, or not any more.
package struct FailedStart: Sendable {
    /// A service that is started again every ten seconds must not tell each time.
    private static let again: TimeInterval = 3600
    private static let file = "could_not_start.txt"
    private let folders: [String]

    /// - Parameter folder: the service's; where nothing can be written in it, what was told is remembered beside other temporary files.
    package init(folder: String) {
        folders = [folder, NSTemporaryDirectory() + "tomopilot-" + folder.replacing("/", with: "_")]
    }

    private var files: [String] { folders.map { $0 + "/" + Self.file } }

    /// Tells each of an error that the service ends with, unless they were told of the same one within an hour; returns when they
    /// have taken it or cannot.
    package func tell(_ receivers: [any AlarmReceiver], _ sentence: String, now: Date = Date()) async {
        guard !receivers.isEmpty, !wasTold(sentence, now: now) else { return }
        remember(sentence)
        let alarm = Alarm(
            id: 0, time: now, kind: "failedStart", text: "the service cannot run: \(sentence)", session: nil, sessionName: nil, grid: nil, step: nil,
            lastImage: nil, next: "no session is run until this is mended and the service is started again")
        await withTaskGroup(of: Void.self) { group in
            for receiver in receivers { group.addTask { try? await receiver.send(alarm) } }
        }
    }

    /// The service runs: what comes next is told again.
    package func forget() {
        for file in files { try? FileManager.default.removeItem(atPath: file) }
    }

    private func wasTold(_ sentence: String, now: Date) -> Bool {
        files.contains { file in
            guard let told = try? String(contentsOfFile: file, encoding: .utf8), told == sentence,
                let time = try? FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date
            else { return false }
            return abs(now.timeIntervalSince(time)) < Self.again
        }
    }

    private func remember(_ sentence: String) {
        for folder in folders {
            try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            if (try? sentence.write(toFile: folder + "/" + Self.file, atomically: true, encoding: .utf8)) != nil { return }
        }
    }
}
