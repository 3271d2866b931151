import CheckpointAssembly
import Foundation
import ImageFiles
import Raster
import Testing
import Units

/// `tomopilot detect` and `segment` from the real programs, with models that can be seen through.
@Suite(.serialized) struct OfflineAnalysisTests {
    /// A store with a detector of 400 nm and a segmenter of 20 nm per pixel, both in use, and the command that knows it.
    private func withModels(_ body: (String, (String...) async throws -> Ending) async throws -> Void) async throws {
        try await withFolder { folder in
            try SmallModels.write(["lamellae_400nm.pt": SmallModels.detector()], to: folder)
            try SmallModels.write(SmallModels.segmenter(), to: folder + "/yeast")
            func command(_ arguments: [String]) async throws -> Ending {
                try await RunningProgram([program("tomopilot")] + arguments, in: folder, after: "export TOMOPILOT_MODELS='\(folder)/store'").ending()
            }
            for arguments in [["add", "lamellae_400nm.pt"], ["add", "yeast"], ["activate", "lamellae_400nm"], ["activate", "yeast"]] {
                #expect(try await command(["models"] + arguments).status == 0)
            }
            try await body(folder) { (arguments: String...) in try await command(arguments) }
        }
    }

    /// Dark, but for a bright square of 8 pixels.
    private func map(_ scale: Int = 1) -> Raster<UInt8> {
        var image = Raster<UInt8>(width: 160 * scale, height: 96 * scale, filledWith: 20)
        for y in 40 * scale ..< 48 * scale { for x in 64 * scale ..< 72 * scale { image[x, y] = 250 } }
        return image
    }

    private struct Boxes: Decodable {
        let boxes: [[Double]]
        let labels: [String]
    }
    private func boxes(_ path: String) throws -> Boxes { try JSONDecoder().decode(Boxes.self, from: Data(contentsOf: URL(fileURLWithPath: path))) }

    @Test func lamellaeAreFoundOnImagesOfEachKind() async throws {
        try await withModels { folder, tomopilot in
            try PNGFile.write(map(), to: folder + "/grid.png")
            try TIFFFile.write(map().map { UInt16($0) * 200 }, to: folder + "/deep.tif")
            try MRCFile.write(.int16(map(2).map { Int16($0) * 3 - 100 }), to: folder + "/fine.mrc", pixelSize: PixelSize(200))
            let plain = try await tomopilot("detect", "grid.png", "deep.tif", "--pixel-size", "400", "--out", "found")
            #expect((plain.status, plain.error) == (0, ""))
            #expect(plain.output.contains(/grid\.png  1 lamella \(1 good\), [0-9.]+ s: grid_boxes\.json, grid_boxes_overview\.png\n/), "\(plain.output)")
            let fine = try await tomopilot("detect", "fine.mrc")
            #expect((fine.status, fine.error) == (0, ""))
            // Small enough for one tile of the reference, which is filled up with black.
            try PNGFile.write(map().cropped(x: 48, y: 24, width: 48, height: 48, fill: 0), to: folder + "/small.png")
            let reference = try await tomopilot("detect", "small.png", "--reference", "--pixel-size", "400")
            #expect((reference.status, reference.error) == (0, ""))
            for (file, scale, x, y) in [("found/grid", 1.0, 56.0, 32.0), ("found/deep", 1, 56, 32), ("fine", 2, 112, 64), ("small", 1, 8, 8)] {
                let found = try boxes("\(folder)/\(file)_boxes.json")
                #expect(found.labels == ["good"])
                let box = try #require(found.boxes.first)
                // The network's boxes are 24 px wide about the middle of the square.
                #expect(zip(box, [x, y, x + 24 * scale, y + 24 * scale, 0]).allSatisfy { abs($0 - $1) < 0.01 }, "\(file): \(box)")
                #expect(try PNGFile.information("\(folder)/\(file)_boxes_overview.png").width > 100)
            }
        }
    }

