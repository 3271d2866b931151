import SerialEMProtocol
import Testing

@Suite struct ArgumentTests {
    @Test(
        arguments: [
            (10.5, "10.5"), (-20, "-20."), (1, "1."), (-0.0, "-0."), (1e-7, "0."), (1_234_567.25, "1234567.25"),
            (0.5, "0.5"),
            (100, "100."), (2.0 / 3, "0.666667"),
        ] as [(Double, String)])
    func aNumberHasSixDecimalsWithoutZerosAndKeepsItsPoint(value: Double, text: String) {
        #expect(Argument.number(value).text == text)
        #expect(Argument.number(value).number == value)
    }

    @Test func anIntegerHasNoPoint() {
        #expect(Argument.integer(-3).text == "-3")
        #expect(Argument.integer(-3).number == -3)
    }

    @Test(
        arguments: [
            ("B", 0.0), ("", 0), ("40200", 40200), ("12.5um", 12.5), (" -3.e2x", -300), ("+.5", 0.5), ("1e", 1), (".", 0),
            ("-", 0), ("7e+", 7), ("7e999", 0),
        ] as [(String, Double)])
    func aTextIsTheNumberThatItBeginsWith(text: String, number: Double) {
        #expect(Argument.text(text).number == number)
    }

    @Test(
        arguments: [(2.9, 2), (-2.9, -2), (.nan, 0), (1e300, 2_147_483_647), (-.infinity, -2_147_483_648)] as [(Double, Int)]
    )
    func theIntegerIsTruncatedAndNeverTraps(number: Double, integer: Int) {
        #expect(Argument(number: number, text: "").integer == integer)
    }
}

@Suite struct FunctionCodesTests {
    @Test(
        arguments: [
            ("Exit", 8, "ds"), ("NoMessageBoxOnError", 43, "i"), ("R", 76, ""), ("ReportStageXYZ", 293, ""),
            ("MoveStageTo", 286, "DDd"), ("ReportNumExeFuncs", 710, ""),
            ("GetAllCameraSetValues", 840, "ISSssssssssssssssss"),
        ] as [(String, Int32, String)])
    func aCommandHasItsCodeAndLetters(name: String, code: Int32, letters: String) {
        #expect(FunctionCodes.definition(named: name)?.code == code)
        #expect(FunctionCodes.definition(code: code)?.name == name)
        #expect(FunctionCodes.definition(code: code)?.letters == letters)
    }

    @Test func theListIsWholeAndEachCodeIsItsPlace() {
        #expect(FunctionCodes.all.count == 841)
        #expect(FunctionCodes.all.enumerated().allSatisfy { $0.offset == Int($0.element.code) })
        #expect(FunctionCodes.definition(code: -1) == nil)
        #expect(FunctionCodes.definition(code: 841) == nil)
    }

    @Test func flowControlIsNotForOthers() {
        #expect(FunctionCodes.definition(named: "ScriptEnd")?.letters == nil)
    }
}
