package import Groundwork

/// Why Redis did not do something, or why nobody knows whether it did.
package struct RedisFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// Redis refused the command, so it did not happen; an error inside of a script may come after a part
        /// of it.
        case refused
        /// The command did not leave this process.
        case notSent
        /// Too many commands stand in line: it did not leave this process either.
        case overloaded
        /// The command was sent and no answer came: it may have happened.
        case unanswered
    }

    package let kind: Kind
    /// What went wrong; of a refusal, the words of Redis.
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The code that a refusal begins with, such as `OOM`.
    package var code: Substring { kind == .refused ? message.prefix { $0 != " " } : "" }

    package var description: String {
        switch kind {
        case .refused: "refused: \(message)"
        case .notSent, .overloaded: "not sent: \(message)"
        case .unanswered: "unanswered: \(message)"
        }
    }
}

extension StoreError {
    /// Why Redis did not do what a store asked of it.
    package init(redis failure: RedisFailure, during operation: String) {
        let (code, advice) = Self.meaning(of: failure)
        self.init(code, during: operation, detail: "\(failure)" + (advice.map { "; \($0)" } ?? ""))
    }

    private static func meaning(of failure: RedisFailure) -> (Code, advice: String?) {
        switch failure.code {
        case "": (.unavailable, nil)
        case "OOM": (.full, "raise the server's maxmemory; its maxmemory-policy is to be noeviction")
        case "MISCONF": (.full, "the server cannot write to its disk")
        case "NOAUTH", "WRONGPASS", "NOPERM": (.unavailable, "check user and password in redis.address")
        case "READONLY": (.unavailable, "the server is a replica: point redis.address at the master")
        case "LOADING", "BUSY", "MASTERDOWN", "NOREPLICAS", "TRYAGAIN", "CLUSTERDOWN": (.unavailable, nil)
        case "MOVED", "CROSSSLOT":
            (.unavailable, "the server is part of a Redis Cluster, which is not supported")
        case "WRONGTYPE": (.corrupted, "another program writes to the same keys")
        default: (.unavailable, "see the server's log; Redis 7 or newer is needed")
        }
    }
}
