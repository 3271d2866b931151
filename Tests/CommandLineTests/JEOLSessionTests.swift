import SerialEMSimulator
import Testing

/// A session on a microscope of the other make.
@Suite struct JEOLSessionTests {
    @Test func aGridOfAJEOLCassetteIsLoadedAndMapped() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, kind: .jeol) { simulator in
                try writeSettings(in: folder, port: simulator.port, more: "grid_list: [2]")
                let ending = try await tomopilot("run", "s.yaml", in: folder)
                #expect((ending.status, ending.error) == (0, ""))
                #expect(ending.output.contains("Save the map of grid Chlamy_2"))
                #expect(await simulator.microscope.truth().loadedSlot == 2)
            }
        }
    }
}
