public import Units

/// What a network is for.
public enum ModelKind: String, Codable, Sendable, Hashable {
    /// Finds lamellae on a whole-grid map.
    case detector = "lamella-detector"
    /// Labels each pixel of a lamella map.
    case segmenter = "lamella-segmenter"
}

/// The file that a network was made from.
public struct ModelSource: Codable, Sendable, Hashable {
    /// Name of the file or folder.
    public var file: String
    /// SHA-256 of the file; of a folder's folds, of their sums one after the other.
    public var sha256: String
    /// What wrote it, such as `Ultralytics 8.3.14`.
    public var program: String
    /// When it was added, `yyyy-MM-dd`.
    public var added: String
    public init(file: String, sha256: String, program: String, added: String) {
        self.file = file
        self.sha256 = sha256
        self.program = program
        self.added = added
    }
}

/// The file `model.json` of a model folder: what must be known to run a network rightly.
public struct ModelDescription: Codable, Sendable, Hashable {
    /// Key `name`.
    public var name: String
    /// Key `kind`.
    public var kind: ModelKind
    /// TorchScript files in the same folder: keys `file` and `sha256`, or `folds` with those of each where answers are averaged.
    public var networks: [Network]
    /// Key `pixel_size`, nm per pixel: what the network was trained at.
    public var pixelSize: PixelSize
    /// Key `side_length`, pixels, detectors: side of the square input, a multiple of 32.
    public var sideLength: Int?
    /// Key `network_side`, pixels, detectors, a multiple of 32: what images of `side_length` were scaled to in the training; the same if not said.
    public var networkSide: Int?
    /// Key `patch_size`, pixels, segmenters: one number, or rows and columns.
    public var patchRows: Int?
    public var patchColumns: Int?
    /// Key `classes`: names in the order of the network's output; a segmenter's first one is the background.
    public var classes: [String]
    /// Key `colours`, `#RRGGBB` by class: what the class is drawn in; those that are not named have the colours that pictures choose.
    public var colours: [String: ClassColour]
    /// Key `regions`, segmenters: the classes' indices in the order of the network's outputs, where an output stands for a region that may overlap
    /// others; of those that a pixel is in the last one counts. nil: an output for each class, of which a pixel has one.
    public var regions: [Int]?
    /// Numbers that a segmenter gives for a pixel.
    public var outputs: Int { regions?.count ?? classes.count }
    /// Key `normalisation`, one for each channel of the input: a list, or what holds for all.
    public var normalisations: [Normalisation]
    /// Key `channels` of the input, which get the same grey image where there is no image for each; default 3 for detectors, 1 for segmenters.
    public var channels: Int { normalisations.count }
    /// Key `spacing`, segmenters, default [1, 1]: pixels of `pixel_size` that one row and one column of the network's input take; images are resampled to that.
    public var spacing: [Double]
    /// Key `dynamic_size`, detectors, default false: whether inputs of any multiple of 32 are accepted.
    public var acceptsAnySize: Bool
    /// Key `mirroring`, segmenters, default false: average over mirror images. true stands for [0, 1], rows and columns.
    public var mirroringAxes: [Int]
    /// Key `step`, segmenters, default 0.5: distance of neighbouring windows as a part of the patch.
    public var step: Double
    /// Key `licence` of the weights.
    public var licence: String
    /// Key `trained_on`: where the weights come from.
    public var trainedOn: String?
    /// Key `source`: the file that the network was made from.
    public var source: ModelSource?

    /// One TorchScript file.
    public struct Network: Codable, Sendable, Hashable {
        public var file: String
        /// SHA-256 of the file, 64 hexadecimal digits.
        public var sha256: String
        public init(file: String, sha256: String) {
            self.file = file
            self.sha256 = sha256
        }
    }

    /// What distinguishes these weights from all others: the file's SHA-256, or that of the folds' sums one after the other.
    public var sha256: String {
        networks.count == 1 ? networks[0].sha256 : SHA256.hexadecimal(of: Array(networks.map(\.sha256).joined().utf8))
    }

