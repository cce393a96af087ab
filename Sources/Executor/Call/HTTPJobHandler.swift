public import Groundwork

/// `httpJobHandler`: makes the HTTP call that the job's parameters ask for, when its URL is allowed here.
///
/// The parameters are a JSON object, see `CallOrder`. The answer's body goes to the run's log, its beginning only when
/// it is long. An answer from 200 to 299 is success; a redirect is not followed, and fails the run as an answer from
/// 400 on does.
public struct HTTPJobHandler: JobHandler {
    /// The name under which schedulers know it.
    public static let name = "httpJobHandler"

    /// The most bytes of an answer that go to the run's log.
    static let answerBytes = 64 << 10

    private let allowed: [WebAddress]
    private let http: any HTTPClient

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - allowed: what URLs must be below: a scheme, a host and a port as they stand, and whole parts of a path, such
    ///     as `https://example.org/jobs`, which allows `https://example.org/jobs/1?a=b` and not
    ///     `https://example.org/jobs2`.
    ///   - http: makes the calls. It has to refuse the addresses that nobody's job may reach, whatever a name resolves
    ///     to: with `CurlHTTPClient`, set an `AddressGuard`.
    /// - Throws: `ExecutorError` with code `settings` when one of them cannot be read, or has a query.
    public init(allowed: [String], http: any HTTPClient) throws(ExecutorError) {
        var addresses: [WebAddress] = []
        for text in allowed {
            do throws(CallError) {
                addresses.append(try WebAddress(text))
            } catch {
                throw ExecutorError(.settings, during: "allowed", detail: "\(text) \(error.reason)")
            }
        }
        guard addresses.allSatisfy({ $0.query == nil }) else {
            throw ExecutorError(.settings, during: "allowed", detail: "has an address with a query")
        }
        self.allowed = addresses
        self.http = http
    }

    /// Makes the call.
    ///
    /// - Parameter context: its `params` say which.
    /// - Returns: the answer's status and length.
    /// - Throws: why the call is not allowed, has no answer, or has one that is no success.
    public func run(_ context: JobContext) async throws -> String? {
        let order = try CallOrder(context.params)
        guard allowed.contains(where: order.address.isBelow) else {
            throw CallError("url", "is below none of executor.http.allowed: \(order.address.place)")
        }
        // Without its query, headers and body: secrets may be in them.
        context.output("\(order.request.method) \(order.address.place)")
        let response = try await http.send(order.request)
        var lines = OutputLines(limit: Self.answerBytes)
        context.output("answer: HTTP \(response.status), \(response.body.count) bytes")
        lines.take(response.body) { context.output($0) }
        lines.finish { context.output($0) }
        switch response.status {
        case 200...299: return "HTTP \(response.status), \(response.body.count) bytes"
        case 300...399: throw CallError("", "HTTP \(response.status): redirects are not followed")
        default: throw CallError("", "HTTP \(response.status)")
        }
    }
}
