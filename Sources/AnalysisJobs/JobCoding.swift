public import Foundation

/// How the values of jobs are written as JSON: keys in snake_case, as everywhere.
public enum JobCoding {
    private struct Version: Decodable { let schema: Int? }

    public static func encoded(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// - Throws: ``AnalysisJobError``: what came is not what was agreed on.
    public static func decoded<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        // Asked first: what another version writes need not be readable.
        if let version = try? JSONDecoder().decode(Version.self, from: data), let schema = version.schema { try JobSchema.require(schema, of: "The other side") }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: data)
        } catch {
            throw AnalysisJobError("What came is no \(type) of version \(JobSchema.version) of the analysis jobs.")
        }
    }
}
