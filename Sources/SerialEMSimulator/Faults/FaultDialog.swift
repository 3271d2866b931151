/// A dialog on SerialEM's screen that waits for a person.
struct FaultDialog: Sendable {
    let text: String
    /// When somebody closes it without being asked.
    let closesAt: ContinuousClock.Instant?
    /// Control was asked for while it was open, and begins by itself when it closes.
    var startsControl = false
    private let closed: AsyncStream<Void>
    private let closing: AsyncStream<Void>.Continuation

    init(text: String, seconds: Double?) {
        self.text = text
        closesAt = seconds.map { ContinuousClock.now + .seconds($0) }
        (closed, closing) = AsyncStream.makeStream(of: Void.self)
    }

    var isDue: Bool { closesAt.map { $0 <= ContinuousClock.now } ?? false }

    func close() { closing.finish() }

    /// Waits until it is answered or due. One waits at a time: SerialEM answers one request after the other.
    func untilClosed() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in closed {} }
            if let closesAt {
                // Cancelled when it is answered, or when the server goes down.
                group.addTask { try? await Task.sleep(until: closesAt, clock: .continuous) }
            }
            await group.next()
            group.cancelAll()
        }
    }
}

extension VirtualMicroscope {
    func open(_ dialog: FaultDialog) { if openDialogText == nil { openFaultDialog = dialog } }

    /// The text of the dialog of a fault that waits, or nil.
    var openDialogText: String? {
        if openFaultDialog?.isDue == true { closeDialog() }
        return openFaultDialog?.text
    }

    /// Answers the dialog that waits, of a fault or of a command; without an answer, with the standard one. False if there is none.
    func answerAnyDialog(_ answer: DialogAnswer?) -> Bool {
        guard let text = openDialogText else {
            guard let openDialog else { return false }
            return answerDialog(answer ?? openDialog.standard)
        }
        note("\(text) \(answer.map { "\($0)" } ?? "OK")")
        closeDialog()
        return true
    }

    private func closeDialog() {
        let startsControl = openFaultDialog?.startsControl ?? false
        openFaultDialog?.close()
        openFaultDialog = nil
        if startsControl { _ = beginControl() }
    }

    /// What becomes of a request while a dialog may be open.
    enum DialogOutcome: Sendable { case goOn, refuseToRun, neverAnswer }

    /// In control, a request waits until the dialog closes. Without, OKtoRun is answered no, other requests never are, and
    /// control begins by itself when the dialog closes.
    func passDialog(isOKToRun: Bool) async -> DialogOutcome {
        guard openDialogText != nil, let dialog = openFaultDialog else { return .goOn }
        if control == .external {
            await dialog.untilClosed()
            if !Task.isCancelled { closeDialog() }
            return .goOn
        }
        openFaultDialog?.startsControl = true
        guard isOKToRun else { return .neverAnswer }
        await keepWaitingWhileBusy()
        return .refuseToRun
    }
}
