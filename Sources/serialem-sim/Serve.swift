import ArgumentParser
import Foundation
import Logging
import SerialEMSimulator
import ServiceLifecycle
import UnixSignals

/// Serves the virtual microscope until SIGTERM or SIGINT.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer on SerialEM's port with a virtual microscope.",
        discussion: """
            Prints one line, `listening on HOST:PORT`, when clients can connect; before it, with --control-port, \
            `control port http://127.0.0.1:PORT`.
            """)

    @Option(help: "TCP port; 0 takes a free one.")
    var port = 48888
    @Option(help: "Address to listen on.")
    var host = "127.0.0.1"
    @Option(help: "Number that decides the grids, the errors of the stage and the noise.")
    var seed: UInt64 = 1
    @Option(help: "SerialEM's working directory at the start.")
    var folder = "."
    @Option(help: "How many times faster than life; 0 does not wait at all.")
    var timeScale = 1.0
    @Option(help: "File that gets the truth about the grids, as JSON; written again after each load.")
    var truth: String?
    @Option(help: "File that gets one line of JSON for each exposure.")
    var exposureLog: String?
    @Option(help: "Simulated seconds after which a box that nobody answers gets its standard answer; 0 waits for ever.")
    var dialogSeconds = 60.0
    @Flag(help: "Write Navigator files in the form that SerialEM had before autodocs.")
    var navigatorTables = false

    @Flag(help: "Put a cartridge with a name into every slot; that of slot 12 cannot be loaded.")
    var fullCassette = false

    @Flag(help: "Let what is done a second time at a place come out as it did the first time, for comparing sessions.")
    var repeatable = false
    @Option(help: "JSON file with a list of faults: what goes wrong, and when.")
    var faults: String?
    @Option(help: "HTTP port of the loopback interface that shows the state and takes faults; 0 takes a free one.")
    var controlPort: Int?
    @Option(help: "File that gets one line of JSON for everything that takes time, in simulated seconds.")
    var eventLog: String?
    @Option(help: "The make of the microscope: thermo or jeol.", transform: Self.kind(named:))
    var kind = MicroscopeKind.thermo
    @Flag(help: "Report slots without the names of their cartridges, as with the autoloader's panel closed.")
    var hideSlotNames = false
    @Option(help: "Distance of the tilt axis from the optical axis in micrometres, which sessions have to find out.")
    var tiltAxisOffset = 0.0

    private static func kind(named name: String) throws -> MicroscopeKind {
        guard let kind = MicroscopeKind(rawValue: name) else { throw ValidationError("--kind has to be thermo or jeol; \(name) is neither.") }
        return kind
    }

    func validate() throws {
        guard (0 ... 65535).contains(port) else { throw ValidationError("A port is a number from 0 to 65535; \(port) is not.") }
        if let controlPort, !(0 ... 65535).contains(controlPort) {
            throw ValidationError("A control port is a number from 0 to 65535; \(controlPort) is not.")
        }
        guard timeScale >= 0, timeScale.isFinite else { throw ValidationError("--time-scale has to be 0 or more; \(timeScale) is not.") }
        guard (-25 ... 25).contains(tiltAxisOffset) else {
            throw ValidationError("--tilt-axis-offset has to be within 25 um; \(tiltAxisOffset) is not.")
        }
        guard dialogSeconds >= 0, dialogSeconds.isFinite else {
            throw ValidationError("--dialog-seconds has to be 0 or more; \(dialogSeconds) is not.")
        }
        var isFolder = ObjCBool(false)
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw ValidationError("The folder \(folder) does not exist.")
        }
    }

    func run() async throws {
        // A limit on the size of files is an error of a write, as a full disk is, and no reason to die.
        signal(SIGXFSZ, SIG_IGN)
        var configuration = SimulatorConfiguration(
            seed: seed, folder: URL(fileURLWithPath: folder).standardizedFileURL.path, timeScale: timeScale, truthFile: truth,
            exposureLog: exposureLog, eventLog: eventLog, kind: kind, showsSlotNames: !hideSlotNames, tiltAxisOffset: tiltAxisOffset,
            dialogSeconds: dialogSeconds > 0 ? dialogSeconds : nil, writesNavigatorTables: navigatorTables)
        configuration.fillsCassette = fullCassette
        configuration.isRepeatable = repeatable
        try StartChecks.requireWritable("--truth", truth)
        try StartChecks.requireWritable("--exposure-log", exposureLog)
        try StartChecks.requireWritable("--event-log", eventLog)
        try StartChecks.requireOwnAddress(host)
        let logger = Logger(label: "serialem-sim")
        let plan = FaultPlan(try faults.map { try Fault.read(file: $0) } ?? [], logger: logger)
        let server = try await SimulatorServer.bind(
            configuration: configuration, host: host, port: port, faults: plan, logger: logger)
        try await server.microscope.writeTruth()
        let listening = "listening on \(host):\(server.port)\n"
        var services: [any Service] = [SimulatorService(server: server)]
        if let controlPort {
            let control = ControlPort(for: server, port: controlPort, logger: logger)
            services.append(
                ControlService(control: control) { port in
                    FileHandle.standardOutput.write(Data("control port http://127.0.0.1:\(port)\n\(listening)".utf8))
                })
        } else {
            FileHandle.standardOutput.write(Data(listening.utf8))
        }
        var quiet = logger
        quiet.logLevel = .critical
        var group = ServiceGroupConfiguration(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        // Who is connected to the control port at the end is not waited for.
        group.maximumGracefulShutdownDuration = .seconds(1)
        try await ServiceGroup(configuration: group).run()
    }
}

/// The simulator, until the program is asked to end.
private struct SimulatorService: Service {
    let server: SimulatorServer
    func run() async throws {
        do { try await cancelWhenGracefulShutdown { try await server.run() } } catch is CancellationError {}
    }
}

/// Its control port, which ends by itself when the program is asked to end: to break off an HTTP server that takes a
/// connection at that moment is an error of the program.
private struct ControlService: Service {
    let control: ControlPort
    let onListening: @Sendable (Int) -> Void
    func run() async throws { try await control.run(onListening: onListening) }
}
