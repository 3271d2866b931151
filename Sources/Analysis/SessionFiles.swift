import Foundation
import Geometry
import ImageFiles
import Targets
import Units

/// The files that a session, or SPACEtomo, leaves beside its maps.
enum SessionFiles {
    /// A file in the folder of the maps, or in the grid's above it.
    private static func data(_ name: String, beside maps: String) throws -> (data: Data, path: String)? {
        for path in ["\(maps)/\(name)", "\(maps)/../\(name)"] where FileManager.default.fileExists(atPath: path) {
            guard let data = FileManager.default.contents(atPath: path) else { throw AnalysisError("\(path) cannot be read; check its permissions.") }
            return (data, path)
        }
        return nil
    }

    static func microscope(beside maps: String) throws -> MicroscopeParameters {
        guard let (data, path) = try data("mic_params.json", beside: maps) else {
            throw AnalysisError("\(maps) has no mic_params.json, which tells camera, beam and image shift: copy it there from the session.")
        }
        let parameters = try read(path) { () throws(TargetsError) in try MicroscopeParameters(data: data) }
        guard parameters.cameraSize.count == 2 else { throw AnalysisError("\(path) cannot be used: cam_dims must be two numbers.") }
        return parameters
    }

    private static func read<T>(_ path: String, _ body: () throws(TargetsError) -> T) throws -> T {
        do {
            return try body()
        } catch {
            throw AnalysisError("\(path) cannot be used: \(error)")
        }
    }

    /// What targets were chosen by, and the classes where that is told too.
    static func settings(beside maps: String, limit: Micrometers) throws -> (settings: TargetSettings, classes: [String]?) {
        if let (data, path) = try data(TargetSettingsFile.name, beside: maps) {
            let file = try read(path) { () throws(TargetsError) in try TargetSettingsFile(data: data) }
            return (file.settings, file.classes)
        }
        guard let (data, path) = try data("tgt_params.json", beside: maps) else {
            throw AnalysisError("\(maps) has neither \(TargetSettingsFile.name) nor tgt_params.json, which tell what targets were chosen by: copy one there from the session.")
        }
        let file = try read(path) { () throws(TargetsError) in try TargetParameters(data: data) }
        return (file.settings(imageShiftLimit: limit), nil)
    }

    /// The classes of SPACEtomo's model, by nnU-Net's own file.
    static func classes(beside maps: String) throws -> [String] {
        let missing = "name the model that segmented the map with --model"
        guard let (_, path) = try data("dataset.json", beside: maps) else {
            throw AnalysisError("\(maps) has neither \(TargetSettingsFile.name) nor dataset.json, which tell the classes of the segmentation: \(missing).")
        }
        let labels = (try JSONValue.read(path)["labels"]?.object).map { Array($0) } ?? []
        let numbered = labels.compactMap { label in label.value.integer.map { (number: $0, name: label.key) } }.sorted { $0.number < $1.number }
        guard !numbered.isEmpty, numbered.map(\.number) == Array(0 ..< numbered.count) else {
            throw AnalysisError("\(path) does not number the classes of the segmentation from 0 without a gap: \(missing).")
        }
        return numbered.map(\.name)
    }

    /// Where a map lies on the stage, by its sidecar.
    static func place(of stem: String, width: Int, height: Int) throws -> (pixelSize: PixelSize, toStage: AffineMap<Frame.MapPixels, Frame.Stage>) {
        let path = stem + ".json"
        guard FileManager.default.fileExists(atPath: path) else {
            throw AnalysisError("\(path) is not there, which tells the map's pixel size and place: copy it there from the session.")
        }
        let sidecar = try JSONValue.read(path)
        guard let size = sidecar["pix_size"]?.double, size.isFinite, size > 0, let stage = sidecar["stage_coords"]?.doubles, stage.count >= 2, stage[0].isFinite, stage[1].isFinite,
            let rows = sidecar["s2img_matrix"]?.doubles2D, rows.count == 2, rows.allSatisfy({ $0.count == 2 }),
            let toStage = LinearMap<Frame.Stage, Frame.MapPixels>(xpx: rows[0][0], xpy: rows[0][1], ypx: rows[1][0], ypy: rows[1][1]).inverse
        else { throw AnalysisError("\(path) does not tell the map's place: it needs pix_size, stage_coords and s2img_matrix, with finite numbers.") }
        return (
            PixelSize(size),
            AffineMap(linear: toStage, sending: Point(x: Double(width) / 2, y: Double(height) / 2), to: Point(x: stage[0], y: stage[1]))
        )
    }
}
