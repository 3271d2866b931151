import Foundation
import InferenceWire

/// What `plans.json` of nnU-Net v2 says of its 2D configuration, in the words of version 2.3 and later and in the earlier ones.
struct NNUNetPlans: Sendable, Hashable {
    enum Family: String, Sendable, Hashable {
        case plain = "PlainConvUNet"
        case residual = "ResidualEncoderUNet"
    }
    let family: Family
    /// Per stage of the encoder.
    let features: [Int]
    let kernels: [[Int]]
    let strides: [[Int]]
    /// Units or residual blocks per stage of the encoder, and units per step of the decoder.
    let encoderUnits: [Int]
    let decoderUnits: [Int]
    let hasBias: Bool
    let epsilon: Double
    let slope: Double
    let patchRows: Int
    let patchColumns: Int
    /// Of the input, pixels of the images that it was made for.
    let spacing: [Double]
    /// Per channel.
    let schemes: [String]
    let usesMask: [Bool]
    /// Whether its networks were trained on images with rows and columns exchanged. What is here is for images as they are.
    let isTransposed: Bool
    let intensities: [String: Intensity]

    /// What was measured of a channel where the training's labels are.
    struct Intensity: Sendable, Hashable, Decodable {
        let mean: Double
        let std: Double
        let lower: Double
        let upper: Double
        enum CodingKeys: String, CodingKey {
            case mean, std
            case lower = "percentile_00_5"
            case upper = "percentile_99_5"
        }
    }

