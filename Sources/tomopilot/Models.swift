import Analysis
import ArgumentParser
import Foundation
import InferenceWire
import InferenceWorker
import Logging
import ModelStore
import Processes
import Units
import Workflow

struct Models: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keeps the models that find lamellae and segment them.",
        subcommands: [List.self, Add.self, Activate.self, Deactivate.self, Remove.self, Info.self, Verify.self, Clear.self], defaultSubcommand: List.self)

    /// Where the store is.
    struct Place: ParsableArguments {
        @Option(help: "The folder of the store; the environment's TOMOPILOT_MODELS if not given, else ~/.tomopilot/models.")
        var store: String?

        /// What killed additions have left there is removed.
        var models: ModelStore {
            let models = store.map { ModelStore(folder: URL(fileURLWithPath: $0).standardizedFileURL.path) } ?? .standard
            models.sweep()
            return models
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the models of the store.")
        @OptionGroup var place: Place

        func run() async throws {
            try await reporting {
                let entries = try place.models.entries()
                guard !entries.isEmpty else { return print("the store \(place.models.folder) is empty; 'tomopilot models add FILE' adds a model") }
                for entry in entries { print(Models.line(entry)) }
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a model: a .pt file of Ultralytics (YOLOv8, YOLO11), a folder or zip of nnU-Net v2 (2D), or a model folder.",
            discussion: "Nothing that such a file contains is executed, and no Python is needed.")
        @OptionGroup var place: Place
        @Argument(help: "The file or folder.")
        var path: String
        @Option(help: "What the model is called in the store; the name of the file if not given.")
        var name: String?
        @Option(help: "Pixel size of the images that it was trained on, in nm, where the file does not say.")
        var pixelSize: Double?
        @Option(help: "Side of a detector's images in pixels, where the file does not say.")
        var side: Int?
        @Option(help: "Licence of the weights, where the file does not say.")
        var licence: String?
        @Option(name: .customLong("colour"), help: ArgumentHelp("What a class is drawn in, such as mitos=#C92F28; may be given several times.", valueName: "class=#rrggbb"))
        var colours: [String] = []
        @Option(help: "SPACEtomo's config.py, whose WG_model_ or MM_model_ values are about this model: pixel size, side, classes and colours, folds.")
        var config: String?
        @Flag(help: "Adds it without running its network once on a small image, for machines on which it cannot run.")
        var unchecked = false
        @Option(help: .hidden)
        var infer: String?

        func run() async throws {
            try await reporting {
                if let pixelSize, !(pixelSize.isFinite && pixelSize > 0) { throw ModelStoreError.notTaken("--pixel-size is \(pixelSize); it must be more than 0.") }
                // A folder of ours needs no compiler.
                let program = Result { try InferenceProgram.path(named: infer) }
                let trial = unchecked ? nil : try? Trial(program: program.get())
                let facts = ModelFacts(
                    name: name, pixelSize: pixelSize.map { PixelSize($0) }, sideLength: side, licence: licence, colours: try Models.colours(colours),
                    configuration: try config.map { path throws(ModelStoreError) in try SPACEtomoConfiguration(path) })
                let added = try await place.models.add(path, facts: facts, compiler: Compiler(program: program), trial: trial, date: Models.today())
                if trial == nil { print("its network was not run" + (unchecked ? "" : ": the program that runs networks is not there")) }
                print("added \(Models.words(added.description))")
                print("'tomopilot models activate \((added.path as NSString).lastPathComponent)' makes it the one that sessions use which name none; its name as WG_model or MM_model in the settings names it for one.")
            }
        }
    }

    /// What somebody said of colours, `class=#RRGGBB`.
    private static func colours(_ texts: [String]) throws -> [String: ClassColour] {
        var found: [String: ClassColour] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let colour = ClassColour(parts[1]) else { throw ModelStoreError.notTaken("--colour \(text): a colour is said as mitos=#C92F28.") }
            found[parts[0]] = colour
        }
        return found
    }

    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a model the one that sessions use which name none.")
        @OptionGroup var place: Place
        @Argument var name: String
        func run() async throws {
            try await reporting { print("sessions use \(Models.words(try place.models.activate(name).description))") }
        }
    }

    struct Deactivate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Leaves it to the settings again which model of that kind is used.")
        @OptionGroup var place: Place
        @Argument var name: String
        func run() async throws {
            try await reporting {
                let store = place.models
                try store.deactivate(name)
                print((try? store.path(of: name)) == nil ? "\(name) is not in use any more; it is not in the store" : "\(name) is in the store and in use only where settings name it")
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes a model from the store.")
        @OptionGroup var place: Place
        @Argument var name: String
        func run() async throws {
            try await reporting {
                try place.models.remove(name)
                print("removed \(name)")
            }
        }
    }

    struct Clear: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes all models from the store.")
        @OptionGroup var place: Place
        @Flag(help: "Really removes them.")
        var yes = false
        func run() async throws {
            try await reporting {
                let store = place.models
                let entries = try store.entries()
                let names = entries.filter { !$0.isForeign }.map(\.name)
                guard yes || names.isEmpty else { throw ModelStoreError.notTaken("This removes \(names.joined(separator: ", ")); say --yes to do it.") }
                if names.isEmpty { print("the store holds no models") }
                for name in names {
                    do {
                        try store.remove(name)
                        print("removed \(name)")
                    } catch ModelStoreError.gone {
                        try store.deactivate(name)
                        print("\(name) was gone already, and is not in use any more")
                    }
                }
                for entry in entries where entry.isForeign { print("left alone: \(store.folder)/\(entry.name), which somebody else put there".plain) }
            }
        }
    }

    struct Info: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows the description of a model.")
        @OptionGroup var place: Place
        @Argument var name: String
        func run() async throws {
            try await reporting {
                let store = place.models
                let model = try ModelFolder.describe(store.path(of: name))
                let isActive = try store.active(model.description.kind) == name
                for (key, value) in Models.facts(model.description, isActive: isActive) { print(key.padding(toLength: 14, withPad: " ", startingAt: 0) + value.plain) }
                print("folder".padding(toLength: 14, withPad: " ", startingAt: 0) + model.path)
                if let devices = await Models.devices() { print("runs on".padding(toLength: 14, withPad: " ", startingAt: 0) + devices) }
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Checks the checksums of models; of all if none is named.")
        @OptionGroup var place: Place
        @Argument var names: [String] = []
        func run() async throws {
            try await reporting {
                let store = place.models
                var failures = 0
                for name in names.isEmpty ? try store.entries().filter({ !$0.isForeign || (try? $0.model.get()) != nil }).map(\.name) : names {
                    do {
                        _ = try store.verify(name)
                        print("\(name): as it was added")
                    } catch {
                        failures += 1
                        print("\(name): \(error)")
                    }
                }
                if failures > 0 { throw ExitCode.failure }
            }
        }
    }

    /// Runs the worker once, so that libtorch is never in this process.
    private struct Compiler: NetworkCompiling {
        let program: Result<String, any Error>

        func compile(folder: String) async throws {
            let errors = folder + "/errors.txt"
            let child = try ChildProgram([program.get(), "--compile", folder], error: .file(errors))
            let ending = try await child.end()
            guard ending != .status(0) else { return }
            let said = (FileManager.default.contents(atPath: errors).map { String(decoding: $0, as: UTF8.self) } ?? "").split(separator: "\n").last.map(String.init)
            throw ModelStoreError.notTaken("The network could not be made: \(said ?? "the inference worker ended with \(ending)").")
        }
    }

    /// Runs a model in the worker, which is there for that alone.
    private struct Trial: ModelTrying {
        let program: String

        func run(_ model: ModelFolder) async throws {
            let worker = InferenceWorker(
                executable: program, threads: ProcessInfo.processInfo.activeProcessorCount, logger: Logger(label: "inference") { _ in SwiftLogNoOpLogHandler() })
            do {
                try await ModelTrial(predictor: worker).run(model)
            } catch {
                await worker.shutdown()
                throw error
            }
            await worker.shutdown()
        }
    }

    /// What networks run on here; nil where the program that runs them cannot say.
    private static func devices() async -> String? {
        guard let program = try? InferenceProgram.path(named: nil) else { return nil }
        let worker = InferenceWorker(executable: program, logger: Logger(label: "inference") { _ in SwiftLogNoOpLogHandler() })
        let machine = try? await worker.machine()
        await worker.shutdown()
        return machine?.words
    }

    private static func today() -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyy-MM-dd"
        return formatter.string(from: Date())
    }

    private static func line(_ entry: ModelStore.Entry) -> String {
        let mark = entry.isActive ? "* " : "  "
        switch entry.model {
        case .success(let model): return mark + words(model.description, called: entry.name.plain)
        case .failure(let error): return mark + "\(entry.name)  cannot be used: \(error)".plain
        }
    }

    /// A model in a line.
    ///
    /// - Parameter name: that of its folder, which people may have copied.
    private static func words(_ description: ModelDescription, called name: String? = nil) -> String {
        let kind = description.kind == .detector ? "finds lamellae" : "segments lamellae"
        let side = description.sideLength.map { "\($0) px" } ?? "\(description.patchRows ?? 0) x \(description.patchColumns ?? 0) px"
        let folds = description.networks.count > 1 ? ", \(description.networks.count) folds" : ""
        return "\(name ?? description.name)  \(kind) at \(description.pixelSize.value) nm/px, \(side), \(description.classes.count) classes\(folds)"
    }

    private static func facts(_ description: ModelDescription, isActive: Bool) -> [(String, String)] {
        var lines = [
            ("name", description.name + (isActive ? " (in use)" : "")), ("kind", description.kind.rawValue), ("pixel size", "\(description.pixelSize.value) nm"),
        ]
        if let side = description.sideLength { lines.append(("side", "\(side) px")) }
        if let side = description.networkSide { lines.append(("scaled to", "\(side) px")) }
        if let rows = description.patchRows, let columns = description.patchColumns { lines.append(("patch", "\(rows) x \(columns) px, step \(description.step)")) }
        let colours = description.colours
        lines.append(("classes", description.classes.map { name in name + (colours[name].map { " (\($0))" } ?? "") }.joined(separator: ", ")))
        if let regions = description.regions { lines.append(("regions", "may overlap; the last of \(regions.map { description.classes[$0] }.joined(separator: ", ")) counts")) }
        lines.append(("normalisation", description.normalisations.map(\.name).joined(separator: ", ")))
        if description.kind == .segmenter {
            lines.append(("mirroring", description.mirroringAxes.isEmpty ? "none" : description.mirroringAxes.map { $0 == 0 ? "rows" : "columns" }.joined(separator: " and ")))
            lines.append(("folds", "\(description.networks.count)"))
        }
        lines.append(("licence", description.licence))
        lines.append(("checksum", description.sha256))
        if let trained = description.trainedOn { lines.append(("trained on", trained)) }
        if let source = description.source { lines.append(("made from", "\(source.file) (\(source.program)), added \(source.added), SHA-256 \(source.sha256)")) }
        return lines
    }
}
