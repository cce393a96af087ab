import Groundwork

/// A message of a WeCom application, read strictly.
struct WeComSendRequest {
    /// Whom it is for, as written.
    let members: [String]
    let contentHash: UInt64
    /// For how long the same is not to be sent again; nil for no such wish.
    let duplicateInterval: Duration?

    /// Reads a body.
    ///
    /// - Parameters:
    ///   - body: what was sent.
    ///   - agentID: the application's number.
    /// - Throws: WeCom's words for what is wrong with it.
    init(_ body: WireObject, agentID: String) throws(SimulatedRefusal) {
        guard case .integer(let agent) = body["agentid"], String(agent) == agentID else {
            throw SimulatedRefusal("40056", "invalid agentid")
        }
        members = (body["touser"].text ?? "").split(separator: "|").map(String.init)
        guard (1...1_000).contains(members.count) else {
            throw SimulatedRefusal("82001", "user & party & tag all empty, or too many")
        }
        let type = body["msgtype"].text ?? ""
        guard let check = Self.checks[type] else { throw SimulatedRefusal("40008", "invalid message type") }
        guard let message = body[type].object else { throw SimulatedRefusal("44004", "empty content") }
        try check(message)
        contentHash = ContentHash.of(WireValue.object(message).json)
        let seconds = body["duplicate_check_interval"].wholeNumber ?? 1_800
        guard (1...14_400).contains(seconds) else {
            throw SimulatedRefusal("40058", "invalid Request Parameter: duplicate_check_interval")
        }
        duplicateInterval = body["enable_duplicate_check"].wholeNumber == 1 ? .seconds(seconds) : nil
    }

    private typealias Check = @Sendable (WireObject) throws(SimulatedRefusal) -> Void

    private static let checks: [String: Check] = [
        "text": needing("content"), "markdown": needing("content"), "image": needing("media_id"),
        "voice": needing("media_id"), "file": needing("media_id"), "video": needing("media_id"),
        "textcard": needing("title", "description", "url"), "news": articles("title"),
        "mpnews": articles("title", "thumb_media_id", "content"),
        "miniprogram_notice": needing("appid", "title"), "template_card": needing("card_type"),
    ]

    private static func needing(_ names: String...) -> Check {
        { message throws(SimulatedRefusal) in try check(message, names) }
    }

    private static func articles(_ names: String...) -> Check {
        { message throws(SimulatedRefusal) in
            let articles = message["articles"].list ?? []
            guard (1...8).contains(articles.count) else {
                throw SimulatedRefusal("40058", "invalid Request Parameter: articles")
            }
            for article in articles { try check(article.object ?? WireObject(), names) }
        }
    }

    private static func check(_ message: WireObject, _ names: [String]) throws(SimulatedRefusal) {
        for name in names where (message[name].text ?? "").isEmpty {
            throw SimulatedRefusal("40058", "invalid Request Parameter: \(name)")
        }
    }
}
