/// What SerialEM's images were when a step was done, so that a later run notices others.
extension Engine {
    /// Reads the images that a step left and writes down what they are, where that was not done yet. Nothing waits for it but
    /// whoever calls it.
    ///
    /// Files that have changed since the step stay without: they are not what the step left.
    @concurrent func keepImages(of step: StepIdentifier) async throws {
        guard let entry = try await journal.entry(for: step), entry.state == .done, entry.products.contains(where: \.lacksImages) else { return }
        let products = entry.products.map { product -> StepProduct in
            guard product.lacksImages, let now = StepProduct(stack: product.path, keeping: .all), now.size == product.size, now.modified == product.modified else { return product }
            return now
        }
        guard products != entry.products else { return }
        try await journal.keep(products, of: step)
    }

    /// Says which files of a part of a step, such as a tilt series, are not what they were when it was done.
    func tellChanges(of part: StepIdentifier, title: String) async throws {
        for product in try await products(of: part) {
            switch product.comparison() {
            case .same: break
            case .gone: note(.warning("\(product.path), which '\(title)' left, has been deleted; nothing is acquired again for it"))
            case .changed: note(.warning("\(product.path) was changed after '\(title)'; nothing is acquired again for it"))
            }
        }
    }
}
