import Foundation

/// Writes `s.yaml` for a session that goes on with few of the lamellae of a grid.
func writeSettingsOfFewLamellae(in folder: String, port: Int, level: Int) throws {
    let text = """
        session_dir: ./session
        serialem_port: \(port)
        automation_level: \(level)
        WG_model: \(modelsFolder)/lamella-detector-sim
        MM_model: \(modelsFolder)/lamella-segmenter-sim
        exclude_lamella_classes: [gone, broken, thick, wedge]
        """
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/s.yaml"))
}
