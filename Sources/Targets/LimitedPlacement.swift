import Geometry
import Raster
import Units

/// What an operator asks of a selection beyond the spacing of the beams.
struct SelectionLimits {
    /// The most targets.
    var most: Int?
    /// The most targets in one object.
    var perObject: Int?
    /// Present where `perObject` is.
    var objects: ObjectInstances?
    /// Least distance of two targets on the specimen.
    var distance: Micrometers
    var geometry: LamellaGeometry

    /// nil where the settings have no limits.
    init?(_ settings: TargetSettings, labels: Raster<UInt8>, wanted: [Bool], geometry: LamellaGeometry) {
        distance = settings.minimumDistance ?? .zero
        guard settings.maximumTargets != nil || settings.targetsPerInstance != nil || distance > .zero else { return nil }
        self.geometry = geometry
        most = settings.maximumTargets
        perObject = settings.targetsPerInstance
        objects = settings.targetsPerInstance.map { _ in ObjectInstances(labels, where: wanted) }
    }

    func areApart(_ a: Point<Frame.MapPixels>, _ b: Point<Frame.MapPixels>) -> Bool {
        distance <= .zero || geometry.specimenShift(from: a, to: b).length >= distance.value
    }
}

/// Chooses positions as ``Placement`` does, under ``SelectionLimits``.
///
/// Starts from the unlimited choice, thinned out, and from the best sites one by one; then takes a few neighbours out
/// and puts others in, anywhere, as long as the sum grows; then moves single targets by pixels. Every step that adds or
/// moves a site goes through ``Choice/allows(_:)``. Seeded, with a fixed number of rounds.
struct LimitedPlacement {
    private let field: PlacementField
    private let limits: SelectionLimits
    private let ranked: [Place]
    private let pitch: Int
    private static let rounds = 300
    /// Of the best free candidates, so many are looked at in a round.
    private static let looked = 2000

    /// A site with the object that it belongs to.
    struct Place {
        var site: PlacementField.Site
        var object: Int?
    }

    init(field: PlacementField, limits: SelectionLimits) {
        self.field = field
        self.limits = limits
        let candidates = field.candidates()
        pitch = candidates.pitch
        ranked = candidates.sites.enumerated().sorted { ($1.element.worth, $0.offset) < ($0.element.worth, $1.offset) }
            .map { Place(site: $0.element, object: limits.objects?.object(at: $0.element.position)) }
    }

    /// - Parameter unlimited: the choice without limits.
    func solve(from unlimited: [PlacementField.Site]) -> [PlacementField.Site] {
        var thinned = Choice(field: field, limits: limits)
        for site in unlimited.enumerated().sorted(by: { ($1.element.worth, $0.offset) < ($0.element.worth, $1.offset) }) {
            thinned.add(place(site.element))
        }
        thinned.fill(ranked)
        var greedy = Choice(field: field, limits: limits)
        greedy.fill(ranked)
        var best = thinned.sum >= greedy.sum ? thinned : greedy
        for (number, start) in [thinned, greedy].enumerated() {
            let improved = improve(start, random: RandomSource(seed: 0x11A1).fork(UInt64(number)))
            if improved.sum > best.sum + 1e-12 { best = improved }
        }
        return polish(best).places.map(\.site)
    }

    private func place(_ site: PlacementField.Site) -> Place {
        Place(site: site, object: limits.objects?.object(at: site.position))
    }

    /// Ruin and recreate, with candidates from the whole map: a limit may be used up far away from where a target is taken.
    private func improve(_ start: Choice, random: RandomSource) -> Choice {
        var random = random
        var best = start
        guard !ranked.isEmpty else { return best }
        let reach = max(field.spacing, (limits.distance.inNanometers / limits.geometry.mapPixelSize).value)
        for _ in 0 ..< Self.rounds {
            var next = best
            let middle = best.places.isEmpty ? ranked[0].site : best.places[Int(random.uniform() * Double(best.places.count))].site
            next.remove(around: middle, reach: reach * random.uniform(0.1 ... 1.6))
            // One that is a little worse may leave room for two.
            let noise = random.uniform(0 ... 0.3)
            let count = min(Self.looked, ranked.count)
            var trial: [(place: Place, rank: Double)] = []
            for _ in 0 ..< count {
                let place = ranked[Int(random.uniform() * Double(ranked.count))]
                trial.append((place, place.site.worth * (1 - noise * random.uniform())))
            }
            trial.sort { $0.rank > $1.rank }
            next.fill(trial.map(\.place))
            if next.sum > best.sum { best = next }
        }
        best.fill(ranked)
        return best
    }

    private func polish(_ start: Choice) -> Choice {
        guard field.edge == nil else { return start }
        var choice = start
        field.climb(choice.places.count, steps: [Double(max(2, pitch)), 1], from: { choice.places[$0].site }) { i, site in
            choice.move(i, to: place(site))
        }
        return choice
    }
}

extension LimitedPlacement {
    /// Targets that keep every limit.
    struct Choice {
        private let field: PlacementField
        private let limits: SelectionLimits
        private(set) var places: [Place] = []
        private var perObject: [Int: Int] = [:]
        private(set) var sum = 0.0

        init(field: PlacementField, limits: SelectionLimits) {
            self.field = field
            self.limits = limits
        }

        private var isFull: Bool { places.count >= limits.most ?? .max }

        /// Whether one more target may stand there.
        func allows(_ place: Place) -> Bool {
            guard !isFull else { return false }
            if let most = limits.perObject, let object = place.object, perObject[object, default: 0] >= most { return false }
            return places.allSatisfy { other in
                field.isFree(place.site, among: [other.site]) && limits.areApart(other.site.position, place.site.position)
            }
        }

        /// Adds a target where it is allowed.
        mutating func add(_ place: Place) {
            guard allows(place) else { return }
            places.append(place)
            sum += place.site.worth
            if let object = place.object { perObject[object, default: 0] += 1 }
        }

        /// Adds what is allowed, in this order.
        mutating func fill(_ order: [Place]) {
            for place in order {
                if isFull { return }
                add(place)
            }
        }

        @discardableResult private mutating func remove(at index: Int) -> Place {
            let place = places.remove(at: index)
            sum -= place.site.worth
            if let object = place.object { perObject[object, default: 1] -= 1 }
            return place
        }

        mutating func remove(around middle: PlacementField.Site, reach: Double) {
            for index in places.indices.reversed() where places[index].site.distance(to: middle) <= reach { remove(at: index) }
        }

        /// Moves a target where that is allowed.
        mutating func move(_ index: Int, to place: Place) -> Bool {
            var moved = self
            moved.remove(at: index)
            guard moved.allows(place) else { return false }
            moved.add(place)
            // In its old place, so that whoever goes through the targets meets each once.
            moved.places.insert(moved.places.removeLast(), at: index)
            self = moved
            return true
        }
    }
}
