import SerialEMProtocol
import SerialEMSimulator
import Testing

@Suite struct DialogTests {
    @Test func boxesThatAreSuppressedReportNoAndTheThirdChoice() async throws {
        try await withBench { bench in
            #expect(try await bench.numbers("YesNoBox", .text("Go on?")) == [0])
            for (name, text) in [("head", "Which?"), ("one", "left"), ("buttons", "Left\nRight")] {
                try await bench.run("SetVariable", .text(name), .text(text))
            }
            let before = try await bench.numbers("ReportTickTime")
            #expect(try await bench.numbers("ThreeChoiceBox", .text("head"), .text("one"), .text("buttons")) == [3])
            #expect(try await bench.numbers("ReportTickTime") == before)
        }
    }

    @Test func aBoxThatNobodyAnswersTakesAMinuteAndItsStandardAnswer() async throws {
        try await withBench { bench in
            let before = try await bench.numbers("ReportTickTime")[0]
            #expect(try await bench.numbers("Pause", .text("Look at the grid")) == [1])
            #expect(try await bench.numbers("EnterDefaultedNumber", .number(2.5), .integer(1), .text("How much?")) == [2.5])
            #expect(try await bench.numbers("EnterDefaultedNumber", .number(7), .integer(-1), .text("How many?")) == [7])
            #expect(try await bench.run("OKBox", .text("Done")).isEmpty)
            #expect(try await bench.run("EnterString", .text("answer"), .text("Name?")).isEmpty)
            #expect(try await bench.texts("GetVariable", .text("answer")) == [""])
            #expect(try await bench.texts("UserSetDirectory", .text("Where?")) == [bench.folder])
            #expect(try await bench.numbers("ReportTickTime")[0] - before == 360)
        }
    }

    @Test(arguments: [
        (DialogAnswer.button(1), 1.0), (.button(2), 0),
    ])
    func whoAnswersDecides(answer: DialogAnswer, value: Double) async throws {
        try await withBench(dialogSeconds: nil, boxes: true) { bench in
            async let asked = bench.numbers("YesNoBox", .text("Go on?"))
            while await bench.microscope.openDialog == nil { await Task.yield() }
            #expect(await bench.microscope.openDialog?.text == "Go on?")
            #expect(await bench.microscope.answerDialog(answer))
            let given = try await asked
            #expect(given == [value])
            #expect(await bench.microscope.openDialog == nil)
            #expect(await !bench.microscope.answerDialog(answer))
        }
    }

    @Test func noToPauseIsAnErrorAndSoIsACancelledEntry() async throws {
        try await withBench(dialogSeconds: nil) { bench in
            async let paused = bench.failure("Pause", .text("Look"))
            while await bench.microscope.openDialog == nil { await Task.yield() }
            _ = await bench.microscope.answerDialog(.button(2))
            #expect(try await paused.hasSuffix("Pause(Look)"))
            async let entered = bench.failure("EnterString", .text("x"), .text("Name?"))
            while await bench.microscope.openDialog == nil { await Task.yield() }
            _ = await bench.microscope.answerDialog(.cancel)
            #expect(try await entered.contains("No string was entered"))
            async let given = bench.run("EnterString", .text("x"), .text("Name?"))
            while await bench.microscope.openDialog == nil { await Task.yield() }
            _ = await bench.microscope.answerDialog(.text("Yeast"))
            _ = try await given
            #expect(try await bench.texts("GetVariable", .text("X")) == ["Yeast"])
        }
    }

    @Test func withBoxesOnAnErrorWaitsForAHumanAndHasNoText() async throws {
        try await withBench(boxes: true) { bench in
            let before = try await bench.numbers("ReportTickTime")[0]
            #expect(try await bench.failure("SwitchToFile", .integer(4)) == "")
            #expect(try await bench.numbers("ReportTickTime")[0] - before == 60)
            try await bench.run("StartTry")
            #expect(try await bench.failure("SwitchToFile", .integer(4)).hasSuffix("SwitchToFile(4)"))
        }
    }

    @Test func aKeyIsReportedOnce() async throws {
        try await withBench { bench in
            let before = try await bench.numbers("KeyBreak")
            #expect(before == [0])
            await bench.microscope.pressKey("b")
            #expect(try await bench.numbers("KeyBreak") == [1])
            #expect(try await bench.numbers("KeyBreak") == [0])
            await bench.microscope.pressKey("Q")
            #expect(try await bench.numbers("KeyBreak", .text("q")) == [1])
        }
    }

    @Test func anAnswerIsTakenBeforeTheTimeIsUp() async throws {
        try await withBench(dialogSeconds: 86400, timeScale: 1) { bench in
            async let asked = bench.numbers("Pause", .text("Look"))
            while await bench.microscope.openDialog == nil { await Task.yield() }
            _ = await bench.microscope.answerDialog(.button(1))
            let given = try await asked
            #expect(given == [1])
            #expect(try await bench.numbers("ReportTickTime")[0] < 86400)
        }
    }

    @Test func aBoxDoesNotKeepTheSimulatorFromGoingDown() async throws {
        try await withBench(dialogSeconds: nil) { bench in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await bench.run("OKBox", .text("Hello")) }
                while await bench.microscope.openDialog == nil { await Task.yield() }
                group.cancelAll()
                try await group.waitForAll()
            }
            #expect(await bench.microscope.openDialog == nil)
        }
    }
}