    public init(
        name: String, kind: ModelKind, networks: [Network], pixelSize: PixelSize,
        sideLength: Int? = nil, networkSide: Int? = nil, patchRows: Int? = nil, patchColumns: Int? = nil, classes: [String],
        colours: [String: ClassColour] = [:], regions: [Int]? = nil, normalisation: Normalisation, channels: Int? = nil, normalisations: [Normalisation]? = nil, spacing: [Double] = [1, 1],
        acceptsAnySize: Bool = false, mirroringAxes: [Int] = [],
        step: Double = 0.5, licence: String, trainedOn: String? = nil, source: ModelSource? = nil
    ) {
        self.name = name
        self.kind = kind
        self.networks = networks
        self.pixelSize = pixelSize
        self.sideLength = sideLength
        self.networkSide = networkSide
        self.patchRows = patchRows
        self.patchColumns = patchColumns
        self.classes = classes
        self.colours = colours
        self.regions = regions
        self.normalisations = normalisations ?? Array(repeating: normalisation, count: min(100, max(0, channels ?? (kind == .detector ? 3 : 1))))
        self.spacing = spacing
        self.acceptsAnySize = acceptsAnySize
        self.mirroringAxes = mirroringAxes
        self.step = step
        self.licence = licence
        self.trainedOn = trainedOn
        self.source = source
    }

    /// All that is wrong with the values, one clause each; empty where the description can be used.
    public var problems: [String] {
        var found: [String] = []
        if name.isEmpty { found.append("name is empty") }
        if networks.isEmpty || networks.count > 20 { found.append("folds must name 1 to 20 networks") }
        if networks.contains(where: { $0.file.isEmpty || $0.file.contains("/") || $0.file.hasPrefix(".") }) {
            found.append("file must be the name of a file in the folder")
        }
        if networks.contains(where: { $0.sha256.count != 64 || !$0.sha256.allSatisfy(\.isHexDigit) }) {
            found.append("sha256 must have 64 hexadecimal digits")
        }
        if !mirroringAxes.allSatisfy((0 ... 1).contains) || Set(mirroringAxes).count != mirroringAxes.count {
            found.append("mirroring must be true, false, or a list of 0 (rows) and 1 (columns)")
        }
        if !(pixelSize.value.isFinite && pixelSize.value > 0) { found.append("pixel_size must be more than 0") }
        if classes.isEmpty || classes.count > 255 { found.append("classes must name 1 to 255 classes") }
        if Set(classes).count != classes.count { found.append("classes names a class twice") }
        if !Set(colours.keys).isSubset(of: classes) { found.append("colours must be those of classes") }
        if let regions, kind == .detector || regions.sorted() != Array(1 ..< classes.count) {
            found.append("regions must name each class of a segmenter but the background once")
        }
        if !(1 ... 16).contains(channels) { found.append("channels must be 1 to 16") }
        if !normalisations.allSatisfy(\.isUsable) { found.append("normalisation has impossible levels") }
        if spacing.count != 2 || !spacing.allSatisfy({ $0.isFinite && $0 >= 0.01 && $0 <= 100 }) { found.append("spacing must be two numbers from 0.01 to 100") }
        if let name = ([name] + classes).first(where: { !$0.isPlain }) {
            found.append("the name '\(name.plain)' has control characters; names of a model and its classes are one line of plain text")
        }
        // Windows that hardly move would be looked at for ever: of nnU-Net's own 0.5 each pixel is seen by four, of 0.05 by four hundred.
        if !(step >= 0.05 && step <= 1) { found.append("step must be 0.05 to 1, the part of the patch that lies between two windows (nnU-Net: 0.5)") }
        switch kind {
        case .detector:
            if !((32 ... 8192).contains(sideLength ?? 0) && (sideLength ?? 0) % 32 == 0) {
                found.append("side_length must be a multiple of 32 from 32 to 8192")
            }
            if let networkSide, !((32 ... 8192).contains(networkSide) && networkSide % 32 == 0) {
                found.append("network_side must be a multiple of 32 from 32 to 8192")
            }
            if normalisations.contains(where: { $0 != .unit }) { found.append("normalisation of a detector must be unit") }
        case .segmenter:
            if !((8 ... 8192).contains(patchRows ?? 0) && (8 ... 8192).contains(patchColumns ?? 0)) {
                found.append("patch_size must be 8 to 8192")
            }
        }
        return found
    }
}

