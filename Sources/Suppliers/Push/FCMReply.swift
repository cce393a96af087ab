import Groundwork
import PushEngine

/// FCM's answer to a send.
enum FCMReply {
    /// What FCM says about a message that it did not take.
    private struct Fault {
        /// FCM's own code; empty where Google's front says no before FCM is asked.
        let code: String
        /// Google's word for the status, such as `NOT_FOUND`.
        let status: String
        let message: String
        /// Whether it is the device's token that is wrong.
        let isAboutToken: Bool

        init?(_ body: [UInt8]) {
            guard let error = (try? WireValue(json: body))?.object?["error"].object else { return nil }
            let details = (error["details"].list ?? []).compactMap(\.object)
            code =
                details.first { $0["@type"].text?.hasSuffix("FcmError") == true }?["errorCode"].text ?? ""
            status = error["status"].text ?? ""
            message = error["message"].text ?? ""
            let fields = details.flatMap { $0["fieldViolations"].list ?? [] }
                .compactMap { $0.object?["field"].text }
            isAboutToken = fields.contains("message.token") || message.contains("registration token")
        }
    }

    /// Whether an answer says that the access token is none, or none any more.
    static func isRejection(_ response: HTTPResponse) -> Bool {
        response.status == 401 && Fault(response.body)?.code != "THIRD_PARTY_AUTH_ERROR"
    }

    static func verdict(in response: HTTPResponse) -> SupplierVerdict {
        if (200...299).contains(response.status) {
            guard let name = (try? WireValue(json: response.body))?.object?["name"].text, !name.isEmpty else {
                return SupplierExchange.verdict(onUnreadable: response)
            }
            return .accepted(reference: name, charge: 0)
        }
        guard let fault = Fault(response.body) else {
            return SupplierExchange.verdict(onUnreadable: response)
        }
        let code = fault.code.isEmpty ? fault.status : fault.code
        let kind = Self.kind(of: fault)
        // Google's word for those who are not told how long.
        let wait = response.retryAfter ?? (kind == .throttled ? .seconds(60) : nil)
        return .refused(Refusal(kind, code: code, message: fault.message, wait: wait))
    }

    private static func kind(of fault: Fault) -> Refusal.Class {
        switch fault.code {
        case "UNREGISTERED", "SENDER_ID_MISMATCH": return .badRecipient
        case "INVALID_ARGUMENT": return fault.isAboutToken ? .badRecipient : .badContent
        case "QUOTA_EXCEEDED": return .throttled
        case "UNAVAILABLE", "INTERNAL": return .transient
        case "THIRD_PARTY_AUTH_ERROR": return .badConfig
        default: break
        }
        return switch fault.status {
        case "RESOURCE_EXHAUSTED": .throttled
        case "UNAVAILABLE", "INTERNAL": .transient
        // Of the project, not of a device: that is said by a code of FCM's.
        case "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND": .badConfig
        case "INVALID_ARGUMENT" where fault.isAboutToken: .badRecipient
        default: .badContent
        }
    }
}
