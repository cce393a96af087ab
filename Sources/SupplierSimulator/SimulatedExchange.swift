/// A request as the simulated suppliers see it.
struct SimulatedRequest {
    let method: String
    /// What follows the supplier's name in the path, with its slash; empty for nothing.
    var path = ""
    /// What was sent as `Host`.
    let host: String
    /// What follows the question mark, as sent.
    let query: String
    let body: [UInt8]
    /// Whether it came over HTTP/2.
    var isHTTP2 = false
    /// The value of a header field, its name in lower case.
    let field: (String) -> String?
}

/// What a simulated supplier does about a request.
struct SimulatedReply {
    enum Kind {
        /// An answer.
        case answer(status: Int)
        /// An answer that breaks off half-way.
        case truncated
        /// Nothing, for as long as the caller waits.
        case silence
        /// A connection reset.
        case reset
    }

    var kind: Kind
    var body: [UInt8] = []
    /// Header fields beside the usual ones.
    var headers: [(name: String, value: String)] = []
    /// How long the supplier takes, in milliseconds.
    var delay = 0

    /// An answer of `status` with `body`.
    init(status: Int = 200, body: [UInt8]) {
        kind = .answer(status: status)
        self.body = body
    }

    /// What becomes of the supplier's own answer on the way that `course` describes.
    init(_ answer: SimulatedReply, course: CallCourse) {
        self = answer
        delay = course.delay
        switch course.ending {
        case .answer, .throttled: break
        case .truncated: kind = .truncated
        case .badGateway: self = Self.gateway(502, "Bad Gateway", delay: course.delay)
        case .withheld: kind = .silence
        case .serverError: self = Self.gateway(500, "Internal Server Error", delay: course.delay)
        case .reset: kind = .reset
        }
    }

    /// What every request gets while the supplier is down.
    static let outage = gateway(503, "Service Unavailable", delay: 0)

    /// What a gateway says in place of the supplier: a page, not JSON.
    private static func gateway(_ status: Int, _ text: String, delay: Int) -> SimulatedReply {
        var reply = SimulatedReply(
            status: status,
            body: Array("<html><h1>\(status) \(text)</h1></html>".utf8)
        )
        reply.delay = delay
        return reply
    }
}

/// A supplier's refusal of a request as a whole.
struct SimulatedRefusal: Error {
    let code: String
    let message: String
    /// The HTTP status that it comes with.
    let status: Int

    init(_ code: String, _ message: String, status: Int = 200) {
        self.code = code
        self.message = message
        self.status = status
    }
}
