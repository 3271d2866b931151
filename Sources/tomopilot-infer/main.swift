// The only program that links libtorch: it reads requests from standard input, answers on standard output and ends with
// its input. The service starts it; by hand it is of no use.
import CMemory
import Foundation
import Inference
import InferenceWire
import Version

func printUsage() -> Never {
    FileHandle.standardError.write(
        Data("usage: tomopilot-infer [--threads N] [--device cpu|gpu-N]\n       tomopilot-infer --machine\n       tomopilot-infer --compile FOLDER\n       tomopilot-infer --version\nStarted by tomopilot; reads requests from standard input.\n".utf8))
    exit(64)
}

if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--compile" {
    do {
        try ProgramCompiler.compile(folder: CommandLine.arguments[2])
        exit(0)
    } catch {
        FileHandle.standardError.write(Data("\(error)\n".utf8))
        exit(1)
    }
}

var threads = 1
var device: InferenceDevice?
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
    if argument == "--version" {
        print(version)
        exit(0)
    }
    if argument == "--machine" {
        print(TorchModel.machine.words)
        exit(0)
    }
    guard let text = arguments.popFirst() else { printUsage() }
    if argument == "--device", let named = InferenceDevice(text) {
        device = named
    } else if argument == "--threads", let number = Int(text), (1 ... 256).contains(number) {
        threads = number
    } else {
        printUsage()
    }
}

// Libraries that print to standard output would break the line; what they print goes to standard error instead.
let answers = dup(STDOUT_FILENO)
guard answers >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else { exit(71) }
// The microscope's socket and the web pages come first.
_ = nice(5)

let line = FrameLine(input: STDIN_FILENO, output: answers, isSocket: false)
var predictor = Predictor(threads: threads, device: device)
do {
    while let frame = try line.receive() {
        try line.send(predictor.answer(frame).encoded())
        // Images follow one another at once. In a pause others on this machine may have the memory.
        var next = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        if poll(&next, 1, 20) == 0 { cmemory_give_back() }
    }
} catch {
    FileHandle.standardError.write(Data("tomopilot-infer: \(error)\n".utf8))
    exit(74)
}
