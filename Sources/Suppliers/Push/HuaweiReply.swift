import Groundwork
import PushEngine

/// Huawei's answer to a send: a code for the call, and the devices that do not exist where there are such.
struct HuaweiReply {
    private let code: String
    private let message: String
    private let reference: String

    private init?(_ body: [UInt8]) {
        guard let body = (try? WireValue(json: body))?.object, let code = body["code"].text, !code.isEmpty
        else { return nil }
        self.code = code
        message = body["msg"].text ?? ""
        reference = body["requestId"].text ?? ""
    }

    /// Whether an answer says that the access token is none, or none any more.
    static func isRejection(_ response: HTTPResponse) -> Bool {
        ["80200001", "80200003"].contains(HuaweiReply(response.body)?.code)
    }

    /// The verdict on each recipient of `call`, in its order.
    static func verdicts(on call: SupplierCall, in response: HTTPResponse) -> SupplierReply {
        let count = call.recipients.count
        guard let reply = HuaweiReply(response.body) else {
            return SupplierReply(all: SupplierExchange.verdict(onUnreadable: response), count: count)
        }
        switch reply.code {
        // Success is only what comes with the status of one, and with a reference.
        case success, partialSuccess:
            guard response.status == 200, !reply.reference.isEmpty else {
                let open = SupplierVerdict.ambiguous(detail: "accepted without a reference")
                return SupplierReply(all: open, count: count)
            }
        default: break
        }
        switch reply.code {
        case success:
            return SupplierReply(all: .accepted(reference: reply.reference, charge: 0), count: count)
        case partialSuccess:
            guard let dead = reply.illegalTokens else {
                let open = SupplierVerdict.ambiguous(detail: "the answer does not say who was left out")
                return SupplierReply(all: open, count: count)
            }
            return SupplierReply(
                verdicts: call.recipients.map {
                    dead.contains($0)
                        ? .refused(Refusal(.badRecipient, code: partialSuccess))
                        : .accepted(reference: reply.reference, charge: 0)
                }
            )
        default:
            let fault = fault(of: reply.code, status: response.status)
            let refusal = Refusal(
                fault,
                code: reply.code,
                message: reply.message,
                wait: response.retryAfter
            )
            return SupplierReply(all: .refused(refusal), count: count)
        }
    }

    /// Who was left out: a JSON text inside the answer's words.
    private var illegalTokens: Set<String>? {
        guard let words = (try? WireValue(json: message.utf8))?.object,
            let tokens = words["illegal_tokens"].list
        else { return nil }
        return Set(tokens.compactMap(\.text))
    }

    private static let success = "80000000"
    static let partialSuccess = "80100000"

    /// Sorts a code; one that nobody has told us about is judged by its status.
    static func fault(of code: String, status: Int = 200) -> Refusal.Class {
        switch code {
        // All tokens of the call are dead.
        case "80300007": .badRecipient
        case "80100017": .throttled
        case "80600003": .transient
        case "80300011", "80200001", "80200003": .badConfig
        case _ where status == 429: .throttled
        case _ where status >= 500 || code == "-1": .transient
        default: .badContent
        }
    }
}
