import Foundation
import Geometry
import Units

/// The keys are SPACEtomo's: one flat object, the Low Dose area as a prefix.
extension MicroscopeParameters {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
    private typealias Matrix = TaggedArray<[[Double]]>

    private static func matrix<A, B>(_ map: LinearMap<A, B>) -> Matrix {
        TaggedArray([[map.xpx, map.xpy], [map.ypx, map.ypy]])
    }

    private static func map<A, B>(
        _ container: KeyedDecodingContainer<Key>, _ name: String
    ) throws -> LinearMap<A, B> {
        let rows = try container.decode(Matrix.self, forKey: Key(name)).value
        guard rows.count == 2, rows.allSatisfy({ $0.count == 2 }) else {
            throw DecodingError.dataCorruptedError(
                forKey: Key(name), in: container, debugDescription: "\(name) must be a matrix of 2 x 2 numbers")
        }
        return LinearMap(xpx: rows[0][0], xpy: rows[0][1], ypx: rows[1][0], ypy: rows[1][1])
    }

    private static func area(_ container: KeyedDecodingContainer<Key>, _ prefix: String) throws -> Area? {
        guard container.contains(Key("\(prefix)_pix_size")) else { return nil }
        return Area(
            pixelSize: try container.decode(PixelSize.self, forKey: Key("\(prefix)_pix_size")),
            cameraToSpecimen: try map(container, "\(prefix)_c2ss_matrix"),
            specimenToImageShift: try map(container, "\(prefix)_ss2is_matrix"),
            beamDiameter: try container.decode(Micrometers.self, forKey: Key("\(prefix)_beam_diameter")))
    }

    private static func required(_ container: KeyedDecodingContainer<Key>, _ prefix: String) throws -> Area {
        guard let area = try area(container, prefix) else {
            throw DecodingError.keyNotFound(
                Key("\(prefix)_pix_size"), .init(codingPath: [], debugDescription: "no \(prefix) area"))
        }
        return area
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            wholeGridState: try container.decode(ImagingState.self, forKey: Key("WG_image_state")),
            intermediateState: try container.decode(ImagingState.self, forKey: Key("IM_image_state")),
            mediumStates: try container.decode([ImagingState].self, forKey: Key("MM_image_state")),
            imageShiftLimit: try container.decode(Micrometers.self, forKey: Key("IS_limit")),
            cameraSize: try container.decode(TaggedArray<[Int]>.self, forKey: Key("cam_dims")).value,
            wholeGridPixelSize: try container.decodeIfPresent(PixelSize.self, forKey: Key("WG_pix_size")),
            intermediatePixelSize: try container.decodeIfPresent(PixelSize.self, forKey: Key("IM_pix_size")),
            stageToSpecimen: try Self.map(container, "s2ss_matrix"), view: try Self.required(container, "view"),
            record: try Self.required(container, "rec"), focus: try Self.area(container, "focus"),
            search: try Self.area(container, "search"))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(wholeGridState, forKey: Key("WG_image_state"))
        try container.encode(intermediateState, forKey: Key("IM_image_state"))
        try container.encode(mediumStates, forKey: Key("MM_image_state"))
        try container.encode(imageShiftLimit, forKey: Key("IS_limit"))
        try container.encode(TaggedArray(cameraSize), forKey: Key("cam_dims"))
        try container.encode(wholeGridPixelSize, forKey: Key("WG_pix_size"))
        try container.encode(intermediatePixelSize, forKey: Key("IM_pix_size"))
        try container.encode(Self.matrix(stageToSpecimen), forKey: Key("s2ss_matrix"))
        // Readers know no missing areas: a copy is written, as SPACEtomo does.
        for (prefix, area) in [("view", view), ("rec", record), ("focus", focus ?? record), ("search", search ?? view)] {
            try container.encode(area.pixelSize, forKey: Key("\(prefix)_pix_size"))
            try container.encode(Self.matrix(area.cameraToSpecimen), forKey: Key("\(prefix)_c2ss_matrix"))
            try container.encode(Self.matrix(area.specimenToImageShift), forKey: Key("\(prefix)_ss2is_matrix"))
            try container.encode(area.beamDiameter, forKey: Key("\(prefix)_beam_diameter"))
            let rotation = area.tiltAxisRotation
            try container.encode(rotation, forKey: Key("\(prefix)_ta_rotation"))
            let (c, s) = (cosine(rotation), sine(rotation))
            try container.encode(TaggedArray([[c, s], [-s, c]]), forKey: Key("\(prefix)_rotM"))
        }
    }
}
