import Foundation
import Yams

/// Where whole maps are analysed, and by whom.
public struct AnalysisSettings: Codable, Hashable, Sendable {
    public enum Place: String, Codable, Hashable, Sendable, CaseIterable {
        /// In this program.
        case local
        /// By `tomopilot worker` on other machines.
        case workers
        /// By the facility's cluster, which gets each map as a job.
        case slurm
    }

    /// What becomes of a map that no worker has analysed.
    public enum Fallback: String, Codable, Hashable, Sendable, CaseIterable { case local, report }

    /// `analysis`.
    public private(set) var place: Place
    /// `analysis_host`: the name or address of this computer, as the workers reach it.
    public let host: String
    /// `analysis_port`: where it listens for them; 0 takes a free one, which only Slurm's jobs are told.
    public let port: Int
    /// `analysis_token_file`: a file with the word that workers must bring; nil where they are on this computer only.
    public private(set) var tokenFile: String?
    /// `analysis_wait`: minutes that a map waits for a worker.
    public let waitMinutes: Double
    /// `analysis_time_limit`: minutes that a worker may take for a map; the time limit of Slurm's jobs too.
    public let limitMinutes: Double
    /// `analysis_lease`: seconds without a word from a worker after which another one gets its map.
    public let leaseSeconds: Double
    /// `analysis_attempts`: how often a map may be lost.
    public let attempts: Int
    /// `analysis_fallback`.
    public let fallback: Fallback
    /// `analysis_jobs`: maps that are handed over at a time.
    public let jobs: Int
    /// `slurm_partition`; empty takes the cluster's own.
    public let partition: String
    /// `slurm_exclude`: nodes that are not to be used.
    public let excludedNodes: [String]
    /// `slurm_arguments`: more arguments of `sbatch`.
    public let arguments: [String]
    /// `slurm_worker`: the program `tomopilot` on the nodes.
    public let worker: String

    /// Settings that only say who is to analyse, with all else as it is by itself.
    public var isOnlyWish: Bool {
        var reader = SettingsReader(text: "")
        return Self(values: &reader).wished(place) == self
    }

    /// Reads a file that says nothing else, for services and single images.
    ///
    /// - Throws: ``SettingsError`` with every problem of the text.
    public static func read(yaml: String, file: String) throws(SettingsError) -> Self? {
        var reader = SettingsReader(text: yaml)
        let settings = Self(&reader)
        reader.refuseTheRest(unsupported: [:])
        let problems = reader.problems
        guard problems.isEmpty else {
            throw SettingsError(file: file, problems: problems.sorted { ($0.line ?? .max, $0.message) < ($1.line ?? .max, $1.message) })
        }
        return settings
    }

    /// nil where maps are analysed in this program; digests of sessions without these keys stay as they were.
    init?(_ reader: inout SettingsReader) {
        self.init(values: &reader)
        if place == .local { return nil }
    }

    private init(values reader: inout SettingsReader) {
        place = reader.name("analysis", default: .local)
        host = reader.text("analysis_host", default: "127.0.0.1", expected: "the name or address of this computer, as the workers reach it") ?? ""
        port = reader.integer("analysis_port", default: 48901, in: 0 ... 65535) ?? 0
        let token = reader.text("analysis_token_file", default: "", expected: "the path of a file that only you can read") ?? ""
        tokenFile = token.isEmpty ? nil : token
        waitMinutes = reader.number("analysis_wait", default: 10, in: 0 ... 1440, unit: " minutes")
        limitMinutes = reader.number("analysis_time_limit", default: 60, in: 0.1 ... 10_000, unit: " minutes")
        leaseSeconds = reader.number("analysis_lease", default: 60, in: 1 ... 3600, unit: " seconds")
        attempts = reader.integer("analysis_attempts", default: 3, in: 1 ... 20) ?? 0
        fallback = reader.name("analysis_fallback", default: .local)
        jobs = reader.integer("analysis_jobs", default: 8, in: 1 ... 100) ?? 0
        partition = reader.clusterName("slurm_partition") ?? ""
        excludedNodes = reader.clusterNames("slurm_exclude")
        arguments = reader.sbatchArguments("slurm_arguments")
        worker = reader.text("slurm_worker", default: "tomopilot", expected: "the path of tomopilot on the nodes") ?? ""
        if !Self.isLoopback(host), tokenFile == nil {
            reader.refuse("'analysis_host' is '\(SettingsReader.short(host))', which other machines reach; name a file with a token in 'analysis_token_file'", line: nil)
        }
        if place == .workers, port == 0 { reader.refuse("'analysis_port' is 0; workers must know the port beforehand", line: nil) }
    }

    public static func isLoopback(_ host: String) -> Bool { ["127.0.0.1", "localhost", "::1"].contains(host) }

    func withAbsolutePaths(from base: URL) -> Self {
        var changed = self
        changed.tokenFile = tokenFile.map { URL(fileURLWithPath: $0, relativeTo: base).standardizedFileURL.path }
        return changed
    }

    /// The same with paths seen from the file that names them.
    public func withAbsolutePaths(from file: String) -> Self { withAbsolutePaths(from: URL(fileURLWithPath: file).deletingLastPathComponent()) }

    /// The facility's settings with a session's wish.
    public func wished(_ place: Place) -> Self {
        var changed = self
        changed.place = place
        return changed
    }
}

extension SettingsReader {
    private static func isClusterName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 200 && !name.hasPrefix("-")
            && name.unicodeScalars.allSatisfy { $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || "._-[],".unicodeScalars.contains($0)) }
    }

    /// A name that Slurm gives; nil where the key is absent.
    mutating func clusterName(_ key: String) -> String? {
        value(key, default: "", expected: "a name that 'sinfo' shows") { node in
            node.scalar.flatMap { scalar in Self.isClusterName(scalar.string) ? scalar.string : nil }
        }
    }

    mutating func clusterNames(_ key: String) -> [String] {
        value(key, default: [], expected: "a list of names of nodes, such as [node07, node08]") { node in
            guard let items = node.sequence else { return nil }
            let names = items.compactMap(\.string).filter(Self.isClusterName)
            return names.count == items.count && names.count <= 1000 ? names : nil
        } ?? []
    }

    /// Arguments of `sbatch` that would make something else of a job than TomoPilot can follow.
    private static let own = [
        "array", "job-name", "comment", "parsable", "requeue", "no-requeue", "wait", "wrap", "test-only", "export", "export-file", "dependency", "begin", "hold", "chdir", "help", "usage", "version",
    ]

    mutating func sbatchArguments(_ key: String) -> [String] {
        value(key, default: [], expected: "a list of long arguments of sbatch, such as ['--gres=gpu:1', '--mem=8G'], without those that TomoPilot sets itself") { node in
            guard let items = node.sequence else { return nil }
            let arguments = items.compactMap { $0.scalar.flatMap(Self.usable) }.filter { argument in
                guard argument.hasPrefix("--"), argument.count > 2 else { return false }
                return !Self.own.contains(String(argument.dropFirst(2).prefix { $0 != "=" }))
            }
            return arguments.count == items.count && arguments.count <= 50 ? arguments : nil
        } ?? []
    }
}
