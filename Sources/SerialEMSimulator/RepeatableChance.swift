internal import Geometry
internal import Raster
internal import Units

/// What chance has a hand in.
enum ChanceDeed: UInt64 {
    case move = 1
    case tilt, height, drift, exposure, focus, eucentricity
}

// In life the second try comes out differently from the first. A simulator that is told so lets chance depend on the deed and the
// place alone, so that a session that was cut and went on can be held against one that was not.
extension VirtualMicroscope {
    /// Places so near to each other share their chance, since what follows from an image is never twice exactly the same.
    private static let cell = Micrometers(10)

    /// Makes the numbers that follow those of the deed and the place, where the simulator is repeatable.
    func settleChance(of deed: ChanceDeed, at place: Point<Frame.Stage>, tilt: Degrees = Degrees(0)) {
        guard configuration.isRepeatable else { return }
        if deed == .move {
            imagesSinceMove = 0
            stage.forgetWayThere()
        }
        random = chance(of: deed, at: place, tilt: tilt)
    }

    /// Where the numbers of an exposure start: the next of the session's, or those of the place.
    func exposureSeed(_ magnification: Magnification, at place: Point<Frame.Stage>) -> UInt64 {
        exposureCount += 1
        imagesSinceMove += 1
        guard configuration.isRepeatable else { return configuration.seed ^ (exposureCount << 20) }
        var source = chance(of: .exposure, at: place, tilt: stage.tilt).fork(magnification.pixelSize.value.bitPattern).fork(imagesSinceMove)
        return source.next()
    }

    /// A number for measurements that are to disturb no others.
    var measurementNumber: UInt64 { configuration.isRepeatable ? imagesSinceMove : exposureCount }

    private func chance(of deed: ChanceDeed, at place: Point<Frame.Stage>, tilt: Degrees) -> RandomSource {
        func number(_ value: Double) -> UInt64 { UInt64(bitPattern: Int64(exactly: value.rounded()) ?? 0) }
        return RandomSource(seed: configuration.seed).fork(deed.rawValue).fork(UInt64(grid?.cartridge ?? 0))
            .fork(number(place.x / Self.cell.value)).fork(number(place.y / Self.cell.value)).fork(number(tilt.value))
    }
}
