import CheckpointAssembly
import Foundation
import InferenceWire
import InferenceWorker
import Logging
import Testing

/// `tomopilot models` from the real programs, with checkpoints that their trainers could have written.
@Suite(.serialized) struct ModelStoreTests {
    /// A folder with a detector and a segmenter of two folds, as a folder and as a zip file.
    private func withCheckpoints(_ body: (String) async throws -> Void) async throws {
        try await withFolder { folder in
            try SmallModels.write(["2024_07_26_lamella_detect_400nm_yolo8.pt": SmallModels.detector()], to: folder)
            try SmallModels.write(SmallModels.segmenter(folds: 2), to: folder + "/yeast")
            try SmallModels.write(["packed.zip": SmallModels.zip(SmallModels.segmenter(), folder: "Dataset001/nnUNetTrainer__nnUNetPlans__2d")], to: folder)
            try await body(folder)
        }
    }

    private func models(_ arguments: String..., in folder: String) async throws -> Ending {
        try await RunningProgram([program("tomopilot"), "models"] + arguments + ["--store", "store"], in: folder).ending()
    }

    /// What a command that goes well says.
    private func said(_ arguments: String..., in folder: String) async throws -> String {
        let ending = try await RunningProgram([program("tomopilot"), "models"] + arguments + ["--store", "store"], in: folder).ending()
        #expect((ending.status, ending.error) == (0, ""))
        return ending.output
    }

    @Test func aModelIsAddedShownCheckedUsedAndRemoved() async throws {
        try await withCheckpoints { folder in
            #expect(try await said("list", in: folder) == "the store \(folder)/store is empty; 'tomopilot models add FILE' adds a model\n")
            let added = try await said("add", "2024_07_26_lamella_detect_400nm_yolo8.pt", "--name", "lamellae", in: folder)
            #expect(added.hasPrefix("added lamellae  finds lamellae at 400.0 nm/px, 64 px, 2 classes\n"))
            #expect(try await said("add", "yeast", "--licence", "ours", in: folder).hasPrefix("added yeast  segments lamellae at 20.0 nm/px, 32 x 48 px, 2 classes, 2 folds\n"))
            #expect(try await said("add", "packed.zip", in: folder).hasPrefix("added packed  segments lamellae"))
            let info = try await said("info", "lamellae", in: folder)
            for line in ["kind          lamella-detector", "classes       good, gone", "licence       made by a test", "pixel size    400.0 nm", "side          64 px"] {
                #expect(info.contains(line + "\n"), "\(info)")
            }
            #expect(info.contains("2024_07_26_lamella_detect_400nm_yolo8.pt (Ultralytics 8.3.14)"))
            #expect(try await said("activate", "lamellae", in: folder).hasPrefix("sessions use lamellae"))
            #expect(try await said("activate", "yeast", in: folder).hasPrefix("sessions use yeast"))
            let listed = try await said("list", in: folder).split(separator: "\n").map { String($0.prefix(10)) }
            #expect(listed == ["* lamellae", "  packed  ", "* yeast  s"])
            #expect(try await said("deactivate", "yeast", in: folder).hasPrefix("yeast is in the store"))
            #expect(try await said("verify", in: folder) == "lamellae: as it was added\npacked: as it was added\nyeast: as it was added\n")
            #expect(try await said("remove", "packed", in: folder) == "removed packed\n")
            try SmallModels.write([".adding-1/model/model.json": []], to: folder + "/store")
            #expect(try await said("clear", "--yes", in: folder) == "removed lamellae\nremoved yeast\n")
            // Nothing half made is left; which models are in use is a file of its own.
            #expect(try files(in: folder + "/store") == ["active.json"])
        }
    }

