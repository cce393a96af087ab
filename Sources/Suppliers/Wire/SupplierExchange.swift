import Groundwork
import PushEngine

/// What the transport and the status of one call prove, before a supplier's own words are read.
enum SupplierExchange {
    /// The supplier spoke: the body holds its word.
    case answered(HTTPResponse)
    /// It did not, and this is what may be said about every recipient of the call.
    case ended(SupplierVerdict)

    /// Makes the call and sorts how it ended.
    ///
    /// A gateway's 502 and 504 tell that the request went further and that nobody knows how far; any other 5xx
    /// tells that it was turned away.
    static func make(_ request: HTTPRequest, over http: any HTTPClient) async -> SupplierExchange {
        do throws(HTTPError) {
            let response = try await http.send(request)
            switch response.status {
            case 502, 504: return .ended(.ambiguous(detail: "http status \(response.status)"))
            case 500...599:
                let code = "http.\(response.status)"
                return .ended(.refused(Refusal(.transient, code: code, wait: response.retryAfter)))
            default: return .answered(response)
            }
        } catch {
            return .ended(verdict(on: error))
        }
    }

    /// What the supplier said in a call that is not about recipients.
    ///
    /// - Throws: what ended the call before that.
    func response() throws(SupplierError) -> HTTPResponse {
        switch self {
        case .answered(let response): return response
        case .ended(let verdict): throw SupplierError(verdict)
        }
    }

    private static func verdict(on error: HTTPError) -> SupplierVerdict {
        if error.mayHaveArrived { return .ambiguous(detail: error.description) }
        // Only who set the account up can change where it leads.
        let isOurFault = error.code == .badURL || error.code == .addressRefused
        let fault: Refusal.Class = isOurFault ? .badConfig : .transient
        return .refused(Refusal(fault, code: "http.\(error.code.rawValue)", message: error.detail))
    }

    /// What may be said about a body that is not of the supplier's form.
    ///
    /// Under a success status anything may have happened. Under any other the request was turned away: by our own
    /// doing, since the faults of their side are sorted out before.
    static func verdict(onUnreadable response: HTTPResponse) -> SupplierVerdict {
        switch response.status {
        case 200...299: .ambiguous(detail: "unreadable answer of \(response.body.count) bytes")
        case 408, 425: .refused(Refusal(.transient, code: "http.\(response.status)"))
        case 429: .refused(Refusal(.throttled, code: "http.429", wait: response.retryAfter))
        case 400, 413, 415, 422: .refused(Refusal(.badContent, code: "http.\(response.status)"))
        default: .refused(Refusal(.badConfig, code: "http.\(response.status)"))
        }
    }
}

extension HTTPResponse {
    /// For how long the other side wants to be left alone; nil when it does not say so in seconds.
    var retryAfter: Duration? {
        let field = headers.first { $0.name == "retry-after" }
        guard let seconds = field.flatMap({ Int64($0.value) }), seconds >= 0 else { return nil }
        // A day is longer than anybody waits for a message.
        return .seconds(min(seconds, 86_400))
    }
}

extension SupplierError {
    /// The same word as an error, for calls that are not about recipients.
    init(_ verdict: SupplierVerdict) {
        switch verdict {
        case .refused(let refusal): self = .refused(refusal)
        case .ambiguous(let detail): self = .unavailable(detail)
        case .accepted(let reference, _): self = .unavailable("unexpected acceptance \(reference)")
        }
    }
}

/// Where a supplier's API is.
struct SupplierEndpoint: Sendable {
    /// What requests are posted to; ends in a slash.
    let url: String
    /// What is sent and signed as `Host`: with the port unless it is the scheme's own.
    let host: String

    /// Takes an account's address apart; whether anything is there shows when it is called.
    init(_ address: String) {
        url = address.hasSuffix("/") ? address : address + "/"
        let scheme = address.prefix { $0 != ":" }
        let rest = address.dropFirst(scheme.count).drop { $0 == ":" || $0 == "/" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let ownPort = scheme == "https" ? ":443" : ":80"
        host = String(authority.hasSuffix(ownPort) ? authority.dropLast(ownPort.count) : authority)
    }
}
