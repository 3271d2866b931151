import Foundation
import ImageFiles
import SerialEMSimulator
import Testing

/// The dose ledger against what the simulator really exposed.
@Suite struct DoseTests {
    private func run(_ folder: String, port: Int, level: Int, more: String = "") async throws -> Ending {
        try writeSettingsOfFewLamellae(in: folder, port: port, level: level, more: more)
        return try await tomopilot("run", "s.yaml", in: folder)
    }

    /// The sidecars of a grid by the number of the lamella.
    private func sidecars(_ grid: String) throws -> [Int: JSONValue] {
        var found: [Int: JSONValue] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: grid + "/SPACE_maps") where file.hasSuffix("_dose.json") {
            let value = try JSONValue.read("\(grid)/SPACE_maps/\(file)")
            found[try #require(value["lamella"]?.integer)] = value
        }
        return found
    }

    private func sum(_ purpose: String, in sidecar: JSONValue) -> Double? {
        sidecar["exposures"]?.array?.first { $0["purpose"]?.string == purpose }?["sum_of_images"]?.double
    }

    @Test func theLedgerOfEachLamellaAgreesWithTheExposureLog() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                let ending = try await run(folder, port: simulator.port, level: 5)
                #expect((ending.status, ending.error) == (0, ""))
                let grid = folder + "/session/HeLa_1"
                let log = await simulator.microscope.exposureLog()
                let sidecars = try sidecars(grid)
                #expect(!sidecars.isEmpty)

                // Maps: an mdoc has five decimals of each piece.
                let gridMap = log.filter { $0.file == grid + "/HeLa_1.mrc" }
                var mapped = 0
                var series = 0.0
                var images = 0
                for (number, sidecar) in sidecars {
                    #expect(sidecar["certain"]?.bool == true, "lamella \(number)")
                    let all = try #require(sum("grid map", in: sidecar))
                    #expect(abs(all - gridMap.reduce(0) { $0 + $1.dose }) < Double(gridMap.count) * 5.1e-6)
                    let name = "HeLa_1_L\(number < 10 ? "0" : "")\(number).mrc"
                    let pieces = log.filter { $0.file == "\(grid)/\(name)" }
                    if let taken = sum("lamella map", in: sidecar) {
                        mapped += 1
                        #expect(abs(taken - pieces.reduce(0) { $0 + $1.dose }) < Double(pieces.count) * 5.1e-6, "lamella \(number)")
                    } else {
                        #expect(pieces.isEmpty)
                    }
                    for target in sidecar["targets"]?.array ?? [] {
                        let dose = try #require(target["tilt_series"]?.double)
                        #expect(dose > 0)
                        series += dose
                        images += 1
                    }
                }
                #expect(mapped > 1)

                // Single images, in the order of the book, which is that of the log.
                let text = try String(contentsOfFile: grid + "/HeLa_1_exposures.jsonl", encoding: .utf8)
                let lines = try text.split(separator: "\n").map { try JSONValue(text: String($0)) }
                let book = lines.filter { $0["isIntent"]?.bool != true }
                // Each exposure was written down before it was made.
                let intended: [String] = lines.filter { $0["isIntent"]?.bool == true }.compactMap { $0["exposure"]?.string }
                let made: [String] = book.compactMap { $0["exposure"]?.string }
                #expect(intended == made)
                #expect(lines.count == 2 * book.count)
                let intermediate = log.filter { $0.area == "R" && $0.file.isEmpty && $0.dose < 0.05 }
                var next = 0
                var byLamella: [String: Double] = [:]
                for line in book {
                    let count = try #require(line["images"]?.integer)
                    let dose = try #require(line["dosePerImage"]?.double)
                    let lamella = try #require(line["lamella"]?.string)
                    for record in intermediate.dropFirst(next).prefix(count) {
                        #expect(abs(record.dose - dose) < 1e-6)
                        byLamella[lamella, default: 0] += record.dose
                    }
                    next += count
                }
                #expect(next == intermediate.count)
                for (number, sidecar) in sidecars {
                    let own = (sum("eucentricity", in: sidecar) ?? 0) + (sum("intermediate image", in: sidecar) ?? 0)
                    #expect(abs(own - (byLamella["L\(number < 10 ? "0" : "")\(number)"] ?? 0)) < 1e-5, "lamella \(number)")
                }

                // Tilt series: everything that Record gave in Low Dose.
                let records = log.filter { $0.area == "R" && $0.dose > 0.5 }
                #expect(images > 0)
                #expect(abs(series - records.reduce(0) { $0 + $1.dose }) < Double(records.count) * 5.1e-6)

                // PACEtomo's own images, which nobody writes down: the estimate of all tracking targets is within a tenth of what
                // was exposed besides maps and series.
                let maps = Set(sidecars.keys.map { "\(grid)/HeLa_1_L\($0 < 10 ? "0" : "")\($0).mrc" })
                let others = log.filter { ["V", "P", "F"].contains($0.area) && !maps.contains($0.file) }
                let tracking = sidecars.values.flatMap { $0["targets"]?.array ?? [] }.filter { $0["target"]?.integer == 1 }
                let estimates = tracking.compactMap { $0["pacetomo_images"]?.double }
                #expect(estimates.count == tracking.count)
                #expect(others.count { $0.area == "P" } == tracking.count)
                let taken = others.reduce(0) { $0 + $1.dose }
                #expect(taken > 0)
                #expect(abs(estimates.reduce(0, +) - taken) < 0.1 * taken, "\(estimates) for \(taken)")

                let report = try JSONValue.read(folder + "/session/session_report.json")
                let lamellae = try #require(report["grids"]?.array?.first?["lamellae"]?.array)
                for lamella in lamellae {
                    let number = try #require(lamella["number"]?.integer)
                    #expect(lamella["dose_before_acquisition"]?.double == sidecars[number]?["dose_before_acquisition"]?.double)
                }
            }
        }
    }

    @Test func aMapThatWouldExceedTheLimitIsNotTakenAndTheReasonIsSaid() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                let ending = try await run(folder, port: simulator.port, level: 2, more: "maximum_dose_before_acquisition: 0.06")
                #expect((ending.status, ending.error) == (3, ""))
                let last = try #require(ending.output.split(separator: "\n").last)
                #expect(last.hasPrefix("INCOMPLETE grid HeLa_1: L") && last.contains(" left out by maximum_dose_before_acquisition"), "\(last)")
                #expect(ending.output.contains("what a map gives was not known before"), "\(ending.output)")
                // What a map gives is known after the first one.
                func maps() async -> Int { Set(await simulator.microscope.exposureLog().filter { $0.area == "V" }.map(\.file)).count }
                #expect(await maps() == 1)
                #expect(ending.output.contains("and this step would add about "), "\(ending.output)")
                #expect(ending.output.contains("maximum_dose_before_acquisition is 0.06 e/Å²"))
                #expect(try await run(folder, port: simulator.port, level: 2).status == 0)
                #expect(await maps() > 1)
            }
        }
    }

    @Test func aLimitThatCannotBeKeptBecauseSerialEMTellsNoDosesIsToldOnce() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                // 0, as where the beam is not calibrated.
                simulator.microscope.faults.add([Fault(.noEffect, when: .init(command: "ImageConditions", times: nil))])
                let ending = try await run(folder, port: simulator.port, level: 2, more: "maximum_dose_before_acquisition: 5")
                #expect((ending.status, ending.error) == (0, ""))
                let said = ending.output.components(separatedBy: "maximum_dose_before_acquisition is set and SerialEM tells no dose of HeLa_1's images").count - 1
                #expect(said == 1, "\(ending.output)")
            }
        }
    }
}
