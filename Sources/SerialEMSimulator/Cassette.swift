internal import Raster

/// The twelve slots of the autoloader's cassette. Slots 1 and 2 hold a named cartridge with every seed; slot 10 is empty, slot 11
/// holds a cartridge that nobody named, and that of slot 12 cannot be loaded.
struct Cassette: Sendable {
    static let slots = 1 ... 12
    static let emptySlot = 10
    static let unnamedSlot = 11
    static let failingSlot = 12

    /// Name of the cartridge in each slot that holds one, as its owner knows it.
    let names: [Int: String]
    private(set) var loaded: Int?
    private(set) var loadings: [Int: Int] = [:]

    init(seed: UInt64) {
        var random = RandomSource(seed: seed).fork(0xCA55)
        let list = ["Yeast", "Chlamy", "HeLa", "Ecoli", "Worm", "Sperm", "Neuron", "Alga"]
        var names: [Int: String] = [:]
        for slot in Self.slots where slot <= 2 || random.uniform() < 0.55 {
            names[slot] = "\(list[Int(random.uniform() * Double(list.count)) % list.count])_\(slot)"
        }
        names[Self.emptySlot] = nil
        names[Self.unnamedSlot] = "unnamed_\(Self.unnamedSlot)"
        names[Self.failingSlot] = names[Self.failingSlot] ?? "Bent_\(Self.failingSlot)"
        self.names = names
    }
    mutating func load(_ slot: Int) -> Int {
        loaded = slot
        let count = (loadings[slot] ?? 0) + 1
        loadings[slot] = count
        return count
    }
    mutating func unload() { loaded = nil }

    /// What the autoloader calls the cartridge; nil where nobody gave it a name.
    func reportedName(_ slot: Int) -> String? { slot == Self.unnamedSlot ? nil : names[slot] }

    /// The slots of a JEOL inventory, in its order: only those that hold a cartridge, or whose cartridge is on the stage.
    var inventory: [Int] { names.keys.sorted() }
    /// The number that is engraved in the cartridge of a slot.
    static func cartridgeID(_ slot: Int) -> Int { 100 + slot }
}
