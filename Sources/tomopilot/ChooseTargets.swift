import Analysis
import ArgumentParser
import Foundation
import InferenceWire
import ModelStore
import Workflow

struct ChooseTargets: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "targets",
        abstract: "Chooses targets anew on the segmented map of a lamella, with other settings or the same, without a microscope.",
        discussion: """
            The map is a PNG in SPACE_maps of a session, TomoPilot's or SPACEtomo's, or the lamella in the folder of its session or grid: session/Grid1_L03. \
            Beside it must lie what a session leaves there: <map>_seg.png, <map>.json, mic_params.json, and target_settings.json or tgt_params.json.

            A table tells for each area its targets, their summed score (1 is a field of view full of what is wanted), the largest image shift from the \
            tracking target, and the points that PACEtomo measures the plane at. --compare adds what is different from other targets on the same map; both \
            are scored with these settings. Nothing is written without --out or --replace.

            Settings, as in a session's file ('tomopilot init' explains them): target_list, avoid_list, target_score_threshold, sparse_targets, target_edge, \
            penalty_weight, penalty_window, clear_centre, extra_tracking, max_tilt, pretilt, auto_start_tilt, class_weights, class_rules, minimum_object, \
            per_instance, max_targets, min_distance, target_order, target_seed; and IS_limit and beam_margin in µm. Where <map>_probabilities.mrc of 'tomopilot segment --probabilities' lies beside the map, class_rules go by it.

              tomopilot targets session/Grid1_L03 --set max_targets=3 --set per_instance=1
              tomopilot targets Grid1_L03.png --set 'target_list=[mitos, cell]' --set 'class_weights={cell: 0.2}' --compare . --out tried
            """)

    @Argument(help: "The map, or the lamella in its session's folder.")
    var map: String

    @Option(name: .customLong("set"), help: ArgumentHelp("A setting in the place of the session's; may be given several times.", valueName: "key=value"))
    var assignments: [String] = []

    @Option(help: ArgumentHelp("Targets to compare with: a points file, a targets file of PACEtomo, or a folder with points files of this map.", valueName: "file"))
    var compare: String?

    @Option(help: ArgumentHelp("For points files, tgt_params.json, target_settings.json and the overview picture.", valueName: "folder"))
    var out: String?

    @Flag(help: "Puts the targets in the place of the session's; a session that goes on takes them for set by hand.")
    var replace = false

    @Option(help: "The model that segmented the map, a folder or a name in the store; only where no file beside the map tells its classes.")
    var model: String?

    func run() async throws {
        try await reporting {
            guard out == nil || !replace else { throw WorkflowError.refused("--out and --replace exclude each other: --replace writes beside the map.") }
            let finished = try FinishedMap(map, classes: try model.map(classes))
            let settings = try finished.settings.changed(by: assignments, source: "--set")
            // What cannot be read is told before the work.
            let others = try compare.map { try OtherTargets($0, of: finished) }
            // Nor that somebody else is writing there.
            let lock = try (replace ? finished.folder : out).map { try MapFolderLock($0, for: "tomopilot targets \(map)") }
            let begin = ContinuousClock.now
            let job = try TargetsJob(finished, settings: settings)
            let seconds = String(format: "%.1f", (ContinuousClock.now - begin) / .seconds(1))
            print("\(finished.name): \(job.summary), \(seconds) s")
            if !job.areas.isEmpty { job.table.lines.forEach { print($0) } }
            if let others { try job.comparison(with: others).forEach { print($0) } }
            guard let lock else { return }
            let files = try job.write(to: lock, replaces: replace)
            if replace { print("a session that goes on takes these for targets by hand and renews its targets files; until then those name the targets of before") }
            print("\(lock.folder): \(files.map { ($0 as NSString).lastPathComponent }.joined(separator: ", "))")
        }
    }

    private func classes(ofModel name: String) throws -> [String] {
        let base = URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
        guard let path = try ModelStore.standard.folder(named: name, kind: .segmenter, from: base) else {
            throw WorkflowError.refused("No model that segments lamellae is in use; name one with --model.")
        }
        return try ModelFolder.open(path).description.classes
    }
}
