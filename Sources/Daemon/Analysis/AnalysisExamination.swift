package import Microscope
package import Workflow

/// Looks before a session at whoever is to analyse its maps.
package struct AnalysisExamination: Sendable {
    private let settings: AnalysisSettings
    private let folder: String

    /// - Parameter folder: of the session.
    package init(settings: AnalysisSettings, folder: String) {
        self.settings = settings
        self.folder = folder
    }

    /// What is missing or odd; no job is submitted, and a port that is tried is free again afterwards.
    package func findings() async -> [Finding] {
        let subject = "analysis: \(settings.place.rawValue)"
        // Where nobody comes, maps are analysed here, or the session reports each of them.
        let verdict: Finding.Verdict = settings.fallback == .local ? .odd : .missing
        let here = settings.fallback == .local ? "; until then maps are analysed on this computer" : ""
        do {
            let token = try settings.tokenFile.map(SecretFile.token)
            if let trouble = await AnalysisServer.trouble(host: settings.host, port: settings.port) {
                return [Finding(subject, verdict, trouble, remedy: "choose another analysis_port, or end what listens there\(here)")]
            }
            guard settings.place == .slurm else {
                return [Finding(subject, .good, "workers will be served at port \(settings.port) of \(settings.host)")]
            }
            let queue = SlurmQueue(settings: settings, name: SlurmQueue.name(ofSession: folder), token: token)
            return [Finding(subject, .good, try await queue.test())]
        } catch {
            let remedy = settings.place == .slurm ? "try 'sbatch --test-only' and 'sinfo' as the user who runs the session" : "see analysis_token_file"
            return [Finding(subject, verdict, sentence(error), remedy: remedy + here)]
        }
    }
}
