import Groundwork

/// What an executor said that was asked whether it lives, or whether a job is idle there.
package enum ProbeAnswer: Hashable, Sendable {
    case yes
    /// It answered, and said why not.
    case no(String)
    /// Nothing listens at its address, as far as can be told.
    case notReached(String)
    /// It did not answer, or not so that it made sense.
    case unclear(String)

    init(_ reply: ExecutorClient.Reply) {
        switch reply {
        case .answered(let envelope, 200) where envelope.isSuccess: self = .yes
        case .answered(let envelope, 200): self = .no(envelope.message ?? "code \(envelope.code)")
        case .answered(let envelope, let status):
            self = .unclear("HTTP \(status): \(envelope.message ?? "")")
        case .failed(let error): self = error.mayHaveArrived ? .unclear("\(error)") : .notReached("\(error)")
        }
    }

    /// Whether the executor answered and said no.
    var isNo: Bool {
        if case .no = self { true } else { false }
    }

    /// Why it is not a yes; nil when it is one.
    package var objection: String? {
        switch self {
        case .yes: nil
        case .no(let message), .notReached(let message), .unclear(let message): message
        }
    }
}
