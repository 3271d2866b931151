import Geometry
public import Units

/// What holds of every area, whoever changed it.
public struct AreaRules: Hashable, Sendable {
    public var geometry: LamellaGeometry
    /// How far a target may lie from its tracking target on the specimen.
    public var reach: Micrometers
    public var order: TargetOrder

    public init(geometry: LamellaGeometry, settings: TargetSettings) {
        self.geometry = geometry
        reach = settings.imageShiftReach
        order = settings.order ?? .path
    }

    /// Refuses areas that the image shift cannot reach.
    ///
    /// - Throws: ``TargetsError`` with a sentence that names the first target or geo point that lies too far away.
    public func check(_ areas: [TargetArea]) throws(TargetsError) {
        for (number, area) in areas.enumerated() {
            guard let tracking = area.targets.first?.position else {
                throw .edit("Area \(number + 1) has no targets: leave it out.")
            }
            let targets = area.targets.enumerated().map { ("Target \($0 + 1)", $1.position) }
            let geoPoints = area.geoPoints.enumerated().map { ("Geo point \($0 + 1)", $1) }
            for (name, position) in targets + geoPoints {
                let shift = Micrometers(geometry.specimenShift(from: tracking, to: position).length)
                guard shift <= reach else {
                    throw .edit(
                        "\(name) of area \(number + 1) lies \(Self.words(shift)) from its tracking target, and image "
                            + "shift reaches \(Self.words(reach)): put it into a nearer area or an area of its own.")
                }
            }
        }
    }

    static func words(_ length: Micrometers) -> String { "\((length.value * 100).rounded() / 100) um" }
}
