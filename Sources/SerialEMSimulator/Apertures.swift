internal import Units

/// Apertures by Thermo's numbers: 0 C1, 1 C2, 2 objective, 3 C3, 4 selected area. Sizes in micrometres, 0 is out.
struct Apertures: Sendable, Hashable {
    static let names = [0: "C1", 1: "C2", 2: "objective", 3: "C3", 4: "selected area"]
    /// What is mounted in each mechanism.
    static let mounted: [Int: [Int]] = [
        0: [2000], 1: [30, 50, 70, 100, 150], 2: [30, 40, 50, 70, 100, 150], 3: [50, 100, 1000, 2000], 4: [10, 40, 100, 200],
    ]
    private(set) var sizes = [0: 2000, 1: 50, 2: 70, 3: 2000, 4: 0]
    private var removed: [Int: Int] = [:]

    subscript(number: Int) -> Int? { sizes[number] }
    /// What RemoveAperture remembers.
    func size(toReinsert number: Int) -> Int? { removed[number] }
    mutating func insert(_ number: Int, size: Int) {
        sizes[number] = size
        removed[number] = nil
    }
    mutating func remove(_ number: Int) {
        guard let size = sizes[number], size != 0 else { return }
        removed[number] = size
        sizes[number] = 0
    }

    private var objective: Int { sizes[2] ?? 0 }
    private var condenser: Double { Double((sizes[1] ?? 0) == 0 ? 200 : sizes[1] ?? 50) }
    /// The current that passes, 1 for the 50 um aperture.
    var condenserShare: Double { condenser * condenser / 2500 }
    var convergenceShare: Double { condenser / 50 }
    /// An aperture below 70 um cuts off part of what the specimen scatters.
    var objectiveShare: Double {
        switch objective {
        case 1 ..< 40: 0.75
        case 40 ..< 70: 0.9
        default: 1
        }
    }
    /// Electrons scattered far still arrive where nothing stops them, and weaken the contrast.
    func contrast(_ magnification: Magnification) -> Double { objective == 0 && magnification.pixelSize.value < 15 ? 0.7 : 1 }
    /// With the objective lens off its aperture stands near the specimen, and shows no more than a hole of its size.
    func field(_ magnification: Magnification) -> Micrometers? {
        magnification.isLowMag && objective != 0 ? Micrometers(Double(objective)) : nil
    }
}
