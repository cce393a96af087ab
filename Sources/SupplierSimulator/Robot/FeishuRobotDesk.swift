import Groundwork
import Synchronization

/// The simulated custom robots of Feishu: two of them, in one group.
struct FeishuRobotDesk: ReceiptlessDesk {
    let supplier = SimulatedSupplier.feishuRobot
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        SimulatedReply(
            status: refusal.status,
            [
                "code": .integer(Int64(refusal.code) ?? -1), "msg": .text(refusal.message),
                "data": .object([:]),
            ]
        )
    }

    private static let prefix = "/open-apis/bot/v2/hook/"
    private static let bodyLimit = 20 << 10

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        guard request.method == "POST", request.path.hasPrefix(Self.prefix) else {
            throw SimulatedRefusal("9499", "Bad Request", status: 404)
        }
        guard let key = key(named: String(request.path.dropFirst(Self.prefix.count))) else {
            throw SimulatedRefusal("19001", "param invalid: incoming webhook access token invalid")
        }
        guard request.body.count <= Self.bodyLimit, let members = request.object else {
            throw SimulatedRefusal("9499", "Bad Request")
        }
        try Self.verify(members, with: key.secretKey, at: now)
        let fits = simulation.world.withLock { world in
            let limits = [CallRateLimit(5), CallRateLimit(100, seconds: 60)]
            return world.admit(key.accessKey, limits, of: supplier, at: now)
        }
        guard fits else { throw Self.throttled }
        let message = try Self.message(members)
        return try take(
            message,
            by: key,
            at: now,
            throttled: Self.throttled
        ) { _ in
            let answer: WireObject = [
                "StatusCode": 0, "StatusMessage": "success", "code": 0, "data": .object([:]),
                "msg": "success",
            ]
            return WireValue.object(answer).json
        }
    }

    private static let throttled = SimulatedRefusal("11232", "frequency limited")

    private static let badSign = SimulatedRefusal(
        "19021",
        "sign match fail or timestamp is not within one hour from current time"
    )

    private static func verify(
        _ members: WireObject,
        with secret: Secret,
        at now: Moment
    ) throws(SimulatedRefusal) {
        // A text, as it stands: a number has another form in the key.
        guard case .text(let text) = members["timestamp"], let seconds = Int64(text),
            abs(seconds - now.secondsSinceEpoch) <= 3_600
        else { throw badSign }
        let right = SignatureMaths.hmac256("", key: Array("\(text)\n\(secret.reveal())".utf8))
        guard members["sign"] == .text(SignatureMaths.base64(right)) else { throw badSign }
    }

    private static func message(_ members: WireObject) throws(SimulatedRefusal) -> ChatMessage {
        let content = members["content"].object ?? [:]
        switch members["msg_type"].text ?? "" {
        case "text":
            let text = try needed(content["text"], "text")
            let parts = text.split(separator: "<at user_id=\"", omittingEmptySubsequences: false)
            let tail = "\"></at>"
            let names = parts.dropFirst()
                .compactMap { part in
                    part.firstRange(of: tail).map { String(part[..<$0.lowerBound]) }
                }
            guard names.count == parts.count - 1 else { throw missing("text") }
            let said = names.reduce(text) { $0.replacing("<at user_id=\"\($1)\"></at>", with: "") }
            return ChatMessage(to: names.map(plain), saying: said.trimming().utf8)
        case "post":
            let post = content["post"].object?["zh_cn"].object
            guard let lines = post?["content"].list, !lines.isEmpty else { throw missing("post") }
            let said = lines.filter { names(in: $0).isEmpty }
            return ChatMessage(to: lines.flatMap(names), saying: WireValue.list(said).json)
        case "image": return try plain(content, "image_key")
        case "share_chat": return try plain(content, "share_chat_id")
        case "interactive":
            guard let card = members["card"].object, !card.members.isEmpty else { throw missing("card") }
            return ChatMessage(to: [], saying: WireValue.object(card).json)
        default: throw SimulatedRefusal("19002", "params error, msg_type need")
        }
    }

    /// A message that calls nobody by name.
    private static func plain(_ content: WireObject, _ name: String) throws(SimulatedRefusal) -> ChatMessage {
        ChatMessage(to: [], saying: try needed(content[name], name).utf8)
    }

    /// Whom a line of a post calls by name.
    private static func names(in line: WireValue) -> [String] {
        (line.list ?? []).filter { $0.object?["tag"] == "at" }
            .compactMap { $0.object?["user_id"].text }
            .map(plain)
    }

    private static func plain(_ id: String) -> String { id == "all" ? ChatMessage.everybody : id }

    private static func needed(_ value: WireValue, _ name: String) throws(SimulatedRefusal) -> String {
        guard case .text(let text) = value, !text.isEmpty else { throw missing(name) }
        return text
    }

    private static func missing(_ name: String) -> SimulatedRefusal {
        SimulatedRefusal("19002", "params error, \(name) need")
    }
}
