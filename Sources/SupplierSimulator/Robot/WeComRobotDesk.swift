import Crypto
import Foundation
import Groundwork
import Synchronization

/// The simulated group robots of WeCom: two of them, in one group.
struct WeComRobotDesk: ReceiptlessDesk {
    let supplier = SimulatedSupplier.weComRobot
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        SimulatedReply(errcode: refusal)
    }

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        let isUpload = request.path == "/cgi-bin/webhook/upload_media"
        guard request.method == "POST", isUpload || request.path == "/cgi-bin/webhook/send" else {
            throw SimulatedRefusal("404", "not found", status: 404)
        }
        guard let query = FormParameters(request.query.utf8),
            let key = key(named: query["key"] ?? "")
        else { throw SimulatedRefusal("93000", "invalid webhook url") }
        let fits = simulation.world.withLock { world in
            world.admit(key.accessKey, [CallRateLimit(20, seconds: 60)], of: supplier, at: now)
        }
        guard fits else { throw Self.throttled }
        if isUpload {
            return SimulatedReply(
                try simulation.takeMedia(
                    request,
                    type: query["type"] ?? "",
                    MediaLimit.weComRobot,
                    least: 6,
                    at: supplier,
                    of: key.accessKey,
                    for: .seconds(3 * 86_400),
                    at: now
                )
            )
        }
        guard let members = request.object else { throw SimulatedRefusal("44004", "empty content") }
        let message = try Self.message(members)
        let type = members["msgtype"].text ?? ""
        try simulation.checkMedia(
            in: members[type].object ?? [:],
            type,
            at: supplier,
            of: key.accessKey,
            at: now
        )
        return try take(
            message,
            by: key,
            at: now,
            throttled: Self.throttled
        ) { _ in WireValue.object(["errcode": 0, "errmsg": "ok"]).json }
    }

    private static let throttled = SimulatedRefusal("45009", "api freq out of limit")
    private static let imageLimit = 2 << 20

    private static func message(_ members: WireObject) throws(SimulatedRefusal) -> ChatMessage {
        let type = members["msgtype"].text ?? ""
        let object = members[type].object ?? [:]
        let said = WireValue.object(object).json
        switch type {
        case "text":
            let text = try needed(object, "content", atMost: 2_048)
            let mobiles = texts(object["mentioned_mobile_list"])
            return ChatMessage(to: texts(object["mentioned_list"]) + mobiles, saying: text.utf8)
        case "markdown": return markdown(try needed(object, "content", atMost: 4_096))
        case "image":
            try check(image: object)
            return ChatMessage(to: [], saying: said)
        case "news":
            guard let articles = object["articles"].list, (1...8).contains(articles.count) else {
                throw SimulatedRefusal("40058", "news.articles has 1 to 8 entries")
            }
            for article in articles {
                for name in ["title", "url"] { _ = try needed(article.object ?? [:], name) }
            }
            return ChatMessage(to: [], saying: said)
        case "file", "voice":
            _ = try needed(object, "media_id")
            return ChatMessage(to: [], saying: said)
        case "template_card":
            _ = try needed(object, "card_type")
            return ChatMessage(to: [], saying: said)
        default: throw SimulatedRefusal("40008", "invalid message type")
        }
    }

    /// Markdown names users in itself.
    private static func markdown(_ text: String) -> ChatMessage {
        let names = text.split(separator: "<@").dropFirst(text.hasPrefix("<@") ? 0 : 1)
            .compactMap { part in part.firstIndex(of: ">").map { String(part[..<$0]) } }
        let said = names.reduce(text) { $0.replacing("<@\($1)>", with: "") }
        return ChatMessage(to: names, saying: said.trimming().utf8)
    }

    private static func check(image: WireObject) throws(SimulatedRefusal) {
        guard let picture = Data(base64Encoded: try needed(image, "base64")), picture.count <= imageLimit,
            SignatureMaths.hex(Insecure.MD5.hash(data: picture)) == image["md5"].text
        else { throw SimulatedRefusal("40058", "image does not match its md5") }
    }

    private static func needed(
        _ object: WireObject,
        _ name: String,
        atMost limit: Int = .max
    ) throws(SimulatedRefusal) -> String {
        guard case .text(let text) = object[name], !text.isEmpty else {
            throw SimulatedRefusal("44004", "empty \(name)")
        }
        guard text.utf8.count <= limit else { throw SimulatedRefusal("40058", "\(name) is too long") }
        return text
    }

    private static func texts(_ value: WireValue) -> [String] { (value.list ?? []).compactMap(\.text) }
}
