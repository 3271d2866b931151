/// One fold of an nnU-Net: what its checkpoint says beside the weights.
struct NNUNetFold {
    let checkpoint: TorchCheckpoint
    let tensors: [String: SavedTensor]
    /// Name of the configuration that it was trained as.
    let configuration: String?
    let trainer: String?
    /// Axes that predictions may be mirrored about, 0 for rows and 1 for columns.
    let mirroringAxes: [Int]

    init(_ checkpoint: TorchCheckpoint) throws(Damage) {
        self.checkpoint = checkpoint
        guard let weights = checkpoint.root["network_weights"]?.pairs else {
            throw Damage("it is no checkpoint of nnU-Net v2: it has no 'network_weights'.")
        }
        var tensors: [String: SavedTensor] = [:]
        for (key, value) in weights {
            guard var name = key.string else { continue }
            // What trained it on several cards, or compiled it, put its own name before.
            for prefix in ["module.", "_orig_mod."] where name.hasPrefix(prefix) { name.removeFirst(prefix.count) }
            // Each unit and the whole encoder are there twice under other names.
            guard !name.contains(".all_modules."), !name.hasPrefix("decoder.encoder."), let tensor = try SavedTensor(value) else { continue }
            tensors[name] = tensor
        }
        self.tensors = tensors
        configuration = checkpoint.root["init_args"]?["configuration"]?.string
        trainer = checkpoint.root["trainer_name"]?.string
        mirroringAxes = (checkpoint.root["inference_allowed_mirroring_axes"]?.elements ?? []).compactMap(\.int).filter { (0 ... 1).contains($0) }
    }
}