    @Test func aMontageInPiecesIsPutTogetherAtTheModelsPixelSize() async throws {
        try await withModels { folder, tomopilot in
            // Two pieces of 80 columns side by side, at half of the model's pixel size.
            let whole = map(2)
            let writer = try MRCWriter(path: folder + "/grid.mrc", width: 160, height: 192, pixelType: .int16, pixelSize: PixelSize(200))
            for x in [0, 160] { try writer.append(.int16(whole.cropped(x: x, y: 0, width: 160, height: 192, fill: 0).map { Int16($0) })) }
            try writer.close()
            let mdoc = "PixelSpacing = 2000\nImageFile = grid.mrc\nImageSize = 160 192\nMontage = 1\nDataMode = 1\n\n[ZValue = 0]\nPieceCoordinates = 0 0 0\n\n[ZValue = 1]\nPieceCoordinates = 160 0 0\n"
            try Data(mdoc.utf8).write(to: URL(fileURLWithPath: folder + "/grid.mrc.mdoc"))
            let ending = try await tomopilot("detect", "grid.mrc")
            #expect((ending.status, ending.error) == (0, ""))
            let picture = try PNGFile.information(folder + "/grid_wg.png")
            #expect((picture.width, picture.height) == (160, 96))
            let box = try #require(try boxes(folder + "/grid_wg_boxes.json").boxes.first)
            #expect(zip(box, [56, 32, 80, 56, 0]).allSatisfy { abs($0 - $1) < 0.01 }, "\(box)")
            #expect(try #require(try JSONValue.read(folder + "/grid_wg.json")["pix_size"]?.double) == 400)
            expectSentence(
                "grid.mrc does not say its pixel size; give it with --pixel-size, in nm.", try await { () in
                    try MRCFile.write(.int16(whole.map { Int16($0) }), to: folder + "/grid.mrc", pixelSize: PixelSize(0))
                    return try await tomopilot("detect", "grid.mrc")
                }())
        }
    }

