import Foundation
import Testing

/// Starts a service in a folder and waits until it listens.
func serve(in folder: String, models: String = URL(fileURLWithPath: detector).deletingLastPathComponent().path, _ more: String...) async throws
    -> (service: RunningProgram, port: String)
{
    let service = try RunningProgram(
        [program("tomopilot"), "serve", "--folder", "service", "--sessions", ".", "--models", models, "--port", "0"] + more, in: folder)
    let address = try #require(try await service.line(beginning: "listening on http://127.0.0.1:"))
    return (service, address)
}

/// Writes `<name>.yaml` for a level 1 session of one grid in the folder `<name>` beside it.
func writeSettings(_ name: String, grid: Int, in folder: String, port: Int, more: String = "") throws {
    let text = """
        session_dir: ./\(name)
        serialem_port: \(port)
        automation_level: 1
        grid_list: [\(grid)]
        WG_model: \(detector)
        MM_model: \(detector)
        \(more)
        """
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).yaml"))
}