    @Test func theNetworksOfTheStoreCalculateWhatTheirCheckpointsSay() async throws {
        try await withCheckpoints { folder in
            _ = try await said("add", "2024_07_26_lamella_detect_400nm_yolo8.pt", "--name", "lamellae", in: folder)
            _ = try await said("add", "yeast", in: folder)
            let worker = InferenceWorker(executable: program("tomopilot-infer"), threads: 1, logger: Logger(label: "test"))
            // 16 x 24 pixels, of which the last 8 columns are white: the places are 2 rows of 3.
            var image = Tensor(shape: [1, 3, 16, 24], filledWith: 0)
            for index in image.values.indices where index % 24 >= 16 { image.values[index] = 1 }
            let boxes = try await worker.predict(model: folder + "/store/lamellae/model.torchscript", input: image)
            #expect(boxes.shape == [1, 6, 6])
            let expected: [Float] =
                [4, 12, 20, 4, 12, 20] + [4, 4, 4, 12, 12, 12] + [Float](repeating: 24, count: 12)
                + [0.000_045, 0.000_045, 0.999_955, 0.000_045, 0.000_045, 0.999_955] + [Float](repeating: 0.000_045, count: 6)
            #expect(zip(boxes.values, expected).allSatisfy { abs($0 - $1) < 1e-4 }, "\(boxes.values)")
            var map = Tensor(shape: [1, 1, 32, 48], filledWith: -1)
            for index in map.values.indices where index % 48 >= 24 { map.values[index] = 1 }
            for fold in ["fold_0", "fold_1"] {
                let logits = try await worker.predict(model: "\(folder)/store/yeast/\(fold).torchscript", input: map)
                #expect(logits.shape == [1, 2, 32, 48])
                let cells = logits.values.suffix(32 * 48).enumerated().filter { $0.element > 0 }.map { $0.offset % 48 }
                #expect(Set(cells) == Set(24 ..< 48) && cells.count == 32 * 24)
            }
            await worker.shutdown()
        }
    }

    @Test func aFolderOfModelsNamesThemAndHowToAddOne() async throws {
        try await withCheckpoints { folder in
            let ending = try await models("add", folder, in: folder)
            expectSentence(
                "\(folder) holds 2 models (2024_07_26_lamella_detect_400nm_yolo8.pt, yeast), and one is added at a time: "
                    + "'tomopilot models add \(folder)/2024_07_26_lamella_detect_400nm_yolo8.pt' adds the first.", ending)
            // Those that come along have plans.json beside model.json, and no folds.
            _ = try await said("add", "yeast", in: folder)
            let copied = try await models("add", "store", "--name", "again", in: folder)
            #expect((copied.status, copied.error) == (0, ""), "\(copied.error)")
            #expect(copied.output.hasPrefix("added again  segments lamellae at 20.0 nm/px"))
        }
    }

    @Test func spacetomosConfigurationAndColoursAreKeptAndShown() async throws {
        try await withCheckpoints { folder in
            let text = """
                WG_model_file = 'models/lamellae.pt'
                WG_model_pix_size = 500.0 # nm/px
                WG_model_sidelen = '96.0'
                WG_model_categories = ["fine", "lost"]
                WG_model_gui_colors = [(255, 125, 0, 255), (50, 150, 50, 255)]
                MM_model_folder = 'models/yeast'
                MM_model_folds = ['1']
                MM_model_pix_size = 22.83 / 10
                """
            try SmallModels.write(["config.py": Array(text.utf8), "lamellae.pt": SmallModels.detector()], to: folder)
            let detector = try await said("add", "lamellae.pt", "--config", "config.py", "--colour", "lost=#0a0b0c", in: folder)
            #expect(detector.hasPrefix("added lamellae  finds lamellae at 500.0 nm/px, 96 px, 2 classes\n"))
            #expect(try await said("info", "lamellae", in: folder).contains("classes       fine (#FF7D00), lost (#0A0B0C)\n"))
            // dataset.json says the pixel size.
            let segmenter = try await said("add", "yeast", "--config", "config.py", in: folder)
            #expect(segmenter.hasPrefix("added yeast  segments lamellae at 20.0 nm/px, 32 x 48 px, 2 classes\n"))
            let info = try await said("info", "yeast", in: folder)
            #expect(info.contains("runs on       the processor (libtorch ") || info.contains(" GPU"), "\(info)")
        }
    }

