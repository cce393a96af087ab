import Groundwork

/// One request on its way through the loop, and the task that waits for its answer.
///
/// The caller fills it before it submits it; from then on only the loop's thread touches it. The loop's lock orders
/// the two.
final class CurlCall: @unchecked Sendable {
    let request: HTTPRequest
    /// The body, when it is not the request's own.
    let file: FileBody?
    /// What the request is signed with; nil leaves it as it is.
    let signature: AWSSignature?
    /// `scheme://host:port`, what connections are counted by.
    let origin: String
    /// When the whole call has to be over, its wait for a turn included.
    let deadline: ContinuousClock.Instant
    var continuation: CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>?
    /// Whether the loop has seen the call; before that the caller may still be filling it.
    var isTaken = false
    /// Whether the caller gave up, perhaps before the loop saw the call.
    var isCancelled = false
    /// The easy handle that carries the call, once its turn has come.
    var transfer: CurlTransfer?

    /// Checks what libcurl would write out as it is: a line break in a header field or method would end it early.
    init(
        _ request: HTTPRequest,
        file: FileBody? = nil,
        signature: AWSSignature? = nil
    ) throws(HTTPError) {
        guard let origin = Self.origin(of: request.url) else {
            throw HTTPError(.badURL, detail: "not an absolute http or https url")
        }
        guard !request.method.isEmpty, request.method.utf8.allSatisfy(Self.isToken) else {
            throw HTTPError(.badURL, detail: "not a method")
        }
        for header in request.headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy(Self.isToken),
                header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else { throw HTTPError(.badURL, detail: "a header field holds a character that is not allowed") }
        }
        self.request = request
        self.file = file
        self.signature = signature
        self.origin = origin
        deadline = ContinuousClock.now + request.timeouts.total
    }

    /// Gives the caller its answer; a second one is ignored.
    func finish(_ outcome: Result<HTTPResponse, HTTPError>) {
        continuation?.resume(returning: outcome)
        continuation = nil
    }

    /// Reads `scheme://authority` off an absolute URL; nil when it is none, or holds a blank or control character.
    private static func origin(of url: String) -> String? {
        let bytes = url.utf8
        let schemeLength: Int
        if bytes.starts(with: "http://".utf8) {
            schemeLength = 7
        } else if bytes.starts(with: "https://".utf8) {
            schemeLength = 8
        } else {
            return nil
        }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        let rest = bytes.dropFirst(schemeLength)
        let authority = rest.prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
        guard !authority.isEmpty else { return nil }
        return String(url[..<authority.endIndex])
    }

    /// Whether `byte` may be part of a method or a field's name (RFC 9110 §5.6.2).
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
