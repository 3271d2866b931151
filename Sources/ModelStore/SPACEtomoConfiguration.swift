import Foundation
public import InferenceWire

/// What SPACEtomo's `config.py` says of its two models. The file is a program; lines that assign a plain value are read, and nothing is run.
public struct SPACEtomoConfiguration: Sendable, Hashable {
    private let values: [String: PythonLiteral]
    private let path: String

    public init(_ path: String) throws(ModelStoreError) {
        guard let text = FileManager.default.contents(atPath: path).flatMap({ String(data: $0, encoding: .utf8) }) else {
            throw .notTaken("\(path) cannot be read.")
        }
        try self.init(text: text, path: path)
    }

    init(text: String, path: String) throws(ModelStoreError) {
        self.path = path
        var values: [String: PythonLiteral] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let match = line.wholeMatch(of: /((?:WG|MM)_model_[A-Za-z_]+)\s*=\s*(.+)/) else { continue }
            // A value that is calculated in another way is none.
            values[String(match.1)] = PythonLiteral(String(match.2))
        }
        guard !values.isEmpty else { throw .notTaken("\(path) is no configuration of SPACEtomo: it has no WG_model_ or MM_model_ values.") }
        self.values = values
    }

    /// Name of the detector's file, without its folder.
    public var detectorFile: String? { name("WG_model_file") }
    /// Name of the segmenter's folder.
    public var segmenterFolder: String? { name("MM_model_folder") }
    /// Of the detector, nm per pixel.
    public var detectorPixelSize: Double? { positive("WG_model_pix_size") }
    /// Of the segmenter, nm per pixel.
    public var segmenterPixelSize: Double? { positive("MM_model_pix_size") }
    /// Side of the detector's images, pixels.
    public var detectorSide: Int? { positive("WG_model_sidelen").map { Int(min(1e6, $0)) } }
    public var detectorClasses: [String]? { values["WG_model_categories"]?.elements.flatMap { texts in texts.allSatisfy { $0.text != nil } ? texts.compactMap(\.text) : nil } }
    /// One for each class.
    public var detectorColours: [ClassColour]? {
        guard let colours = values["WG_model_gui_colors"]?.elements else { return nil }
        let read = colours.compactMap { colour -> ClassColour? in
            guard let parts = colour.elements?.compactMap(\.number), parts.count >= 3, parts.allSatisfy({ (0 ... 255).contains($0) }) else { return nil }
            return ClassColour(red: UInt8(parts[0]), green: UInt8(parts[1]), blue: UInt8(parts[2]))
        }
        return read.count == colours.count ? read : nil
    }
    /// Numbers of the segmenter's folds that are used.
    public var segmenterFolds: [Int]? {
        guard let folds = values["MM_model_folds"]?.elements, !folds.isEmpty else { return nil }
        let numbers = folds.compactMap { $0.number ?? $0.text.flatMap { Double($0) } }.filter { (0 ... 99).contains($0) }
        return numbers.count == folds.count ? numbers.map { Int($0) } : nil
    }

    private func positive(_ key: String) -> Double? {
        // SPACEtomo's own set-up writes the side as text.
        let value = values[key].flatMap { $0.number ?? $0.text.flatMap { Double($0) } }
        return value.flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
    }

    private func name(_ key: String) -> String? {
        guard let text = values[key]?.text else { return nil }
        return text.split { $0 == "/" || $0 == "\\" }.last.map(String.init)
    }

    /// The configuration is about one detector; its values would be wrong for another.
    func require(detector file: String) throws(ModelStoreError) {
        guard let named = detectorFile, named != file else { return }
        throw .notTaken("\(path) is about the detector \(named), not about \(file); without --config, --pixel-size and --side say what it says.")
    }
    /// The same for the segmenter.
    func require(segmenter folder: String) throws(ModelStoreError) {
        let plain = folder.lowercased().hasSuffix(".zip") ? String(folder.dropLast(4)) : folder
        // What the configuration comes with stands for none.
        guard let named = segmenterFolder, named != plain, named != "model" else { return }
        throw .notTaken("\(path) is about the model folder \(named), not about \(folder); without --config, --pixel-size says what it says.")
    }
}
