import ArgumentParser
import Foundation

/// How a command that talks to a server ends, in the numbers of `sysexits.h` where they have a word for it.
enum CommandExit: Int32, CaseIterable {
    case done = 0
    case notSo = 1
    case usage = 64
    case refused = 65
    case noInput = 66
    case unreachable = 69
    case serverFault = 70
    case temporary = 75
    case noAnswer = 76
    case noPermission = 77

    private var meaning: String {
        switch self {
        case .done: "it is done"
        case .notSo: "done, but not well: not all delivered, a run failed, files differ"
        case .usage: "the command line makes no sense"
        case .refused: "the server refused what was asked for"
        case .noInput: "a file cannot be read"
        case .unreachable: "the server cannot be reached; nothing was done"
        case .serverFault: "the server failed"
        case .temporary: "not now, or not in time; the same may work later"
        case .noAnswer: "no answer that makes sense; whether it was done is not known"
        case .noPermission: "the server does not know the token"
        }
    }

    /// All of them, for `--help`.
    static var help: String {
        "Exit codes:\n"
            + allCases.map { "  \($0.rawValue)".padded(to: 6) + $0.meaning }.joined(separator: "\n")
    }
}

/// Why a command ends early for a reason of its own.
struct CommandError: Error, CustomStringConvertible {
    let exit: CommandExit
    let description: String

    init(_ exit: CommandExit, _ description: String) {
        self.exit = exit
        self.description = description
    }

    /// What the system says of a file, without what every such sentence begins with.
    static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
        if (error as? CocoaError)?.code == .fileReadNoSuchFile { return "no such file or directory" }
        guard underlying.domain == NSPOSIXErrorDomain else { return error.localizedDescription }
        return String(cString: strerror(Int32(underlying.code))).lowercased()
    }

    /// A file cannot be read.
    static func unreadable(_ path: String, _ error: any Error) -> CommandError {
        CommandError(.noInput, "\(path) cannot be read: \(reason(error))")
    }
}
