import Foundation
import Testing
@testable import Workflow

@Suite struct AnalysisSettingsTests {
    private static let least = "session_dir: /data/s\nWG_model: det\nMM_model: seg\n"

    private func problems(of text: String) -> String? {
        do {
            _ = try SessionSettings(yaml: Self.least + text, file: "s.yaml")
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("analysis: cluster", "s.yaml, line 4: 'analysis' is 'cluster'; it must be one of local, workers, slurm"),
        ("analysis_attempts: 0", "s.yaml, line 4: 'analysis_attempts' is '0'; it must be a whole number from 1 to 20"),
        (
            "analysis: slurm\nanalysis_host: microscope.example.org",
            "s.yaml, 'analysis_host' is 'microscope.example.org', which other machines reach; name a file with a token in 'analysis_token_file'"
        ),
        ("analysis: workers\nanalysis_port: 0", "s.yaml, 'analysis_port' is 0; workers must know the port beforehand"),
        ("slurm_partition: 'gpu; reboot'", "s.yaml, line 4: 'slurm_partition' is 'gpu; reboot'; it must be a name that 'sinfo' shows"),
        ("slurm_exclude: node7", "s.yaml, line 4: 'slurm_exclude' is 'node7'; it must be a list of names of nodes, such as [node07, node08]"),
        (
            "slurm_arguments: [--wrap=x]",
            "s.yaml, line 4: 'slurm_arguments' is [--wrap=x]; it must be a list of long arguments of sbatch, such as ['--gres=gpu:1', '--mem=8G'], without those that TomoPilot sets itself"
        ),
        ("slurm_partiton: gpu", "s.yaml, line 4: unknown key 'slurm_partiton'; did you mean 'slurm_partition'?"),
    ]) func whatCannotBeUsedIsRefusedWithOneSentence(text: String, sentence: String) { #expect(problems(of: text) == sentence) }

    @Test func mapsAreAnalysedInThisProgramUnlessSaid() throws {
        #expect(try SessionSettings(yaml: Self.least + "slurm_partition: gpu\n", file: "s").analysis == nil)
        let settings = try SessionSettings(yaml: Self.least + "analysis: slurm\nslurm_partition: gpu\nslurm_arguments: ['--gres=gpu:1']\n", file: "s")
        #expect(settings.analysis?.place == .slurm)
        #expect(settings.analysis?.partition == "gpu")
        #expect(settings.analysis?.arguments == ["--gres=gpu:1"])
    }

    @Test func whereMapsAreAnalysedUndoesNoGridThatIsFinished() throws {
        let here = try SessionSettings(yaml: Self.least, file: "s")
        let there = try SessionSettings(yaml: Self.least + "analysis: workers\n", file: "s")
        #expect(here.ofTheSample == there.ofTheSample)
    }

    @Test func aWishIsToldFromSettingsOfACluster() throws {
        let wish = try #require(try AnalysisSettings.read(yaml: "analysis: slurm", file: "f"))
        #expect(wish.isOnlyWish)
        let facility = try #require(try AnalysisSettings.read(yaml: "analysis: workers\nslurm_worker: /opt/tomopilot", file: "f"))
        #expect(!facility.isOnlyWish)
        #expect(facility.wished(.slurm).place == .slurm)
        #expect(facility.wished(.slurm).worker == "/opt/tomopilot")
    }
}
