import ArgumentParser
import Logging
import SerialEMClient
import SerialEMProtocol

/// `wire-check drive`: one block of the benchmark with our client. Prints what was done and how long it took.
struct Drive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drive", abstract: "Send commands and images to a SerialEM as fast as it takes them.")

    @Option(help: "The port of SerialEM on this computer.")
    var port: Int
    @Option(help: "How many times ReportStageXYZ is sent.")
    var commands = 5000
    @Option(help: "How many times an image is put and read back.")
    var images = 0
    @Option(help: "Columns and rows of the image of 16 bits.")
    var size = 4096

    @Flag(help: "Send and receive in a bare loop instead, which no client can be faster than.")
    var bare = false

    func run() async throws {
        if bare { return try runBare() }
        let connection = try await SerialEMConnection.connect(host: "127.0.0.1", port: port, logger: quiet())
        try await connection.noMessageBoxOnError()
        for _ in 0..<commands / 20 { _ = try await connection.reportStageXYZ() }
        let clock = ContinuousClock()
        let commandTime = try await clock.measure {
            for _ in 0..<commands { _ = try await connection.reportStageXYZ() }
        }
        print("commands \(commands) \(seconds(commandTime))")
        guard images > 0 else { return await connection.close() }

        let bytes = (0..<2 * size * size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 11) }
        guard let image = BufferImage(width: size, height: size, pixelType: .unsignedShort, bytes: bytes) else {
            throw ValidationError("An image of \(size) x \(size) pixels cannot be made.")
        }
        try await connection.putImage(image, into: "B", base: "B")
        _ = try await connection.bufferImage("B")
        // The reply to the next command tells that the image was taken.
        let putTime = try await clock.measure {
            for _ in 0..<images {
                try await connection.putImage(image, into: "B", base: "B")
                _ = try await connection.reportStageXYZ()
            }
        }
        print("put \(images * bytes.count) \(seconds(putTime))")
        let getTime = try await clock.measure {
            for _ in 0..<images {
                guard try await connection.bufferImage("B")?.bytes.count == bytes.count else {
                    throw ValidationError("The image did not come back.")
                }
            }
        }
        print("get \(images * bytes.count) \(seconds(getTime))")
        guard try await connection.bufferImage("B") == image else {
            throw ValidationError("The image came back changed.")
        }
        await connection.close()
    }

    private func runBare() throws {
        var stream = try BlockingStream(port: port)
        guard let command = FunctionCodes.definition(named: "ReportStageXYZ") else { throw ValidationError("There is no such command.") }
        let request = try CommandRequest(code: command.code).encoded()
        let time = try ContinuousClock().measure {
            for _ in 0..<commands {
                stream.send(request)
                guard try stream.packet() != nil else { throw ValidationError("The server has closed the connection.") }
            }
        }
        print("commands \(commands) \(seconds(time))")
    }

    private func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }

    private func quiet() -> Logger {
        var logger = Logger(label: "wire-check")
        logger.logLevel = .error
        return logger
    }
}
