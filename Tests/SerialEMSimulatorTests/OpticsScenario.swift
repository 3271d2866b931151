import Foundation
import Raster
import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

/// Commands by name, as an operator's script sends them. The deadline is for busy machines; nothing is timed.
extension SerialEMConnection {
    @discardableResult
    func run(_ name: String, _ arguments: Argument...) async throws -> [ReportedValue] { try await perform(name, arguments, deadline: .seconds(300)) }
    /// What a command reports, numbers only.
    func numbers(_ name: String, _ arguments: Argument...) async throws -> [Double] {
        try await perform(name, arguments, deadline: .seconds(300)).compactMap(\.number)
    }
    func number(_ name: String, _ arguments: Argument...) async throws -> Double {
        try #require(try await perform(name, arguments, deadline: .seconds(300)).first?.number)
    }
    /// Whether SerialEM refuses a command.
    func refuses(_ name: String, _ arguments: Argument...) async throws -> Bool {
        do {
            try await perform(name, arguments, deadline: .seconds(300))
            return false
        } catch let error {
            return error.code == .commandFailed
        }
    }
    func meanOfRecord() async throws -> Double {
        try await record()
        return try await meanOfA()
    }
    func meanOfA() async throws -> Double {
        let samples = try #require(try await bufferImage("A")).samples()
        return Double(samples.reduce(0) { $0 + Double($1) }) / Double(max(1, samples.count))
    }
    /// A grid is loaded, and the first good lamella is in the field at its height, at a magnification for Records.
    func goToLamella(_ folder: String) async throws {
        try await loadFirstGrid(self)
        let lamella = try firstGoodLamella(folder, slot: 1)
        try await moveStageTo(x: lamella.x, y: lamella.y, z: lamella.z)
    }
}