    @Test func whatIsNoModelIsRefusedInOneSentenceAndLeavesNothing() async throws {
        try await withCheckpoints { folder in
            let harm = folder + "/harm"
            var hostile = PickleAssembler()
            hostile.name("posix", "system")
            hostile.tuple { $0.text("touch \(harm)") }
            hostile.raw("R")
            var flat = PickleAssembler()
            flat.raw("}")
            var half = SmallModels.segmenter()
            half["fold_0/checkpoint_final.pth"] = nil
            var other = SmallModels.segmenter()
            other["dataset.json"] = Array(#"{"labels": {"background": 0, "cell": 1, "ice": 2}, "channel_names": {"0": "map"}, "pixel_size": 20}"#.utf8)
            try SmallModels.write(
                [
                    "hostile_400nm.pt": ZipAssembler.checkpoint(hostile.ended()), "flat_400nm.pt": ZipAssembler.checkpoint(flat.ended()), "text_400nm.pt": Array("weights".utf8),
                    "short_400nm.pt": Array(SmallModels.detector().dropLast(200)), "lamellae.pt": SmallModels.detector(), "side_400nm.pt": SmallModels.detector(),
                    "config.py": Array("WG_model_file = 'models/lamellae.pt'\n".utf8), "empty/readme.txt": [], "twice.zip": SmallModels.zip(["a/plans.json": [], "a/dataset.json": [], "b/plans.json": [], "b/dataset.json": []], folder: "x"),
                    "outside.zip": SmallModels.zip(["../../plans.json": []], folder: "x"),
                ], to: folder)
            try SmallModels.write(half, to: folder + "/half")
            try SmallModels.write(other, to: folder + "/other")
            try SmallModels.write(SmallModels.segmenter(pixelSize: nil), to: folder + "/sizeless")
            func refuses(_ arguments: [String], _ sentence: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
                let ending = try await RunningProgram([program("tomopilot"), "models"] + arguments + ["--store", "store"], in: folder).ending()
                expectSentence(sentence, ending, sourceLocation: sourceLocation)
            }
            try await refuses(
                ["add", "hostile_400nm.pt"],
                "\(folder)/hostile_400nm.pt: it asks for a call of posix.system, which no network needs. Nothing of it was executed; do not open this file with other programs.")
            #expect(!FileManager.default.fileExists(atPath: harm))
            try await refuses(["add", "nowhere.pt"], "nowhere.pt: there is no such file or folder.")
            try await refuses(["add", "flat_400nm.pt"], "\(folder)/flat_400nm.pt: it is a checkpoint without a whole network ('model'), as Ultralytics saves it.")
            try await refuses(["add", "text_400nm.pt"], "\(folder)/text_400nm.pt: it is no zip file, as checkpoints and exported models are; one of torch before 1.6 has to be saved again by a later torch.")
            try await refuses(["add", "short_400nm.pt"], "\(folder)/short_400nm.pt: it is no zip file, as checkpoints and exported models are; one of torch before 1.6 has to be saved again by a later torch.")
            try await refuses(
                ["add", "lamellae.pt"],
                "\(folder)/lamellae.pt does not say the pixel size that it was trained at; give it with --pixel-size, in nm (SPACEtomo's detectors: 400).")
            try await refuses(["add", "side_400nm.pt", "--side", "50"], "The model 'side_400nm' cannot be used: side_length must be a multiple of 32 from 32 to 8192.")
            try await refuses(["add", "lamellae.pt", "--pixel-size=-1"], "--pixel-size is -1.0; it must be more than 0.")
            try await refuses(
                ["add", "lamellae.pt", "--name", "a/b"], "'a/b' cannot be a model's name: letters, digits, '-', '_' and '.' can; give one with --name.")
            try await refuses(["add", "empty"], "\(folder)/empty holds no model: neither model.json nor plans.json and dataset.json of nnU-Net v2 are there.")
            try await refuses(
                ["add", "twice.zip"],
                "twice.zip holds 2 models (x/a, x/b), and one is added at a time: unpack it, and 'tomopilot models add FOLDER/x/a' adds the first.")
            try await refuses(["add", "config.py"], "config.py is a program; where it is SPACEtomo's configuration, name the model and give this with --config.")
            try await refuses(
                ["add", "side_400nm.pt", "--config", "config.py"],
                "config.py is about the detector lamellae.pt, not about side_400nm.pt; without --config, --pixel-size and --side say what it says.")
            try await refuses(["add", "side_400nm.pt", "--colour", "good=red"], "--colour good=red: a colour is said as mitos=#C92F28.")
            try await refuses(
                ["add", "side_400nm.pt", "--colour", "mitos=#C92F28"], "--colour names mitos, and the model has the classes good, gone.")
            try await refuses(["add", "outside.zip"], "\(folder)/outside.zip: member 'x/../../plans.json' would be written outside of its folder.")
            try await refuses(["add", "half"], "\(folder)/half: it has no trained fold (fold_0/checkpoint_final.pth).")
            try await refuses(
                ["add", "other"],
                "\(folder)/other/fold_0/checkpoint_final.pth: weight 'decoder.seg_layers.0.weight' has the shape [2, 2, 1, 1]; plans.json describes [3, 2, 1, 1].")
            try await refuses(
                ["add", "sizeless"],
                "\(folder)/sizeless does not say the pixel size that it was trained at (pixel_size in dataset.json); give it with --pixel-size, in nm (SPACEtomo's yeast model: 2.283).")
            try await refuses(
                ["add", "yeast", "--side", "64"],
                "--side is for detectors, and \(folder)/yeast is a segmenter, whose plans.json says how large its images are; leave --side out.")
            try SmallModels.write(["disturbing_400nm.pt": SmallModels.detector(classes: ["good\u{1B}[2J", "gone"])], to: folder)
            try await refuses(
                ["add", "disturbing_400nm.pt"],
                "The model 'disturbing_400nm' cannot be used: the name 'good\\u{1B}[2J' has control characters; names of a model and its classes are one line of plain text.")
            #expect(try files(in: folder + "/store").isEmpty)
            for command in ["info", "activate", "deactivate", "remove", "verify"] {
                let ending = try await models(command, "yeast", in: folder)
                #expect(ending.status == 1)
                #expect((ending.output + ending.error).hasSuffix("There is no model 'yeast' in the store, which is empty; 'tomopilot models add' adds one.\n"), "\(command)")
            }
            _ = try await said("add", "yeast", in: folder)
            for (option, value, what) in [("--side", "64", "its network's images"), ("--config", "config.py", "that SPACEtomo's configuration would")] {
                try await refuses(
                    ["add", "store/yeast", "--name", "copy", option, value], "\(option) is not taken with \(folder)/store/yeast, whose model.json says all \(option == "--side" ? "of " : "")\(what); leave \(option) out.")
            }
            try await refuses(["add", "yeast"], "The store has a model 'yeast'; remove it first, or give another name with --name.")
            try await refuses(["info", "yeats"], "There is no model 'yeats' in the store; there are yeast.")
            try await refuses(["clear"], "This removes yeast; say --yes to do it.")
            let network = folder + "/store/yeast/fold_1.torchscript"
            try Data("damaged".utf8).write(to: URL(fileURLWithPath: network))
            let damage = "The network \(network) is not the one that model.json describes (SHA-256 differs); copy the model folder again."
            try await refuses(["activate", "yeast"], damage)
            let verified = try await models("verify", in: folder)
            #expect((verified.status, verified.output, verified.error) == (1, "yeast: \(damage)\n", ""))
            try Data("{".utf8).write(to: URL(fileURLWithPath: folder + "/store/active.json"))
            try await refuses(["list"], "\(folder)/store/active.json is damaged; delete it, and activate the models again.")
        }
    }

    @Test func settingsNameAModelOfTheStoreOrLeaveItToTheOneInUse() async throws {
        try await withCheckpoints { folder in
            func session(_ command: String, _ lines: String) async throws -> Ending {
                try Data("session_dir: session\nserialem_port: 1\n\(lines)\n".utf8).write(to: URL(fileURLWithPath: folder + "/s.yaml"))
                return try await tomopilot(command, "s.yaml", in: folder, after: "export TOMOPILOT_MODELS='\(folder)/store'")
            }
            _ = try await said("add", "2024_07_26_lamella_detect_400nm_yolo8.pt", "--name", "lamellae", in: folder)
            _ = try await said("add", "yeast", in: folder)
            let unused = "is in use; 'tomopilot models activate NAME' puts one to use"
            expectSentence("s.yaml, 'WG_model' is missing, and no model that finds lamellae \(unused)", try await session("plan", ""))
            expectSentence("s.yaml, 'MM_model' is missing, and no model that segments them \(unused)", try await session("plan", "WG_model: lamellae"))
            #expect(try await session("plan", "WG_model: lamellae\nautomation_level: 1").status == 0)
            let found = /ok +models +lamellae \(400 nm per pixel, SHA-256 [0-9a-f]{12}\), yeast \(20 nm per pixel, SHA-256 [0-9a-f]{12}\): checksums agree, each ran once/
            let level3 = "automation_level: 3\ntarget_list: [cell]\navoid_list: []"
            #expect(try await session("doctor", "WG_model: lamellae\nMM_model: yeast\n\(level3)").output.contains(found))
            _ = try await said("activate", "lamellae", in: folder)
            _ = try await said("activate", "yeast", in: folder)
            #expect(try await session("doctor", level3).output.contains(found))
            #expect(try await session("doctor", "WG_model: yeast\n\(level3)").output.contains("WG_model is '\(folder)/store/yeast', which is not a lamella detector."))
            // A folder beside the settings counts before the store.
            try SmallModels.write(["lamellae/model.json": Array("{}".utf8)], to: folder)
            #expect(try await session("doctor", "WG_model: lamellae\n\(level3)").output.contains("The file model.json in \(folder)/lamellae cannot be used"))
        }
    }

    @Test func whatAKilledAdditionLeftIsGoneWithTheNextCommandAndNotWhileAnotherAdds() async throws {
        try await withCheckpoints { folder in
            let store = folder + "/store"
            let left = ".adding-left/unpacked/yeast/plans.json"
            // The program that compiles is asked, and never answers: an addition that is under way for as long as the test wants.
            try SmallModels.write([left: [], ".removing-left/model.json": []], to: store)
            let slow = folder + "/slow"
            try Data("#!/bin/sh\necho asked >asked\nwhile [ -e asked ]; do sleep 0.05; done\nexec \(program("tomopilot-infer")) \"$@\"\n".utf8).write(to: URL(fileURLWithPath: slow))
            chmod(slow, 0o755)
            func begin() throws -> RunningProgram { try RunningProgram([program("tomopilot"), "models", "add", "yeast", "--store", "store", "--infer", slow], in: folder) }
            func adding() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: store).filter { $0.hasPrefix(".") } }
            let killed = try begin()
            while !FileManager.default.fileExists(atPath: folder + "/asked") { try await Task.sleep(for: .milliseconds(20)) }
            // It has swept what was left before, and works in a folder of its own.
            let own = try adding()
            #expect(own.count == 1 && own != [".adding-left"])
            try SmallModels.write([left: []], to: store)
            _ = try await said("list", in: folder)
            #expect(try Set(adding()) == Set(own + [".adding-left"]), "nobody knows which of them the other one uses")
            try await killed.crash()
            try FileManager.default.removeItem(atPath: folder + "/asked")
            _ = try await said("list", in: folder)
            #expect(try adding().isEmpty)
        }
    }

    @Test func whatIsWrongInsideOfAZipFileIsToldOfTheZipFile() async throws {
        try await withCheckpoints { folder in
            var half = SmallModels.segmenter()
            half["fold_0/checkpoint_final.pth"] = Array("nothing".utf8)
            try SmallModels.write(["half.zip": SmallModels.zip(half, folder: "yeast"), "folder.zip": SmallModels.zip(["model.json": Array("{}".utf8)], folder: "made")], to: folder)
            expectSentence(
                "\(folder)/half.zip/yeast/fold_0/checkpoint_final.pth: it is no zip file, as checkpoints and exported models are; one of torch before 1.6 has to be saved again by a later torch.",
                try await models("add", "half.zip", in: folder))
            expectSentence("The file model.json in \(folder)/folder.zip/made cannot be used: sha256 is missing.", try await models("add", "folder.zip", in: folder))
            #expect(try files(in: folder + "/store").isEmpty)
        }
    }

    @Test func whatPeoplePutIntoTheStoreOrTakeOutOfItByHandBlocksNothing() async throws {
        try await withCheckpoints { folder in
            let store = folder + "/store"
            _ = try await said("add", "yeast", in: folder)
            _ = try await said("add", "packed.zip", "--name", "spare", in: folder)
            _ = try await said("add", "2024_07_26_lamella_detect_400nm_yolo8.pt", "--name", "lamellae", in: folder)
            _ = try await said("activate", "lamellae", in: folder)
            _ = try await said("activate", "yeast", in: folder)
            // Notes, a model under a name of its own, a training's folder with its weights, and a model that is taken away.
            try SmallModels.write(["notes/of/last week.txt": Array("do not lose".utf8), "readme": []], to: store)
            try FileManager.default.copyItem(atPath: store + "/spare", toPath: store + "/my model")
            try FileManager.default.copyItem(atPath: store + "/spare", toPath: store + "/training")
            try SmallModels.write(["training/weights.pth": Array("do not lose".utf8)], to: store)
            try FileManager.default.removeItem(atPath: store + "/lamellae")
            let gone = "The model 'lamellae' is in use, and is not in the store any more; add it again, or say 'tomopilot models deactivate lamellae'."
            let notes = "\(store)/notes is no model of the store: it has no model.json; 'tomopilot models add' adds models, also such as lie in a folder."
            let named = "\(store)/my model is no model of the store: its name has other signs than letters, digits, '-', '_' and '.', or ends with .json; 'tomopilot models add' adds it under another."
            for command in ["info", "activate", "remove"] {
                expectSentence(gone, try await models(command, "lamellae", in: folder))
                expectSentence(notes, try await models(command, "notes", in: folder))
                expectSentence(named, try await models(command, "my model", in: folder))
                expectSentence("There is no model 'yeats' in the store; there are spare, training, yeast.", try await models(command, "yeats", in: folder))
            }
            expectSentence("\(store)/notes is there and no model of the store; move it away, or give another name with --name.", try await models("add", "yeast", "--name", "notes", in: folder))
            let list = try await said("list", in: folder).split(separator: "\n").map { String($0) }
            #expect(
                list.map { $0.split(separator: "  ").first.map { String($0) } } == ["* lamellae", "my model", "notes", "spare", "training", "* yeast"] && list.count { $0.contains("cannot be used") } == 3, "\(list)")
            // What is in use in another kind goes on being found.
            let used = try await tomopilot("detect", folder + "/none.png", in: folder, after: "export TOMOPILOT_MODELS='\(store)'")
            expectSentence(gone, used)
            #expect(try await said("deactivate", "lamellae", in: folder) == "lamellae is not in use any more; it is not in the store\n")
            #expect(try await said("verify", in: folder) == "spare: as it was added\ntraining: as it was added\nyeast: as it was added\n")
            _ = try await said("add", "2024_07_26_lamella_detect_400nm_yolo8.pt", "--name", "lamellae", in: folder)
            _ = try await said("activate", "lamellae", in: folder)
            try FileManager.default.removeItem(atPath: store + "/lamellae")
            expectSentence("This removes lamellae, spare, yeast; say --yes to do it.", try await models("clear", in: folder))
            let left = ["my model", "notes", "training"].map { "left alone: \(store)/\($0), which somebody else put there\n" }
            #expect(try await said("clear", "--yes", in: folder) == "lamellae was gone already, and is not in use any more\nremoved spare\nremoved yeast\n" + left.joined())
            #expect(try files(in: store).isSuperset(of: ["notes/of/last week.txt", "readme", "training/weights.pth", "my model/model.json"]))
            // Whoever names one of them means it.
            #expect(try await said("remove", "training", in: folder) == "removed training\n")
        }
    }

    @Test func aModelWhoseNetworkFailsOrContradictsItsDescriptionIsNotAdded() async throws {
        try await withCheckpoints { folder in
            _ = try await said("add", "yeast", in: folder)
            _ = try await said("add", "2024_07_26_lamella_detect_400nm_yolo8.pt", "--name", "lamellae", in: folder)
            func changed(_ model: String, _ name: String, _ old: String, _ new: String) throws {
                try FileManager.default.copyItem(atPath: "\(folder)/store/\(model)", toPath: "\(folder)/\(name)")
                let file = URL(fileURLWithPath: "\(folder)/\(name)/model.json")
                let text = try String(contentsOf: file, encoding: .utf8)
                #expect(text.contains(old))
                try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: file)
            }
            try changed("yeast", "three", "\"cell\"", "\"cell\", \"ice\"")
            try changed("yeast", "channels", "\"channels\" : 1", "\"channels\" : 2")
            try changed("lamellae", "one", "\"gone\"", "\"gone\", \"other\"")
            func refuses(_ name: String, _ reason: String) async throws {
                let tried = "\(name) is not added, because it was run once on a small image and failed; --unchecked would add it all the same. "
                expectSentence(tried + reason, try await models("add", name, in: folder))
            }
            try await refuses("three", "The network returned a tensor of shape [1, 2, 32, 48] instead of [1, 3, 32, 48]; model.json and network do not fit.")
            try await refuses("one", "The detector returned a tensor of shape [1, 6, 16] instead of [1, 7, boxes]; model.json and network do not fit.")
            let ending = try await models("add", "channels", in: folder)
            #expect(ending.status == 1 && ending.output.isEmpty && ending.error.contains("The network \(folder)/channels/fold_0.torchscript could not be run") && !ending.error.contains(".adding"), "\(ending.error)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/store").sorted() == ["lamellae", "yeast"])
            #expect(try await said("add", "three", "--unchecked", in: folder).contains("its network was not run\n"))
        }
    }

    @Test func withoutTheProgramThatRunsNetworksAModelFolderIsAddedAndNotTried() async throws {
        try await withCheckpoints { folder in
            _ = try await said("add", "yeast", in: folder)
            let alone = folder + "/alone"
            try FileManager.default.createDirectory(atPath: alone, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: program("tomopilot"), toPath: alone + "/tomopilot")
            let added = try await RunningProgram([alone + "/tomopilot", "models", "add", "store/yeast", "--name", "copy", "--store", "store"], in: folder).ending()
            #expect((added.status, added.error) == (0, ""))
            #expect(added.output.contains("its network was not run: the program that runs networks is not there\n"))
            let compiled = try await RunningProgram([alone + "/tomopilot", "models", "add", "yeast", "--name", "made", "--store", "store"], in: folder).ending()
            expectSentence("The inference worker is not at \(alone)/tomopilot-infer; name it with --infer.", compiled)
        }
    }
}
