import Groundwork

/// Why PostgreSQL did not do something.
struct PostgresFailure: Error, Sendable {
    /// SQLSTATE as the server gave it, or one of ours; empty when no server answered.
    let state: String
    let message: String

    init(state: String = "", _ message: String) {
        self.state = state
        self.message = message
    }

    /// Why no connection came about, as libpq puts it.
    ///
    /// libpq keeps the SQLSTATE of a refusal to itself, so it is read from the words. A server that speaks another language
    /// than English is taken for one that did not answer.
    init(connecting message: String) {
        let refusal = Self.refusals.first { $0.words.allSatisfy(message.contains) }
        self.init(state: refusal?.state ?? "", message)
    }

    private static let refusals: [(words: [String], state: String)] = [
        (["authentication failed"], "28P01"),
        (["no password supplied"], "28P01"),
        (["pg_hba.conf"], "28000"),
        (["role \"", "\" does not exist"], "28000"),
        (["role \"", "\" is not permitted to log in"], "28000"),
        (["database \"", "\" does not exist"], "3D000"),
        (["too many c"], "53300"),
        (["remaining connection slots are reserved"], "53300"),
    ]

    /// Whether nobody knows any more what the server does: the connection is of no use.
    var isBroken: Bool { state.isEmpty || state.hasPrefix("08") || state.hasPrefix("57P") }

    /// The state that `hold_term` raises: the token is not that of the newest term.
    static let termIsOver = "KP001"

    /// The state that a pool raises whose connections are all lent.
    static let poolIsBusy = "KP002"

    /// Whether the same transaction may succeed at once: two stood in each other's way, and this one gave way.
    var isCollision: Bool { state == "40001" || state == "40P01" || isForgotten }

    /// Whether the server does not have a compiled statement any more, or what it reads has changed since.
    var isForgotten: Bool { state == "26000" || state == "0A000" }
}

extension StoreError {
    /// Why PostgreSQL, or a store's own check, refused.
    init(postgres error: any Error, during operation: String) {
        if let error = error as? StoreError {
            self = error
            return
        }
        guard let failure = error as? PostgresFailure else {
            self.init(.unavailable, during: operation, detail: "\(error)")
            return
        }
        let (code, advice) = Self.meaning(of: failure.state)
        var detail = failure.message
        if !failure.state.isEmpty { detail = "SQLSTATE \(failure.state): \(detail)" }
        if let advice { detail += "; \(advice)" }
        self.init(code, during: operation, detail: detail)
    }

    /// What a SQLSTATE means to us, and what whoever reads it can do.
    ///
    /// Source: PostgreSQL's documentation, appendix A, "PostgreSQL Error Codes".
    private static func meaning(of state: String) -> (Code, advice: String?) {
        switch state {
        case "": (.unavailable, "see that PostgreSQL runs, can be reached and lets us in")
        case PostgresFailure.termIsOver: (.staleToken, nil)
        case PostgresFailure.poolIsBusy:
            (.unavailable, "raise postgres.connections, or look for what keeps them busy")
        case "23505", "23503", "23514", "23502": (.conflict, nil)
        case "53100": (.full, "free space on the server's disk")
        case "53200": (.unavailable, "the server is short of memory")
        case "53300": (.unavailable, "raise the server's max_connections or lower postgres.connections")
        case "57014": (.unavailable, "the statement took too long: look for locks and slow disks")
        case "55P03": (.unavailable, "somebody holds a lock for too long")
        case "25006": (.unavailable, "the server is a replica: point postgres.address at the primary")
        case "28P01", "28000": (.unavailable, "check user and password in postgres.address")
        case "3D000": (.unavailable, "create the database that postgres.address names")
        case "42501": (.unavailable, "grant the user the right to create and use its tables")
        case "42P01", "42703": (.corrupted, "the tables are not those of this version")
        default:
            switch state.prefix(2) {
            case "08", "57", "53", "40", "58": (.unavailable, nil)
            case "22", "54": (.conflict, "the server does not take such a value")
            case "XX": (.corrupted, "see the server's log")
            case "0A", "42": (.corrupted, "the server does not know such a statement")
            default: (.unavailable, nil)
            }
        }
    }
}
