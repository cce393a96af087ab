import Groundwork
import PushEngine

/// Apple's answer to a push.
enum APNsReply {
    /// Whether an answer says that the token is too old.
    static func isRejection(_ response: HTTPResponse) -> Bool {
        response.status == 403 && reason(in: response)?.name == "ExpiredProviderToken"
    }

    static func verdict(in response: HTTPResponse) -> SupplierVerdict {
        if response.status == 200 {
            // Only Apple gives a message an id.
            guard let identity = response.headers.first(where: { $0.name == "apns-id" })?.value,
                !identity.isEmpty
            else { return SupplierExchange.verdict(onUnreadable: response) }
            return .accepted(reference: identity, charge: 0)
        }
        guard let reason = reason(in: response) else {
            // Whatever else it says, the device is gone.
            if response.status == 410 { return .refused(Refusal(.badRecipient, code: "http.410")) }
            return SupplierExchange.verdict(onUnreadable: response)
        }
        return .refused(
            Refusal(
                fault(of: reason.name, status: response.status),
                code: reason.name,
                message: reason.since.map {
                    "the token is dead since \(CivilTime($0, offset: .zero).iso8601)"
                }
                    ?? "",
                wait: response.retryAfter
            )
        )
    }

    private static func reason(in response: HTTPResponse) -> (name: String, since: Moment?)? {
        guard let body = (try? WireValue(json: response.body))?.object, let name = body["reason"].text,
            !name.isEmpty
        else { return nil }
        // Since when the device is known to be gone, in milliseconds.
        return (name, body["timestamp"].wholeNumber.flatMap { Moment(toldInMilliseconds: $0) })
    }

    /// Sorts a reason; one that nobody has told us about is judged by its status.
    static func fault(of reason: String, status: Int) -> Refusal.Class {
        if let fault = table[reason] { return fault }
        return switch status {
        case 410: .badRecipient
        case 403: .badConfig
        case 429: .throttled
        case 500...599: .transient
        default: .badContent
        }
    }

    private static let table: [String: Refusal.Class] = [
        "BadDeviceToken": .badRecipient,
        "DeviceTokenNotForTopic": .badRecipient,
        "MissingDeviceToken": .badRecipient,
        "Unregistered": .badRecipient,
        "ExpiredToken": .badRecipient,

        "BadCollapseId": .badContent,
        "BadExpirationDate": .badContent,
        "BadMessageId": .badContent,
        "BadPriority": .badContent,
        "BadTopic": .badContent,
        "DuplicateHeaders": .badContent,
        "InvalidPushType": .badContent,
        "MissingTopic": .badContent,
        "PayloadEmpty": .badContent,
        "PayloadTooLarge": .badContent,
        // Calls that we should not have made.
        "BadPath": .badContent,
        "MethodNotAllowed": .badContent,

        "TopicDisallowed": .badConfig,
        "BadCertificate": .badConfig,
        "BadCertificateEnvironment": .badConfig,
        "Forbidden": .badConfig,
        "InvalidProviderToken": .badConfig,
        "MissingProviderToken": .badConfig,
        // A second time, when a new one was signed already: our clock is off.
        "ExpiredProviderToken": .badConfig,

        "TooManyProviderTokenUpdates": .throttled,
        // For one device, in a row.
        "TooManyRequests": .recipientLater,

        "IdleTimeout": .transient,
        "InternalServerError": .transient,
        "ServiceUnavailable": .transient,
        "Shutdown": .transient,
    ]
}
