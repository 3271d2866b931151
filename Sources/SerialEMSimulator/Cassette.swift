internal import Raster

/// The twelve slots of the autoloader's cassette. Slots 1 and 2 hold a named cartridge with every seed; slot 10 is empty, slot 11
/// holds a cartridge that nobody named, and that of slot 12 cannot be loaded.
///
/// Cartridges have the number of the slot that they begin in; people may put them elsewhere.
struct Cassette: Sendable {
    static let slots = 1 ... 12
    static let emptySlot = 10
    static let unnamedSlot = 11
    static let failingSlot = 12

    /// How a cartridge lies on the stage: the number of its loading, and by how much it is farther off than it would be.
    struct Seating: Sendable {
        var loading: Int
        var offset: Displacement?
    }
    /// A displacement on demand, in micrometres along x and degrees.
    struct Displacement: Sendable, Hashable {
        var micrometers: Double
        var degrees: Double
    }

    /// The cartridge in each slot that holds one, and the names of cartridges as their owner knows them.
    private var cartridges: [Int: Int] = [:]
    private var cartridgeNames: [Int: String] = [:]
    private var isUnnamed: Set<Int> = [Self.unnamedSlot]
    private(set) var loaded: Int?
    private var seatings: [Int: Seating] = [:]

    /// - Parameter isFull: whether every slot holds a cartridge that has a name.
    init(seed: UInt64, isFull: Bool = false) {
        var random = RandomSource(seed: seed).fork(0xCA55)
        let list = ["Yeast", "Chlamy", "HeLa", "Ecoli", "Worm", "Sperm", "Neuron", "Alga"]
        var names: [Int: String] = [:]
        for slot in Self.slots where slot <= 2 || random.uniform() < 0.55 || isFull {
            names[slot] = "\(list[Int(random.uniform() * Double(list.count)) % list.count])_\(slot)"
        }
        if isFull {
            isUnnamed = []
        } else {
            names[Self.emptySlot] = nil
            names[Self.unnamedSlot] = "unnamed_\(Self.unnamedSlot)"
        }
        names[Self.failingSlot] = names[Self.failingSlot] ?? "Bent_\(Self.failingSlot)"
        cartridgeNames = names
        for slot in names.keys { cartridges[slot] = slot }
    }

    /// Name of the cartridge in each slot that holds one.
    var names: [Int: String] { cartridges.compactMapValues { cartridgeNames[$0] } }
    /// The cartridge of a slot.
    func cartridge(in slot: Int) -> Int? { cartridges[slot] }
    /// How a cartridge lay when it was loaded last; nil before.
    func seating(of cartridge: Int) -> Seating? { seatings[cartridge] }

    /// Puts the cartridge of a slot onto the stage and says how it lies there.
    mutating func load(_ slot: Int, offset: Displacement?) -> Seating {
        loaded = slot
        let cartridge = cartridges[slot] ?? slot
        let seating = Seating(loading: (seatings[cartridge]?.loading ?? 0) + 1, offset: offset)
        seatings[cartridge] = seating
        return seating
    }
    mutating func unload() { loaded = nil }

    /// Somebody changes two cartridges about; a slot may be empty.
    mutating func swap(_ a: Int, _ b: Int) {
        let other = cartridges[a]
        cartridges[a] = cartridges[b]
        cartridges[b] = other
    }
    /// Somebody gives a cartridge another name.
    mutating func rename(_ slot: Int, to name: String) {
        guard let cartridge = cartridges[slot] else { return }
        cartridgeNames[cartridge] = name
        isUnnamed.remove(cartridge)
    }

    /// What the autoloader calls the cartridge; nil where nobody gave it a name.
    func reportedName(_ slot: Int) -> String? { cartridges[slot].flatMap { isUnnamed.contains($0) ? nil : cartridgeNames[$0] } }

    /// The slots of a JEOL inventory, in its order: only those that hold a cartridge, or whose cartridge is on the stage.
    var inventory: [Int] { cartridges.keys.sorted() }
    /// The number that is engraved in the cartridge of a slot.
    func engravedNumber(_ slot: Int) -> Int { 100 + (cartridges[slot] ?? slot) }
}
