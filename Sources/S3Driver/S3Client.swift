import Crypto
import CurlDriver
import Groundwork

/// Makes signed calls to one place of a store, and makes those again that fail for a while and may be repeated.
struct S3Client: Sendable {
    /// How often and how soon a call is made again.
    struct Patience: Sendable {
        var attempts = 6
        var firstPause = Duration.milliseconds(100)
        var longestPause = Duration.seconds(3)
    }

    /// One call.
    struct Call: Sendable {
        var method: String
        /// The file's name below the place's prefix.
        var name: String
        /// Sorted and escaped, a `=` in every part.
        var query = ""
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
        /// Whether made twice is as good as made once.
        var isIdempotent = true
        var limit = Duration.seconds(60)
    }

    let place: S3Place
    let http: CurlHTTPClient
    let clock: any Clock<Duration>
    var patience = Patience()

    /// Makes a call until it is answered with success.
    ///
    /// - Parameter call: what to ask for.
    /// - Returns: an answer with a status of 2xx.
    /// - Throws: `StoreError`: `.notFound` and `.conflict` for what the store says is so, `.full` where it has no
    ///   room, `.unavailable` for all else.
    func send(_ call: Call) async throws(StoreError) -> HTTPResponse {
        var failure = StoreError(.unavailable, during: operation(call))
        for attempt in 1...max(1, patience.attempts) {
            let mayRepeat: Bool
            do throws(HTTPError) {
                let answer = try await http.send(request(call), signedWith: signature)
                if 200..<300 ~= answer.status { return answer }
                let refusal = S3Refusal(answer)
                failure = StoreError(refusal.code, during: operation(call), detail: refusal.description)
                mayRepeat = refusal.isSlowDown || (refusal.isPassing && call.isIdempotent)
            } catch {
                failure = StoreError(.unavailable, during: operation(call), detail: error.description)
                mayRepeat = error.code != .badURL && (call.isIdempotent || !error.mayHaveArrived)
            }
            guard mayRepeat, attempt < patience.attempts else { break }
            // A cancelled caller waits no more.
            do { try await clock.sleep(for: pause(after: attempt)) } catch { break }
        }
        throw failure
    }

    /// Doubles with every attempt up to a limit; drawn at random, so that many do not come back at once.
    private func pause(after attempt: Int) -> Duration {
        let longest = min(patience.firstPause * (1 << min(attempt - 1, 20)), patience.longestPause)
        return longest * Double.random(in: 0.5...1)
    }

    private func request(_ call: Call) -> HTTPRequest {
        HTTPRequest(
            method: call.method,
            url: place.url(of: call.name, query: call.query),
            headers: call.headers + [("x-amz-content-sha256", SHA256.hash(data: call.body).hexDigits)],
            body: call.body,
            timeouts: HTTPTimeouts(connect: .seconds(5), total: call.limit)
        )
    }

    private var signature: AWSSignature {
        AWSSignature(region: place.region, accessKey: place.accessKey, secretKey: place.secretKey)
    }

    private func operation(_ call: Call) -> String {
        "\(call.method) s3://\(place.bucket)/\(place.prefix)\(call.name)"
    }
}

/// What a store says when it does not do what it was asked for.
struct S3Refusal: CustomStringConvertible {
    private let status: Int
    /// The protocol's own word for it; an answer to HEAD has none.
    private let word: String
    private let message: String

    init(_ answer: HTTPResponse) {
        status = answer.status
        let text = String(decoding: answer.body.prefix(64 << 10), as: UTF8.self)
        word = S3Text.element("Code", in: text) ?? ""
        message = S3Text.element("Message", in: text) ?? ""
    }

    var code: StoreError.Code {
        switch (status, word) {
        case (507, _), (_, "XMinioStorageFull"), (_, "QuotaExceeded"), (_, "EntityTooLarge"): .full
        case (404, "NoSuchBucket"): .unavailable
        case (404, _): .notFound
        case (412, _), (416, _): .conflict
        default: .unavailable
        }
    }

    /// Whether nothing was done, for now.
    var isSlowDown: Bool { status == 429 || status == 503 }

    /// Whether the same call may succeed a little later; it may have been carried out.
    var isPassing: Bool { code == .unavailable && (status >= 500 || word == "RequestTimeout") }

    var description: String {
        ["HTTP \(status)", word, message].filter { !$0.isEmpty }.joined(separator: ", ")
    }
}

/// The little that is to be read of a store's XML.
enum S3Text {
    /// The text of the first element with that name; nil when there is none.
    static func element(_ name: String, in text: String) -> String? {
        guard let start = text.firstRange(of: "<\(name)>"),
            let end = text[start.upperBound...].firstRange(of: "</\(name)>")
        else { return nil }
        return String(text[start.upperBound..<end.lowerBound])
            .replacing("&quot;", with: "\"").replacing("&lt;", with: "<").replacing("&gt;", with: ">")
            .replacing("&amp;", with: "&")
    }

    /// The text as an element's content.
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
    }

    /// The text as a part of a query: all but unreserved characters escaped.
    static func queryPart(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."),
                UInt8(ascii: "~"):
                escaped.append(Character(Unicode.Scalar(byte)))
            default: escaped += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return escaped
    }
}
