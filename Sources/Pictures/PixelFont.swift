/// Letters of five by seven dots, drawn for these pictures: no font file is needed on any machine. Neighbouring dots are
/// joined by strokes, so that letters look drawn rather than tiled.
enum PixelFont {
    struct Dot: Hashable {
        let x: Int
        let y: Int
    }
    struct Stroke: Hashable {
        let from: Dot
        let to: Dot
    }

    /// Lines between dots that touch; a dot on its own is a line without length.
    static func strokes(of letter: Character) -> [Stroke] {
        var dots: Set<Dot> = []
        for (y, bits) in rows(of: letter).enumerated() {
            for x in 0 ..< 5 where bits >> (4 - x) & 1 == 1 { dots.insert(Dot(x: x, y: y)) }
        }
        var strokes: [Stroke] = []
        for dot in dots {
            let right = Dot(x: dot.x + 1, y: dot.y)
            let below = Dot(x: dot.x, y: dot.y + 1)
            let left = Dot(x: dot.x - 1, y: dot.y)
            strokes += [right, below].filter(dots.contains).map { Stroke(from: dot, to: $0) }
            // A diagonal only where no corner of two straight lines makes the same way.
            for (side, slant) in [(right, Dot(x: dot.x + 1, y: dot.y + 1)), (left, Dot(x: dot.x - 1, y: dot.y + 1))]
            where dots.contains(slant) && !dots.contains(side) && !dots.contains(below) {
                strokes.append(Stroke(from: dot, to: slant))
            }
            strokes.append(Stroke(from: dot, to: dot))
        }
        return strokes
    }

    /// Seven rows from the top, nine where a letter descends; the lowest five bits of each from left to right. A frame for
    /// unknown letters.
    static func rows(of letter: Character) -> [UInt8] {
        if letter == " " { return [] }
        return glyphs[letter] ?? [31, 17, 17, 17, 17, 17, 31]
    }

    private static let glyphs: [Character: [UInt8]] = [
        "A": [14, 17, 17, 31, 17, 17, 17], "B": [30, 17, 17, 30, 17, 17, 30], "C": [14, 17, 16, 16, 16, 17, 14],
        "D": [28, 18, 17, 17, 17, 18, 28], "E": [31, 16, 16, 30, 16, 16, 31], "F": [31, 16, 16, 30, 16, 16, 16],
        "G": [14, 17, 16, 23, 17, 17, 15], "H": [17, 17, 17, 31, 17, 17, 17], "I": [14, 4, 4, 4, 4, 4, 14],
        "J": [7, 2, 2, 2, 2, 18, 12], "K": [17, 18, 20, 24, 20, 18, 17], "L": [16, 16, 16, 16, 16, 16, 31],
        "M": [17, 27, 21, 21, 17, 17, 17], "N": [17, 25, 21, 21, 19, 17, 17], "O": [14, 17, 17, 17, 17, 17, 14],
        "P": [30, 17, 17, 30, 16, 16, 16], "Q": [14, 17, 17, 17, 21, 18, 13], "R": [30, 17, 17, 30, 20, 18, 17],
        "S": [15, 16, 16, 14, 1, 1, 30], "T": [31, 4, 4, 4, 4, 4, 4], "U": [17, 17, 17, 17, 17, 17, 14],
        "V": [17, 17, 17, 17, 10, 10, 4], "W": [17, 17, 17, 21, 21, 27, 17], "X": [17, 10, 4, 4, 4, 10, 17],
        "Y": [17, 17, 10, 4, 4, 4, 4], "Z": [31, 1, 2, 4, 8, 16, 31], "a": [0, 0, 14, 1, 15, 17, 15],
        "b": [16, 16, 30, 17, 17, 17, 30], "c": [0, 0, 14, 16, 16, 16, 14], "d": [1, 1, 15, 17, 17, 17, 15],
        "e": [0, 0, 14, 17, 31, 16, 14], "f": [6, 8, 28, 8, 8, 8, 8], "g": [0, 0, 15, 17, 17, 17, 15, 1, 14],
        "h": [16, 16, 30, 17, 17, 17, 17], "i": [4, 0, 12, 4, 4, 4, 14], "j": [2, 0, 6, 2, 2, 2, 2, 18, 12],
        "k": [16, 16, 18, 20, 24, 20, 18], "l": [12, 4, 4, 4, 4, 4, 14], "m": [0, 0, 26, 21, 21, 21, 21],
        "n": [0, 0, 30, 17, 17, 17, 17], "o": [0, 0, 14, 17, 17, 17, 14], "p": [0, 0, 30, 17, 17, 17, 30, 16, 16],
        "q": [0, 0, 15, 17, 17, 17, 15, 1, 1], "r": [0, 0, 22, 24, 16, 16, 16], "s": [0, 0, 15, 16, 14, 1, 30],
        "t": [8, 8, 28, 8, 8, 8, 6], "u": [0, 0, 17, 17, 17, 19, 13], "v": [0, 0, 17, 17, 10, 10, 4],
        "w": [0, 0, 17, 21, 21, 21, 10], "x": [0, 0, 17, 10, 4, 10, 17], "y": [0, 0, 17, 17, 17, 17, 15, 1, 14],
        "z": [0, 0, 31, 2, 4, 8, 31], "0": [14, 17, 19, 21, 25, 17, 14], "1": [4, 12, 4, 4, 4, 4, 14],
        "2": [14, 17, 1, 6, 8, 16, 31], "3": [30, 1, 1, 14, 1, 1, 30], "4": [2, 6, 10, 18, 31, 2, 2],
        "5": [31, 16, 30, 1, 1, 17, 14], "6": [14, 16, 16, 30, 17, 17, 14], "7": [31, 1, 2, 4, 4, 8, 8],
        "8": [14, 17, 17, 14, 17, 17, 14], "9": [14, 17, 17, 15, 1, 1, 14], ".": [0, 0, 0, 0, 0, 12, 12],
        ",": [0, 0, 0, 0, 12, 4, 8], ":": [0, 12, 12, 0, 12, 12, 0], ";": [0, 12, 12, 0, 12, 4, 8], "-": [0, 0, 0, 14, 0, 0, 0],
        "_": [0, 0, 0, 0, 0, 0, 31], "+": [0, 4, 4, 31, 4, 4, 0], "/": [1, 1, 2, 4, 8, 16, 16],
        "%": [25, 25, 2, 4, 8, 19, 19], "(": [2, 4, 8, 8, 8, 4, 2], ")": [8, 4, 2, 2, 2, 4, 8],
        "=": [0, 0, 31, 0, 31, 0, 0], "#": [10, 10, 31, 10, 31, 10, 10], "°": [12, 18, 18, 12, 0, 0, 0], "²": [12, 18, 4, 8, 30, 0, 0], "<": [2, 4, 8, 16, 8, 4, 2],
        "µ": [0, 0, 17, 17, 17, 19, 29, 16, 16], "'": [4, 4, 0, 0, 0, 0, 0], "?": [14, 17, 1, 6, 4, 0, 4],
    ]
}
