internal import SerialEMProtocol

/// What a command does to the microscope and what it reports.
typealias CommandHandler = @Sendable (VirtualMicroscope, CommandArguments) async throws -> [ReportedValue]

/// The simulated commands by function code. Commands that are not here are refused by name.
enum CommandTable {
    /// In the order in which they are looked up: of two handlers of one command the later one counts.
    static let groups: [[String: CommandHandler]] = [
        sessionCommands, variableCommands, logCommands, dialogCommands, textFileCommands, scriptCommands,
        stageCommands, opticsCommands, cameraCommands, lowDoseCommands, autoloaderCommands,
        fileCommands, metadataCommands, frameFileCommands,
        bufferCommands, processingCommands, eucentricityCommands, registrationCommands, matrixCommands,
        montageCommands, mapCommands, navigatorCommands, navigatorItemCommands, navigatorGroupCommands, navigatorAcquireCommands,
        stageMotionCommands, imageShiftCommands, beamCommands, reloadedGridCommands,
        holeFinderCommands,
    ]
    static let handlers: [Int32: CommandHandler] = {
        var table: [Int32: CommandHandler] = [:]
        for group in groups + opticalGroups {
            for (name, handler) in group {
                guard let definition = FunctionCodes.definition(named: name) else { continue }
                table[definition.code] = handler
            }
        }
        addJEOLApertures(to: &table)
        return table
    }()
}

extension ReportedValue {
    static func flag(_ value: Bool) -> ReportedValue { .number(value ? 1 : 0) }
    static func count(_ value: Int) -> ReportedValue { .number(Double(value)) }
}
