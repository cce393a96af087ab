/// Names one job, in both the scheduler and every executor; the wire calls it `jobId`.
public struct JobID: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The wire's number.
    public let rawValue: Int64

    /// Makes the id that the wire spells `rawValue`.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// The number in digits.
    public var description: String { String(rawValue) }

    /// Orders by number.
    public static func < (left: JobID, right: JobID) -> Bool { left.rawValue < right.rawValue }
}

/// Names one run: one attempt to run one job on one executor; the wire calls it `logId`.
public struct RunID: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The wire's number.
    public let rawValue: Int64

    /// Makes the id that the wire spells `rawValue`.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// The number in digits.
    public var description: String { String(rawValue) }

    /// Orders by number.
    public static func < (left: RunID, right: RunID) -> Bool { left.rawValue < right.rawValue }
}

/// How a run ended on its executor.
///
/// The wire has one code for failed and killed runs; a killed run is told by its message, which starts with
/// `killed`.
public enum RunOutcome: Hashable, Sendable {
    /// The handler returned; what it returned is the message.
    case succeeded(String?)
    /// The handler threw, was not found, or was lost with its executor.
    case failed(String)
    /// The run's time limit passed before the handler returned.
    case timedOut(String)
    /// An operator, or a newer run that covers it, ended the run.
    case killed(String)

    /// The code that a callback carries.
    package var code: Int {
        switch self {
        case .succeeded: WireCode.success
        case .failed, .killed: WireCode.failure
        case .timedOut: WireCode.timedOut
        }
    }

    /// What the handler or the executor said.
    public var message: String? {
        switch self {
        case .succeeded(let message): message
        case .failed(let message), .timedOut(let message): message
        case .killed(let message):
            message.hasPrefix(RunOutcome.killedPrefix) ? message : "\(RunOutcome.killedPrefix): \(message)"
        }
    }

    /// Reads the outcome that a callback carries.
    package init(code: Int, message: String?) {
        switch code {
        case WireCode.success: self = .succeeded(message)
        case WireCode.timedOut: self = .timedOut(message ?? "")
        default:
            let text = message ?? ""
            self = text.hasPrefix(RunOutcome.killedPrefix) ? .killed(text) : .failed(text)
        }
    }

    /// What the message of a killed run starts with.
    package static let killedPrefix = "killed"
}