    /// - Parameter configuration: its name in the plans; what it inherits is filled in.
    init(_ text: Data, configuration name: String = "2d") throws(Damage) {
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: text)
        } catch {
            throw Damage("it is no plans file of nnU-Net v2: \(DecodingError.words(error)).")
        }
        var merged = Configuration()
        var next: String? = name
        var seen: Set<String> = []
        while let present = next {
            guard let found = file.configurations[present] else {
                throw Damage("it has no configuration '\(present.forPeople)', only \(file.configurations.keys.sorted().joined(separator: ", ").forPeople).")
            }
            guard seen.insert(present).inserted else { throw Damage("configuration '\(present.forPeople)' inherits from itself.") }
            merged.fill(from: found)
            next = found.inherits
        }
        try self.init(merged, file: file, name: name)
    }

    private init(_ found: Configuration, file: File, name: String) throws(Damage) {
        func need<T>(_ value: T?, _ key: String) throws(Damage) -> T {
            guard let value else { throw Damage("its configuration '\(name)' lacks '\(key)'.") }
            return value
        }
        let arguments = found.architecture?.arguments
        let className = try need(found.architecture?.className ?? found.oldClass, "architecture")
        guard let family = Family(rawValue: String(className.split(separator: ".").last ?? "")) else {
            throw Damage("its network is a '\(className.forPeople)'; PlainConvUNet and ResidualEncoderUNet are read.")
        }
        self.family = family
        let transposition = file.transposesForward ?? [0, 1, 2]
        guard transposition == [0, 1, 2] || transposition == [0, 2, 1], file.transposesBackward ?? transposition == transposition else {
            throw Damage("it transposes images by \(transposition); rows and columns alone can be exchanged.")
        }
        // A network that sees images turned over is the same as one with its kernels turned over.
        let isTransposed = transposition == [0, 2, 1]
        self.isTransposed = isTransposed
        func ours(_ sizes: Sizes) -> [Int] { isTransposed ? sizes.both.reversed() : sizes.both }
        strides = try need(arguments?.strides ?? found.poolKernels, "strides").map(ours)
        kernels = try need(arguments?.kernels ?? found.kernels, "kernel_sizes").map(ours)
        let stages = strides.count
        let base = found.baseFeatures ?? 32
        let most = found.mostFeatures ?? 512
        guard (2 ... 12).contains(stages), (1 ... 4096).contains(base), (1 ... 4096).contains(most) else { throw Damage("its configuration '\(name)' has an impossible number of stages or features.") }
        features = arguments?.features ?? (0 ..< stages).map { min(base << $0, most) }
        encoderUnits = try need(arguments?.units ?? arguments?.blocks ?? found.encoderUnits, family == .plain ? "n_conv_per_stage" : "n_blocks_per_stage")
        decoderUnits = try need(arguments?.decoderUnits ?? found.decoderUnits, "n_conv_per_stage_decoder")
        hasBias = arguments?.hasBias ?? true
        epsilon = arguments?.norm?.epsilon ?? 1e-5
        slope = arguments?.activation?.slope ?? 0.01
        let patch = try need(found.patch, "patch_size")
        guard patch.count == 2, patch.allSatisfy({ (8 ... 8192).contains($0) }) else { throw Damage("its configuration '\(name)' has a patch of \(patch); rows and columns of a 2D network are expected.") }
        (patchRows, patchColumns) = isTransposed ? (patch[1], patch[0]) : (patch[0], patch[1])
        let spacing = found.spacing ?? [1, 1]
        self.spacing = isTransposed ? spacing.reversed() : spacing
        schemes = try need(found.schemes, "normalization_schemes")
        usesMask = found.usesMask ?? schemes.map { _ in false }
        intensities = file.intensities ?? file.oldIntensities ?? [:]
        try check(name)
        for (function, order) in [(found.dataResampling, 3), (found.logitResampling, 1)] {
            guard function?.name ?? Resampling.standard == Resampling.standard, function?.order ?? order == order else {
                throw Damage("configuration '\(name)' resamples by '\((function?.name ?? "").forPeople)' of order \(function?.order ?? order); nnU-Net's own function of orders 3 and 1 is calculated.")
            }
        }
        if let kind = arguments?.convolution, !kind.hasSuffix("Conv2d") { throw Damage("its configuration '\(name)' is a network of \(kind.forPeople), not of 2D convolutions.") }
        if let kind = arguments?.normalisation, !kind.hasSuffix("InstanceNorm2d") { throw Damage("its network normalises with \(kind.forPeople); InstanceNorm2d is read.") }
        if let kind = arguments?.nonlinearity, !kind.hasSuffix("LeakyReLU") { throw Damage("its network has \(kind.forPeople) as its activation; LeakyReLU is read.") }
        if arguments?.nonlinearityIsFirst == true || arguments?.norm?.isAffine == false { throw Damage("its network orders or learns its norms in a way that nnU-Net's own planners do not.") }
    }

    /// Axes of the network's images as axes of images as they are.
    func axes(_ axes: [Int]) -> [Int] { isTransposed ? axes.map { 1 - $0 }.sorted() : axes }

    /// How each channel is normalised.
    func normalisations(channels: Int) throws(Damage) -> [Normalisation] {
        guard schemes.count == channels, usesMask.count == channels else { throw Damage("it normalises \(schemes.count) channels, and dataset.json has \(channels).") }
        var found: [Normalisation] = []
        for channel in 0 ..< channels {
            switch schemes[channel] {
            case "ZScoreNormalization": found.append(usesMask[channel] ? .zScoreOfFilled : .zScore)
            case "CTNormalization":
                guard let levels = intensities["\(channel)"] else { throw Damage("it normalises channel \(channel) by CTNormalization and says no intensities of it.") }
                found.append(.fixed(.init(lower: levels.lower, upper: levels.upper, mean: levels.mean, deviation: levels.std)))
            case "NoNormalization": found.append(.asIs)
            case "RescaleTo01Normalization": found.append(.range)
            case "RGBTo01Normalization": found.append(.unit)
            default: throw Damage("it normalises channel \(channel) by '\(schemes[channel].forPeople)', which is none of nnU-Net's own schemes.")
            }
        }
        return found
    }

    private func check(_ name: String) throws(Damage) {
        let stages = strides.count
        func all(_ lists: [[Int]], in range: ClosedRange<Int>) -> Bool { lists.allSatisfy { $0.count == 2 && $0.allSatisfy(range.contains) } }
        guard features.count == stages, kernels.count == stages, encoderUnits.count == stages, decoderUnits.count == stages - 1,
            all(strides, in: 1 ... 16), all(kernels, in: 1 ... 15), kernels.allSatisfy({ $0.allSatisfy { !$0.isMultiple(of: 2) } }),
            (features + encoderUnits + decoderUnits).allSatisfy({ (1 ... 4096).contains($0) }), encoderUnits.allSatisfy({ $0 <= 64 }), decoderUnits.allSatisfy({ $0 <= 64 })
        else { throw Damage("the stages of configuration '\(name)' do not fit one another: \(stages) strides, \(kernels.count) kernels, \(features.count) features, \(encoderUnits.count) and \(decoderUnits.count) blocks.") }
        for (axis, side) in [patchRows, patchColumns].enumerated() {
            let step = strides.reduce(1) { $0 * $1[axis] }
            guard side.isMultiple(of: step) else { throw Damage("the patch of configuration '\(name)' is no multiple of \(step), by which its network reduces it.") }
        }
        guard spacing.count == 2, spacing.allSatisfy({ $0.isFinite && $0 > 0 }) else { throw Damage("configuration '\(name)' has no usable spacing.") }
        guard !schemes.isEmpty, usesMask.count == schemes.count else { throw Damage("configuration '\(name)' has not one normalisation per channel.") }
    }
}