    @Test func imagesAreSegmentedAtTheirOwnPixelSizeWithProbabilities() async throws {
        try await withModels { folder, tomopilot in
            var image = Raster<UInt8>(width: 90, height: 60, filledWith: 50)
            for y in 0 ..< 60 { for x in 44 ..< 90 { image[x, y] = 200 } }
            try PNGFile.write(image, to: folder + "/L01.png")
            try JSONValue.object(["pix_size": 20]).write(to: folder + "/L01.json")
            try MRCFile.write(.float32(image.map { Float($0) / 1000 }), to: folder + "/other.mrc", pixelSize: PixelSize(10))
            let ending = try await tomopilot("segment", "L01.png", "other.mrc", "--probabilities")
            #expect((ending.status, ending.error) == (0, ""))
            #expect(ending.output.contains("L01.png  cell 51 %, background 49 %, "), "\(ending.output)")
            for (name, area) in [("L01", 1.104), ("other", 0.276)] {
                #expect(try PNGFile.readGrey("\(folder)/\(name)_seg.png") == image.map { $0 > 100 ? 1 : 0 })
                let areas = try JSONValue.read("\(folder)/\(name)_areas.json")
                #expect(abs((areas["cell"]?.double ?? 0) - area) < 1e-9)
                #expect(try PNGFile.information("\(folder)/\(name)_seg_overview.png").width > 50)
                let probabilities = try MRCFile(path: "\(folder)/\(name)_probabilities.mrc")
                #expect(probabilities.header.sections == 2)
                let (first, second) = (try probabilities.read(section: 0).asFloat, try probabilities.read(section: 1).asFloat)
                #expect(zip(first.pixels, second.pixels).allSatisfy { abs($0 + $1 - 1) < 1e-5 })
                #expect(second.map { $0 > 0.5 ? 1 : 0 } == image.map { $0 > 100 ? 1 : 0 })
                #expect(second[46, 30] > 0.8 && second[40, 30] < 0.2)
            }
            // 3 x 3 windows, one fold, four mirror images; other.mrc at half the size has one window.
            #expect(ending.output.contains(/L01\.png  about [0-9.]+ s: 36 runs of the network, [0-9.]+ s each\n/), "\(ending.output)")
            #expect(ending.output.contains(/other\.mrc  about [0-9.]+ s: 4 runs of the network/), "\(ending.output)")
            let calibration = try JSONDecoder().decode([String: Double].self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/store/calibration.json")))
            #expect(calibration.count == 1 && calibration.values.allSatisfy { $0 > 0 })
            let fast = try await tomopilot("segment", "L01.png", "--profile", "fast", "--out", "fast")
            #expect((fast.status, fast.error) == (0, ""))
            #expect(try PNGFile.readGrey(folder + "/fast/L01_seg.png") == image.map { $0 > 100 ? 1 : 0 })
            #expect(!FileManager.default.fileExists(atPath: folder + "/fast/L01_probabilities.mrc"))
        }
    }

    @Test func whatCannotBeAnalysedIsToldInOneSentenceAndTheRestIsDone() async throws {
        try await withModels { folder, tomopilot in
            try PNGFile.write(map(), to: folder + "/good.png")
            try PNGFile.write(Raster<UInt16>(width: 40, height: 40, filledWith: 7), to: folder + "/flat.png")
            try Data("no image".utf8).write(to: URL(fileURLWithPath: folder + "/text.png"))
            try Data(contentsOf: URL(fileURLWithPath: folder + "/good.png")).prefix(100).write(to: URL(fileURLWithPath: folder + "/short.png"))
            let writer = try MRCWriter(path: folder + "/stack.mrc", width: 160, height: 96, pixelType: .int16, pixelSize: PixelSize(400))
            for _ in 0 ..< 2 { try writer.append(.int16(map().map { Int16($0) })) }
            try writer.close()
            let mixed = try await tomopilot("detect", "nowhere.png", "text.png", "flat.png", "good.png", "store", "--pixel-size", "400")
            #expect(mixed.status == 1)
            #expect(mixed.error == """
                tomopilot: There is no image nowhere.png.
                tomopilot: text.png is neither a PNG, a TIFF nor an MRC file.
                tomopilot: flat.png has no contrast: all of it has one grey level.
                tomopilot: store is a folder; name the images in it.

                """)
            #expect(mixed.output.hasPrefix("good.png  1 lamella (1 good), "))
            let short = try await tomopilot("segment", "short.png", "--pixel-size", "20")
            #expect(short.status == 1 && short.error.hasPrefix("tomopilot: ") && short.error.contains("short.png") && short.error.count { $0 == "\n" } == 1, "\(short.error)")
            expectSentence("good.png does not say its pixel size; give it with --pixel-size, in nm.", try await tomopilot("detect", "good.png"))
            expectSentence("The pixel size is -3.0; it must be more than 0.", try await tomopilot("detect", "good.png", "--pixel-size=-3"))
            expectSentence("The detector's confidence must be 0 to 1, not 7.0.", try await tomopilot("detect", "good.png", "--confidence", "7"))
            expectSentence("--threads is 0; it must be 1 to 256.", try await tomopilot("detect", "good.png", "--threads", "0"))
            expectSentence(
                "stack.mrc has 2 sections and no mdoc that places them as pieces of a montage; choose one with --section, counted from 0.",
                try await tomopilot("detect", "stack.mrc"))
            #expect(try await tomopilot("detect", "stack.mrc", "--section", "1").status == 0)
            expectSentence("stack.mrc has no section 2: it holds 2, counted from 0.", try await tomopilot("detect", "stack.mrc", "--section", "2"))
            expectSentence("'yeast' is not a model that finds lamellae; 'tomopilot models' lists those of the store.", try await tomopilot("detect", "good.png", "--model", "yeast"))
            expectSentence("There is no model folder at \(folder)/nothing.", try await tomopilot("segment", "good.png", "--model", "nothing"))
            expectSentence(
                "The results of good.png and found/good.png would have the same names; give them one after the other, with another --out.",
                try await tomopilot("detect", "good.png", "found/good.png", "--out", "x"))
            #expect(try await tomopilot("models", "deactivate", "yeast").status == 0)
            expectSentence(
                "No model that segments them is in use; name one with --model, or put one to use with 'tomopilot models activate NAME'.",
                try await tomopilot("segment", "good.png", "--pixel-size", "20"))
        }
    }
}
