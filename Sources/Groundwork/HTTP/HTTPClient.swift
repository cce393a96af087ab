/// One outbound HTTP call.
public struct HTTPRequest: Sendable {
    /// The verb, upper case.
    public var method: String
    /// The absolute URL, `http` or `https`.
    public var url: String
    /// Header fields in the order they are written.
    public var headers: [(name: String, value: String)]
    /// The body's bytes; empty sends no body.
    public var body: [UInt8]
    /// How long each phase may take.
    public var timeouts: HTTPTimeouts
    /// Which version of HTTP it is made in.
    public var version: HTTPVersion

    /// Makes a call.
    public init(
        method: String = "POST",
        url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        timeouts: HTTPTimeouts = HTTPTimeouts(),
        version: HTTPVersion = .automatic
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
        self.version = version
    }
}

/// Which version of HTTP a call is made in.
public enum HTTPVersion: Hashable, Sendable {
    /// Whichever the client speaks by itself.
    case automatic
    /// HTTP/2, for servers that speak nothing else: over TLS as both sides agree on it, else without asking first.
    case two
}

/// The limits of one outbound call, by phase.
public struct HTTPTimeouts: Hashable, Sendable {
    /// Name look-up, TCP and TLS together.
    public var connect: Duration
    /// The whole call, from start to the last byte of the answer.
    public var total: Duration

    /// Makes limits; the defaults are 3 s to connect and 10 s in all.
    public init(connect: Duration = .seconds(3), total: Duration = .seconds(10)) {
        self.connect = connect
        self.total = total
    }
}

/// The answer to an outbound call, whatever its status.
public struct HTTPResponse: Sendable {
    /// The status code.
    public var status: Int
    /// Header fields as received, names lower-cased.
    public var headers: [(name: String, value: String)]
    /// The body's bytes.
    public var body: [UInt8]

    /// Makes an answer.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why an outbound call has no answer, and whether the other side may have acted on it.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
    /// The phase in which the call ended.
    public enum Code: String, Sendable {
        /// The URL cannot be called.
        case badURL = "bad_url"
        /// The URL leads to an address that this client must not call: the request was never written.
        case addressRefused = "address_refused"
        /// The name has no address, or nothing accepts the connection: the request was never written.
        case unreachable
        /// The time to connect ran out: the request was never written.
        case connectTimeout = "connect_timeout"
        /// The connection broke before any byte of the request was written.
        case brokenBeforeWrite = "broken_before_write"
        /// The caller's task was cancelled before any byte of the request was written.
        case cancelledBeforeWrite = "cancelled_before_write"
        /// The request, or part of it, was written and no usable answer came.
        case noAnswer = "no_answer"
        /// The time for the whole call ran out after the request was written.
        case answerTimeout = "answer_timeout"
        /// The caller's task was cancelled; the request may have been written.
        case cancelled
        /// The answer is larger than allowed.
        case tooLarge = "too_large"
    }

    /// What happened.
    public let code: Code
    /// What the transport said; never holds a header or a body.
    public let detail: String

    /// Makes an error.
    public init(_ code: Code, detail: String = "") {
        self.code = code
        self.detail = detail
    }

    /// Whether the other side may have received the request: if so, the outcome is not known and no other
    /// party may be asked to do the same.
    public var mayHaveArrived: Bool {
        switch code {
        case .badURL, .addressRefused, .unreachable, .connectTimeout, .brokenBeforeWrite,
            .cancelledBeforeWrite:
            false
        case .noAnswer, .answerTimeout, .cancelled, .tooLarge: true
        }
    }

    /// The code and what the transport said.
    public var description: String {
        detail.isEmpty ? "http: \(code.rawValue)" : "http: \(code.rawValue): \(detail)"
    }
}

/// Makes outbound HTTP calls: to executors, schedulers and suppliers.
///
/// Connections are kept alive and shared. Redirects are answers, not followed. Cancelling the calling task ends
/// the call.
public protocol HTTPClient: Sendable {
    /// Makes one call and returns its answer, whatever the status.
    ///
    /// - Parameter request: what to send.
    /// - Returns: the answer with its whole body.
    /// - Throws: `HTTPError`, which tells whether the request may have arrived.
    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse
}
