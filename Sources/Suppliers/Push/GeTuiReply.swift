import Groundwork
import PushEngine

/// GeTui's answers: a code, some words, and data where the code is 0.
struct GeTuiReply {
    let code: Int64
    let message: String
    let data: WireObject

    init?(_ body: [UInt8]) {
        guard let body = (try? WireValue(json: body))?.object, let code = body["code"].wholeNumber else {
            return nil
        }
        self.code = code
        message = body["msg"].text ?? ""
        data = body["data"].object ?? WireObject()
    }

    /// Whether an answer says that the token is none, or none any more.
    static func isRejection(_ response: HTTPResponse) -> Bool { GeTuiReply(response.body)?.code == 10_001 }

    /// The verdict on the only device of a call.
    static func verdict(on device: String, in response: HTTPResponse) -> SupplierVerdict {
        guard let reply = GeTuiReply(response.body) else {
            return SupplierExchange.verdict(onUnreadable: response)
        }
        guard reply.code == 0 else { return .refused(reply.refusal(status: response.status)) }
        guard (200...299).contains(response.status) else {
            return .ambiguous(detail: "a success with the status of none")
        }
        guard let task = reply.data.members.first, let word = task.value.object?[device].text else {
            return .ambiguous(detail: "the answer does not speak of this device")
        }
        switch word {
        case "successed_online", "successed_offline": return .accepted(reference: task.key, charge: 0)
        // Not opened for so long that GeTui does not try.
        case "successed_ignore": return .refused(Refusal(.badRecipient, code: word))
        default: return .ambiguous(detail: "the answer says neither yes nor no of this device")
        }
    }

    /// The data of a success.
    ///
    /// - Throws: `SupplierError` for anything else.
    static func data(in response: HTTPResponse) throws(SupplierError) -> WireObject {
        guard let reply = GeTuiReply(response.body) else {
            throw SupplierError(SupplierExchange.verdict(onUnreadable: response))
        }
        guard reply.code == 0 else { throw .refused(reply.refusal(status: response.status)) }
        return reply.data
    }

    private func refusal(status: Int) -> Refusal {
        Refusal(Self.fault(of: code, message: message, status: status), code: String(code), message: message)
    }

    /// Sorts a code (docs.getui.com, rest_v2/code); one that is not there is judged by its status.
    static func fault(of code: Int64, message: String = "", status: Int = 200) -> Refusal.Class {
        switch code {
        // The service is starting.
        case 2: .transient
        // The application is at home elsewhere, or the address is wrong.
        case 301, 404, 405: .badConfig
        // How often in a minute.
        case 10_003, 10_005: .throttled
        // The token, a black list, a right that is missing.
        case 10_000...10_999: .badConfig
        case 20_001 where message.contains("target user is invalid"): .badRecipient
        // A wrong secret, or a clock that is off.
        case 20_001 where message.contains("sign is invalid"): .badConfig
        case _ where status == 429: .throttled
        // What was paid for.
        case _ where status == 403: .badConfig
        case _ where status >= 500 || code == -1: .transient
        default: .badContent
        }
    }
}