extension ModelDescription {
    private enum Key: String, CodingKey {
        case name, kind, file, sha256, pixelSize = "pixel_size", sideLength = "side_length", networkSide = "network_side", patchSize = "patch_size"
        case classes, colours, regions, normalisation, channels, acceptsAnySize = "dynamic_size", mirroring, step, licence
        case trainedOn = "trained_on", source, folds, spacing
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        var patch: [Int] = []
        if values.contains(.patchSize) {
            let both = try? values.decode([Int].self, forKey: .patchSize)
            patch = try both ?? [values.decode(Int.self, forKey: .patchSize)]
            guard patch.count == 1 || patch.count == 2 else {
                throw DecodingError.dataCorruptedError(
                    forKey: .patchSize, in: values, debugDescription: "patch_size must be one or two numbers")
            }
        }
        let networks =
            try values.decodeIfPresent([Network].self, forKey: .folds) ?? [
                Network(
                    file: values.decodeIfPresent(String.self, forKey: .file) ?? "model.torchscript",
                    sha256: values.decode(String.self, forKey: .sha256))
            ]
        let normalisations: [Normalisation]
        if let list = try? values.decode([Normalisation].self, forKey: .normalisation) {
            normalisations = list
            let channels = try values.decodeIfPresent(Int.self, forKey: .channels)
            guard channels == nil || channels == list.count else {
                throw DecodingError.dataCorruptedError(forKey: .normalisation, in: values, debugDescription: "normalisation must be one for each channel")
            }
        } else {
            let kind = try values.decode(ModelKind.self, forKey: .kind)
            let channels = try values.decodeIfPresent(Int.self, forKey: .channels) ?? (kind == .detector ? 3 : 1)
            normalisations = Array(repeating: try values.decode(Normalisation.self, forKey: .normalisation), count: min(100, max(0, channels)))
        }
        let axes = try? values.decodeIfPresent([Int].self, forKey: .mirroring)
        try self.init(
            name: values.decode(String.self, forKey: .name),
            kind: values.decode(ModelKind.self, forKey: .kind),
            networks: networks,
            pixelSize: values.decode(PixelSize.self, forKey: .pixelSize),
            sideLength: values.decodeIfPresent(Int.self, forKey: .sideLength),
            networkSide: values.decodeIfPresent(Int.self, forKey: .networkSide),
            patchRows: patch.first, patchColumns: patch.last,
            classes: values.decode([String].self, forKey: .classes),
            colours: values.decodeIfPresent([String: ClassColour].self, forKey: .colours) ?? [:],
            regions: values.decodeIfPresent([Int].self, forKey: .regions),
            normalisation: .unit, normalisations: normalisations,
            spacing: values.decodeIfPresent([Double].self, forKey: .spacing) ?? [1, 1],
            acceptsAnySize: values.decodeIfPresent(Bool.self, forKey: .acceptsAnySize) ?? false,
            mirroringAxes: axes ?? (values.decodeIfPresent(Bool.self, forKey: .mirroring) == true ? [0, 1] : []),
            step: values.decodeIfPresent(Double.self, forKey: .step) ?? 0.5,
            licence: values.decode(String.self, forKey: .licence),
            trainedOn: values.decodeIfPresent(String.self, forKey: .trainedOn),
            source: values.decodeIfPresent(ModelSource.self, forKey: .source))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(name, forKey: .name)
        try values.encode(kind, forKey: .kind)
        if networks.count == 1 {
            try values.encode(networks[0].file, forKey: .file)
            try values.encode(networks[0].sha256, forKey: .sha256)
        } else {
            try values.encode(networks, forKey: .folds)
        }
        try values.encode(pixelSize, forKey: .pixelSize)
        try values.encodeIfPresent(sideLength, forKey: .sideLength)
        try values.encodeIfPresent(networkSide, forKey: .networkSide)
        if let patchRows, let patchColumns { try values.encode([patchRows, patchColumns], forKey: .patchSize) }
        try values.encode(classes, forKey: .classes)
        if !colours.isEmpty { try values.encode(colours, forKey: .colours) }
        try values.encodeIfPresent(regions, forKey: .regions)
        if let first = normalisations.first, normalisations.allSatisfy({ $0 == first }) {
            try values.encode(first, forKey: .normalisation)
        } else {
            try values.encode(normalisations, forKey: .normalisation)
        }
        try values.encode(channels, forKey: .channels)
        if spacing != [1, 1] { try values.encode(spacing, forKey: .spacing) }
        if kind == .detector { try values.encode(acceptsAnySize, forKey: .acceptsAnySize) }
        if mirroringAxes.count == 1 {
            try values.encode(mirroringAxes, forKey: .mirroring)
        } else {
            try values.encode(!mirroringAxes.isEmpty, forKey: .mirroring)
        }
        try values.encode(step, forKey: .step)
        try values.encode(licence, forKey: .licence)
        try values.encodeIfPresent(trainedOn, forKey: .trainedOn)
        try values.encodeIfPresent(source, forKey: .source)
    }
}
