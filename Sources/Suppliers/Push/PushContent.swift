import Groundwork
import PushEngine

/// What a push shows and brings along, read out of the channel's content.
struct PushContent: Sendable {
    /// For how long a supplier keeps trying to reach a device that is off; what is seen later than that is stale.
    static let lifetime = Duration.seconds(86_400)

    let title: String
    let text: String
    /// What a tap opens; empty for the application itself.
    let url: String
    /// What the application gets.
    let data: [WireObject.Member]

    /// Reads a rendered content; nil when it is none, or says nothing.
    init?(_ content: String) {
        guard let content = try? RenderedContent(content), !content["content"].isEmpty else { return nil }
        title = content["title"]
        text = content["content"]
        url = content["url"]
        switch content.value("data") {
        case .null: data = []
        case .object(let object): data = object.members
        default: return nil
        }
    }

    /// What the application gets, the link among it under `url` unless something else has the name.
    var payload: WireObject {
        var payload = WireObject()
        if !url.isEmpty, !data.contains(where: { $0.key == "url" }) { payload.append("url", .text(url)) }
        for member in data { payload.append(member.key, member.value) }
        return payload
    }

    /// Title and text, as most suppliers spell them.
    var alert: WireObject { ["title": .text(title), "body": .text(text)] }
}

extension WireObject {
    /// How long it is as JSON, in bytes.
    var size: Int { WireValue.object(self).json.count }
}

extension SupplierReply {
    /// We refuse a call before it is made.
    ///
    /// - Parameters:
    ///   - call: the call.
    ///   - reason: why, as a code's last part.
    ///   - fault: whose fault it is.
    /// - Returns: the same for each recipient.
    static func refused(
        _ call: SupplierCall,
        _ reason: String,
        _ fault: Refusal.Class = .badContent
    ) -> SupplierReply {
        SupplierReply(all: .refused(Refusal(fault, code: "kpush.\(reason)")), count: call.recipients.count)
    }
}

extension SupplierAccount {
    /// Where an account's tokens are had.
    ///
    /// - Parameters:
    ///   - token: the supplier's own place for tokens.
    ///   - api: the supplier's own place for all else.
    ///   - path: where tokens are at a place that stands in for both, such as a proxy.
    /// - Returns: the address.
    func tokenAddress(_ token: String, besides api: String, orBelow path: String) -> String {
        let endpoint = SupplierEndpoint(url)
        return endpoint.host == SupplierEndpoint(api).host ? token : endpoint.url + path
    }
}
