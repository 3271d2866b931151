/// What each program of the package answers to `--version`.
public let version = "0.1.0"
