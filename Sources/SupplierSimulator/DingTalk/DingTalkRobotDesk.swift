import Groundwork
import Synchronization

/// The simulated custom robots of DingTalk: two of them, in one group.
struct DingTalkRobotDesk: ReceiptlessDesk {
    let supplier = SimulatedSupplier.dingTalkRobot
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        SimulatedReply(errcode: refusal)
    }

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        guard request.method == "POST", request.path == "/robot/send" else {
            throw SimulatedRefusal("404", "请求的URI地址不存在", status: 404)
        }
        guard request.field("content-type")?.hasPrefix("application/json") == true else {
            throw SimulatedRefusal("43004", "无效的HTTP HEADER Content-Type")
        }
        guard let query = FormParameters(request.query.utf8),
            let key = key(named: query["access_token"] ?? "")
        else { throw SimulatedRefusal("300001", "token is not exist") }
        try Self.verify(query, with: key.secretKey, at: now)
        try admit(key.accessKey, at: now)
        let message = try Self.message(request.body)
        return try take(
            message,
            by: key,
            at: now,
            throttled: Self.tooFast
        ) { _ in WireValue.object(["errcode": 0, "errmsg": "ok"]).json }
    }

    private static let tooFast = SimulatedRefusal("130101", "send too fast, exceed 20 times per minute")

    /// How far a caller's clock may be off.
    private static let skew = Duration.seconds(3_600)

    private static func verify(
        _ query: FormParameters,
        with secret: Secret,
        at now: Moment
    ) throws(SimulatedRefusal) {
        guard let text = query["timestamp"], let milliseconds = Int64(text),
            abs(milliseconds - now.millisecondsSinceEpoch) <= skew.wholeMilliseconds
        else { throw SimulatedRefusal("310000", "invalid timestamp, more: [https://open.dingtalk.com]") }
        let key = secret.reveal()
        let right = SignatureMaths.hmac256("\(text)\n\(key)", key: Array(key.utf8))
        guard query["sign"] == SignatureMaths.base64(right) else {
            throw SimulatedRefusal("310000", "sign not match, more: [https://open.dingtalk.com]")
        }
    }

    /// Counts a message; the one too many makes the robot silent for ten minutes.
    private func admit(_ robot: String, at now: Moment) throws(SimulatedRefusal) {
        let isSilent = simulation.world.withLock { world in
            let name = "\(supplier.rawValue)/\(robot)"
            let fits = world.admit(robot, [CallRateLimit(20, seconds: 60)], of: supplier, at: now)
            let isSilent = world.silences[name].map { $0 > now } ?? false
            if !fits, !isSilent { world.silences[name] = now + .seconds(600) }
            return world.limitsRates && (isSilent || !fits)
        }
        guard !isSilent else { throw Self.tooFast }
    }

    private static func message(_ body: [UInt8]) throws(SimulatedRefusal) -> ChatMessage {
        guard let members = (try? WireValue(json: body))?.object else {
            throw SimulatedRefusal("40035", "缺少参数 json")
        }
        let type = members["msgtype"].text ?? ""
        guard let needed = needs[type] else { throw SimulatedRefusal("400105", "unsupported msgtype") }
        let object = members[type].object ?? [:]
        for name in needed { try check(object[name], "\(type).\(name)") }
        switch type {
        case "feedCard":
            for link in object["links"].list ?? [] {
                for name in ["title", "messageURL"] {
                    try check(link.object?[name] ?? .null, "feedCard.links.\(name)")
                }
            }
        case "actionCard": try checkButtons(object)
        default: break
        }
        let at = members["at"].object ?? [:]
        let names =
            texts(at["atMobiles"]) + texts(at["atUserIds"])
            + (at["isAtAll"].truth == true ? [ChatMessage.everybody] : [])
        let text = object["content"].text ?? object["text"].text
        guard type == "text" || type == "markdown", let text else {
            return ChatMessage(to: [], saying: WireValue.object(object).json)
        }
        return ChatMessage(to: names, saying: without(names, text).utf8)
    }

    /// What each kind of message must have.
    private static let needs = [
        "text": ["content"], "link": ["title", "text", "messageUrl"], "markdown": ["title", "text"],
        "actionCard": ["title", "text"], "feedCard": ["links"],
    ]

    private static func checkButtons(_ card: WireObject) throws(SimulatedRefusal) {
        guard let buttons = card["btns"].list else {
            for name in ["singleTitle", "singleURL"] { try check(card[name], "actionCard.\(name)") }
            return
        }
        for button in buttons {
            for name in ["title", "actionURL"] {
                try check(button.object?[name] ?? .null, "actionCard.btns.\(name)")
            }
        }
    }

    private static func check(_ value: WireValue, _ name: String) throws(SimulatedRefusal) {
        let isThere = value.list.map { !$0.isEmpty } ?? !(value.text ?? "").isEmpty
        guard isThere else { throw SimulatedRefusal("40035", "缺少参数 \(name)") }
    }

    private static func texts(_ value: WireValue) -> [String] { (value.list ?? []).compactMap(\.text) }

    /// What is said, without the names of those who are called.
    private static func without(_ names: [String], _ text: String) -> String {
        // The longest first: a name may begin another.
        names.sorted { $0.utf8.count > $1.utf8.count }
            .reduce(text) { $0.replacing("@\($1)", with: "") }
            .trimming()
    }
}
