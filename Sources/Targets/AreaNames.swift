/// The names of the files that belong to one target area, all in SerialEM's current directory.
public struct AreaNames: Hashable, Sendable {
    public let area: String
    public init(area: String) { self.area = area }

    /// The PACEtomo targets file, which is also the note of the tracking target's navigator item.
    public var targetsFile: String { "\(area)_tgts.txt" }
    /// The tilt series of target `number`, counted from 1.
    public func seriesFile(_ number: Int) -> String { "\(area)_ts_\(Self.padded(number)).mrc" }
    /// The View reference of target `number`, counted from 1.
    public func viewFile(_ number: Int) -> String { "\(area)_tgt_\(Self.padded(number))_view.mrc" }
    /// The label of the target's navigator item: `001`.
    public func label(_ number: Int) -> String { Self.padded(number) }

    /// `<map>` where a map has one area, else `<map>_A1`, `<map>_A2` and so on.
    public static func areas(map: String, count: Int) -> [AreaNames] {
        count == 1 ? [AreaNames(area: map)] : (0 ..< count).map { AreaNames(area: "\(map)_A\($0 + 1)") }
    }

    /// Whether PACEtomo reads a file name as it stands: no blank, at which it would be cut, no letter of a pattern, no folder.
    static func isPlain(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                (48 ... 57).contains($0) || (65 ... 90).contains($0) || (97 ... 122).contains($0) || [45, 46, 95].contains($0)
            }
    }

    static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }
}
