import Foundation
import Store

/// A queue that is made anew beside sessions that were begun: the disk with the service's folder may not be mounted yet.
extension SessionService {
    /// How many are named.
    private static let mostNamed = 3
    /// How many folders are looked into; a disk of the network takes its time.
    private static let mostFolders = 2000

    func tellOfEarlierSessions() async {
        let root = folders.sessions
        let found = await withTaskExecutorPreference(threads) { await Self.sessions(in: root, most: Self.mostNamed + 1) }
        guard !found.isEmpty else { return }
        let names = found.prefix(Self.mostNamed).joined(separator: ", ") + (found.count > Self.mostNamed ? " and others" : "")
        await attempt {
            try await alarm(
                "The service begins with an empty queue, though sessions lie in \(root): \(names). Its file \(store.path) was not there and was made anew.",
                next: "Nothing runs. Where the folder of the service is not mounted or was moved, put it back and start the service again; it then goes on with its queue. "
                    + "Where this is the first service here, all is well.",
                kind: "service", session: nil)
        }
    }

    /// Names of folders with a journal, seen from a folder.
    @concurrent private static nonisolated func sessions(in root: String, most: Int) async -> [String] {
        var (found, looked, level) = ([String](), 0, [""])
        // Sessions may lie in folders of people, or of years.
        for _ in 1 ... 3 where found.count < most {
            var deeper: [String] = []
            for folder in level {
                for name in ((try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []).sorted() {
                    guard found.count < most, looked < mostFolders else { return found }
                    let path = folder.isEmpty ? name : "\(folder)/\(name)"
                    var isFolder: ObjCBool = false
                    guard FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder), isFolder.boolValue else { continue }
                    looked += 1
                    if FileManager.default.fileExists(atPath: "\(root)/\(path)/session.sqlite") { found.append(path) } else { deeper.append(path) }
                }
            }
            level = deeper
        }
        return found
    }
}
