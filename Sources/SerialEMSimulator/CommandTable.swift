internal import SerialEMProtocol

/// What a command does to the microscope and what it reports.
typealias CommandHandler = @Sendable (VirtualMicroscope, CommandArguments) async throws -> [ReportedValue]

/// The simulated commands by function code. Commands that are not here are refused by name.
enum CommandTable {
    static let handlers: [Int32: CommandHandler] = {
        var table: [Int32: CommandHandler] = [:]
        let groups = [
            sessionCommands, stageCommands, opticsCommands, cameraCommands, montageCommands, navigatorCommands, mapCommands,
            lowDoseCommands, fileCommands, bufferCommands, alignmentCommands, autoloaderCommands, matrixCommands,
            stageMotionCommands, imageShiftCommands, beamCommands, reloadedGridCommands,
        ]
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