/// The file as it is written.
extension NNUNetPlans {
    /// One number for both axes, or rows and columns.
    private struct Sizes: Decodable {
        let both: [Int]
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(Int.self) { both = [one, one] } else { both = try container.decode([Int].self) }
        }
    }
    private struct File: Decodable {
        let configurations: [String: Configuration]
        let transposesForward: [Int]?
        let transposesBackward: [Int]?
        let intensities: [String: Intensity]?
        let oldIntensities: [String: Intensity]?
        enum CodingKeys: String, CodingKey {
            case configurations
            case transposesForward = "transpose_forward"
            case transposesBackward = "transpose_backward"
            case intensities = "foreground_intensity_properties_per_channel"
            case oldIntensities = "foreground_intensity_properties_by_modality"
        }
    }
    private struct Architecture: Decodable {
        let className: String
        let arguments: Arguments
        enum CodingKeys: String, CodingKey {
            case className = "network_class_name"
            case arguments = "arch_kwargs"
        }
    }
    private struct Arguments: Decodable {
        let features: [Int]?
        let kernels: [Sizes]?
        let strides: [Sizes]?
        let units: [Int]?
        let blocks: [Int]?
        let decoderUnits: [Int]?
        let hasBias: Bool?
        let convolution: String?
        let normalisation: String?
        let norm: Norm?
        let nonlinearity: String?
        let activation: Nonlinearity?
        let nonlinearityIsFirst: Bool?
        enum CodingKeys: String, CodingKey {
            case features = "features_per_stage"
            case kernels = "kernel_sizes"
            case strides
            case units = "n_conv_per_stage"
            case blocks = "n_blocks_per_stage"
            case decoderUnits = "n_conv_per_stage_decoder"
            case hasBias = "conv_bias"
            case convolution = "conv_op"
            case normalisation = "norm_op"
            case norm = "norm_op_kwargs"
            case nonlinearity = "nonlin"
            case activation = "nonlin_kwargs"
            case nonlinearityIsFirst = "nonlin_first"
        }
    }
    private struct Norm: Decodable {
        let epsilon: Double?
        let isAffine: Bool?
        enum CodingKeys: String, CodingKey {
            case epsilon = "eps"
            case isAffine = "affine"
        }
    }
    private struct Nonlinearity: Decodable {
        let slope: Double?
        enum CodingKeys: String, CodingKey { case slope = "negative_slope" }
    }
    private struct ResamplingArguments: Decodable { let order: Int? }
    /// A function of nnU-Net's, and the order of its splines.
    private struct Resampling {
        let name: String
        let order: Int?
        static let standard = "resample_data_or_seg_to_shape"
    }
    private struct Configuration: Decodable {
        var inherits: String?
        var spacing: [Double]?
        var patch: [Int]?
        var schemes: [String]?
        var usesMask: [Bool]?
        var architecture: Architecture?
        var oldClass: String?
        var encoderUnits: [Int]?
        var decoderUnits: [Int]?
        var baseFeatures: Int?
        var mostFeatures: Int?
        var kernels: [Sizes]?
        var poolKernels: [Sizes]?
        var dataFunction: String?
        var dataArguments: ResamplingArguments?
        var logitFunction: String?
        var logitArguments: ResamplingArguments?
        var dataResampling: Resampling? { dataFunction.map { Resampling(name: $0, order: dataArguments?.order) } }
        var logitResampling: Resampling? { logitFunction.map { Resampling(name: $0, order: logitArguments?.order) } }
        enum CodingKeys: String, CodingKey {
            case inherits = "inherits_from"
            case spacing
            case patch = "patch_size"
            case schemes = "normalization_schemes"
            case usesMask = "use_mask_for_norm"
            case architecture
            case oldClass = "UNet_class_name"
            case encoderUnits = "n_conv_per_stage_encoder"
            case decoderUnits = "n_conv_per_stage_decoder"
            case baseFeatures = "UNet_base_num_features"
            case mostFeatures = "unet_max_num_features"
            case kernels = "conv_kernel_sizes"
            case poolKernels = "pool_op_kernel_sizes"
            case dataFunction = "resampling_fn_data"
            case dataArguments = "resampling_fn_data_kwargs"
            case logitFunction = "resampling_fn_probabilities"
            case logitArguments = "resampling_fn_probabilities_kwargs"
        }
        init() {}
        /// What is said here counts before what is inherited.
        mutating func fill(from parent: Configuration) {
            spacing = spacing ?? parent.spacing
            patch = patch ?? parent.patch
            schemes = schemes ?? parent.schemes
            usesMask = usesMask ?? parent.usesMask
            architecture = architecture ?? parent.architecture
            oldClass = oldClass ?? parent.oldClass
            encoderUnits = encoderUnits ?? parent.encoderUnits
            decoderUnits = decoderUnits ?? parent.decoderUnits
            baseFeatures = baseFeatures ?? parent.baseFeatures
            mostFeatures = mostFeatures ?? parent.mostFeatures
            kernels = kernels ?? parent.kernels
            poolKernels = poolKernels ?? parent.poolKernels
            dataFunction = dataFunction ?? parent.dataFunction
            dataArguments = dataArguments ?? parent.dataArguments
            logitFunction = logitFunction ?? parent.logitFunction
            logitArguments = logitArguments ?? parent.logitArguments
        }
    }
}
