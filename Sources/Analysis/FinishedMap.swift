import Foundation
import Geometry
import ImageFiles
public import Raster
public import Targets
import Units

/// The map of a lamella with all that a session knew when it chose targets on it.
public struct FinishedMap: Sendable {
    /// `<grid>_L<nn>`.
    public let name: String
    /// The folder that the map and everything about it lies in.
    public let folder: String
    public let image: Raster<UInt8>
    /// The segmentation; label `i` means `classes[i]`.
    public let labels: Raster<UInt8>
    public let classes: [String]
    public let geometry: LamellaGeometry
    /// The camera's columns in Record against those of the map.
    let recordFieldRotation: Degrees
    /// Diameter of View's beam.
    let viewBeam: Micrometers
    /// What targets were chosen by.
    public let settings: TargetSettings

    private var stem: String { folder + "/" + name }

    /// - Parameters:
    ///   - named: the map's PNG, with or without its ending, or a lamella in the folder of its session or grid.
    ///   - classes: the classes of the segmentation by label; nil where the session tells them.
    /// - Throws: one sentence about what is missing or cannot be used.
    public init(_ named: String, classes given: [String]? = nil) throws {
        let stem = try Self.stem(of: named)
        name = (stem as NSString).lastPathComponent
        let folder = Folder.of(stem)
        self.folder = folder.isEmpty ? "." : folder
        image = try PNGFile.readGrey(stem + ".png")
        guard FileManager.default.fileExists(atPath: stem + "_seg.png") else {
            throw AnalysisError("\(stem)_seg.png is not there: targets are chosen on a segmentation, which 'tomopilot segment' makes.")
        }
        let form = try PNGFile.information(stem + "_seg.png")
        guard form.bitDepth <= 8, form.channels == 1 else {
            throw AnalysisError("\(stem)_seg.png has \(form.bitDepth) bits in \(form.channels) channel\(form.channels == 1 ? "" : "s"): the index of a class is a grey level of 8 bits.")
        }
        labels = try PNGFile.readGrey(stem + "_seg.png")
        guard (image.width, image.height) == (labels.width, labels.height) else {
            throw AnalysisError("\(stem)_seg.png has \(labels.width) x \(labels.height) pixels, and its map has \(image.width) x \(image.height): segment the map anew.")
        }
        let microscope = try SessionFiles.microscope(beside: self.folder)
        let sidecar = try SessionFiles.place(of: stem, width: image.width, height: image.height)
        let known = try SessionFiles.settings(beside: self.folder, limit: microscope.imageShiftLimit)
        settings = known.settings
        classes = try given ?? known.classes ?? SessionFiles.classes(beside: self.folder)
        viewBeam = microscope.view.beamDiameter
        let camera = microscope.cameraSize
        let pixel = microscope.record.pixelSize
        geometry = LamellaGeometry(
            mapPixelSize: sidecar.pixelSize, beamDiameter: microscope.record.beamDiameter,
            recordFieldWidth: (Pixels(Double(camera[0])) * pixel).inMicrometers, recordFieldHeight: (Pixels(Double(camera[1])) * pixel).inMicrometers,
            mapToStage: sidecar.toStage, stageToSpecimen: microscope.stageToSpecimen)
        do {
            try geometry.validate()
        } catch {
            throw AnalysisError("\(stem).json and mic_params.json do not go together: \(error)")
        }
        let column = sidecar.toStage.linear.then(microscope.stageToSpecimen).inverse?(microscope.record.cameraToSpecimen(Vector(dx: 1, dy: 0)))
        recordFieldRotation = column.map { Geometry.angle(across: $0.dy, along: $0.dx) } ?? .zero
    }

    /// False where the map has no image: a PNG of a map holds 0 exactly there.
    var acquired: Raster<Bool> { image.map { $0 != 0 } }

    /// Of the classes that decide in rules, where `<map>_probabilities.mrc` holds them.
    func probabilities(for settings: TargetSettings) throws -> [String: Raster<Float>] {
        let path = stem + "_probabilities.mrc"
        let deciding = Set((settings.classRules ?? []).map(\.other))
        guard !deciding.isEmpty, FileManager.default.fileExists(atPath: path) else { return [:] }
        let file = try MRCFile(path: path)
        guard file.header.sections == classes.count else {
            throw AnalysisError("\(path) has \(file.header.sections) sections, and the segmentation \(classes.count) classes: segment the map anew with --probabilities, or remove the file.")
        }
        var found: [String: Raster<Float>] = [:]
        for (index, name) in classes.enumerated() where deciding.contains(name) {
            let probability = try file.read(section: index).asFloat
            guard probability.pixels.allSatisfy({ (-0.01 ... 1.01).contains($0) }) else {
                throw AnalysisError("\(path) holds other values than 0 to 1 in section \(index) (\(name)): segment the map anew with --probabilities, or remove the file.")
            }
            found[name] = probability
        }
        return found
    }

    /// The path of a map's files without their endings.
    private static func stem(of named: String) throws -> String {
        let manager = FileManager.default
        var path = named
        for ending in [".png", "_seg", "_overview"] where path.hasSuffix(ending) { path = String(path.dropLast(ending.count)) }
        if manager.fileExists(atPath: path + ".png") { return path }
        var isFolder: ObjCBool = false
        if manager.fileExists(atPath: named, isDirectory: &isFolder), isFolder.boolValue {
            let maps = segmented(below: named)
            let words = maps.isEmpty ? "no segmented lamellae are in it" : "name one of its lamellae, such as \(named)/\(maps[0])"
            throw AnalysisError("\(named) is a folder: \(words).")
        }
        let (folder, name) = (Folder.of(path), (path as NSString).lastPathComponent)
        for maps in mapFolders(below: folder.isEmpty ? "." : folder) where manager.fileExists(atPath: "\(maps)/\(name).png") { return "\(maps)/\(name)" }
        throw AnalysisError("There is no map '\(named)': name the PNG of a lamella's map, or the lamella in its session's folder, such as session/Grid1_L01.")
    }

    /// The folders of maps of a session or a grid.
    private static func mapFolders(below folder: String) -> [String] {
        // A folder that cannot be listed has none.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return ["\(folder)/SPACE_maps"] + names.sorted().map { "\(folder)/\($0)/SPACE_maps" }
    }

    private static func segmented(below folder: String) -> [String] {
        mapFolders(below: folder).flatMap { maps in
            ((try? FileManager.default.contentsOfDirectory(atPath: maps)) ?? []).filter { $0.hasSuffix("_seg.png") }.map { String($0.dropLast(8)) }
        }.sorted()
    }
}
