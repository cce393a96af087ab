import HTTPTypes

/// Why a page cannot be shown, or a button did nothing: what the reader is told.
struct Trouble: Error, Sendable {
    let status: HTTPTypes.HTTPResponse.Status
    /// What is wrong, as the one who found it said.
    let cause: String
    /// Whether it is not the reader's doing, so that the log should tell more.
    var isOurs: Bool { status.kind == .serverError }

    init(_ status: HTTPTypes.HTTPResponse.Status, _ cause: String) {
        self.status = status
        self.cause = cause
    }

    /// There is nothing of that name.
    static func notFound(_ what: String) -> Trouble { Trouble(.notFound, what) }

    /// What an error means to the reader; the same as to a caller of the API.
    init(_ error: any Error) {
        if let trouble = error as? Trouble {
            self = trouble
        } else {
            let answer = ErrorAnswer(error)
            self.init(answer.status, answer.isOurs && answer.status != .badGateway ? "" : answer.message)
        }
    }
}

/// The page that tells of trouble: cause, next step, and what to look for in the log.
struct TroubleView: Sendable {
    let heading: String
    let cause: String?
    let nextStep: String
    let requestID: String
    let back: String

    init(_ trouble: Trouble, for visit: Visit) {
        let kind =
            switch trouble.status {
            case .notFound: "not-found"
            // A form that is not ours has no further cause.
            case .forbidden: trouble.cause.isEmpty ? "forbidden" : "refused"
            case .conflict: "conflict"
            case .badGateway: "executor"
            case .serviceUnavailable: "unavailable"
            case .badRequest: "invalid"
            default: "internal"
            }
        heading = visit.say("trouble-\(kind)")
        cause = trouble.cause.isEmpty ? nil : trouble.cause
        nextStep = visit.say("trouble-\(kind)-next")
        requestID = visit.requestID
        // From what a button asked of /campaigns/7 back to it; from a page that is not there to its list.
        let parts = visit.path.split(separator: "/")
        back = "/" + parts.prefix(parts.count > 2 ? 2 : 1).joined(separator: "/")
    }
}
