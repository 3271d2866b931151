import SerialEMClient
import SerialEMProtocol
import Testing

@Suite struct SlotStatusTests {
    @Test("A JEOL says by its station where a cartridge is", arguments: [
        (1.0, SlotStatus.State.occupied), (2, .occupied), (3, .onStage), (0, .unknown),
    ])
    func station(number: Double, state: SlotStatus.State) async throws {
        let answer = try Answer.reply(.number(102), .number(number), .number(2), .number(1), .number(0), .text("Yeast_2"))
        try await ScriptedServer.connected([answer]) { connection, _ in
            let slot = try await connection.reportSlotStatus(2)
            #expect(slot.state == state)
            #expect(slot.name == "Yeast_2")
        }
    }
}
