/// A box on the screen of the microscope that waits for a human; SerialEM does nothing else meanwhile.
public struct Dialog: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Hashable, Codable {
        /// Text with one button.
        case message
        /// Text with two or more buttons.
        case question
        /// A field for a number.
        case number
        /// A field for text.
        case text
        /// A chooser of folders or files; the answer is a path.
        case path
        /// No box: SerialEM waits until somebody clicks on the image.
        case marker
    }
    public let kind: Kind
    /// What the box says.
    public let text: String
    /// The labels of the buttons, from the first.
    public let buttons: [String]
    /// What is taken when nobody answers.
    public let standard: DialogAnswer

    init(_ kind: Kind, _ text: String, buttons: [String] = ["OK"], standard: DialogAnswer = .button(1)) {
        self.kind = kind
        self.text = text
        self.buttons = buttons
        self.standard = standard
    }
}

/// What a human does with a ``Dialog``.
public enum DialogAnswer: Sendable, Hashable, Codable {
    /// A button, counted from 1.
    case button(Int)
    case number(Double)
    case text(String)
    /// A click on the image, in its pixels, y down.
    case point(x: Double, y: Double)
    case cancel
}

/// The box that is open, and where its answer goes.
struct OpenDialog: Sendable {
    let dialog: Dialog
    let answers: AsyncStream<DialogAnswer>.Continuation
}

extension VirtualMicroscope {
    /// The box that SerialEM waits for, if any.
    public var openDialog: Dialog? { presentDialog?.dialog }

    /// Answers the open box. False where none is open.
    public func answerDialog(_ answer: DialogAnswer) -> Bool {
        guard let presentDialog else { return false }
        presentDialog.answers.yield(answer)
        return true
    }

    /// Presses a key in SerialEM's main window, for KeyBreak.
    public func pressKey(_ key: Character) { script.pressedKey = key.uppercased().first }

    /// Opens a box and waits for its answer; after the time that the configuration gives, for its standard answer.
    func ask(_ dialog: Dialog) async -> DialogAnswer {
        note("DIALOG: \(dialog.text)")
        let (answers, continuation) = AsyncStream.makeStream(of: DialogAnswer.self)
        presentDialog = OpenDialog(dialog: dialog, answers: continuation)
        if stopWasPressed { continuation.finish() }
        let answer = await answer(from: answers)
        presentDialog = nil
        guard let answer else {
            note("Nobody answered; taken: \(dialog.standard)")
            return dialog.standard
        }
        return answer
    }

    private func answer(from answers: AsyncStream<DialogAnswer>) async -> DialogAnswer? {
        guard let patience = configuration.dialogSeconds else {
            for await answer in answers { return answer }
            return nil
        }
        guard clock.scale > 0 else {
            _ = clock.pass(patience)
            return nil
        }
        let real = ContinuousClock.now
        let limit = Duration.seconds(patience / clock.scale)
        let answer = await withTaskGroup(of: DialogAnswer?.self) { group in
            group.addTask {
                for await answer in answers { return answer }
                return nil
            }
            group.addTask {
                // Cancelled by an answer, or because the server is going down.
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        let waited = min(limit, ContinuousClock.now - real)
        _ = clock.pass(waited / .seconds(1) * clock.scale)
        return answer
    }
}
