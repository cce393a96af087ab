import Groundwork

/// The body of `asyncsend_v2`, read strictly.
struct DingTalkNoticeOrder {
    /// To whom; the whole company is a user of its own.
    let users: [String]
    let contentHash: UInt64

    init(_ body: WireObject) throws(SimulatedRefusal) {
        if body["to_all_user"].truth == true {
            users = [ChatMessage.everybody]
        } else {
            users = (body["userid_list"].text ?? "").split(separator: ",").map(String.init)
        }
        guard !users.isEmpty else { throw SimulatedRefusal("1430000", "接收者为空") }
        guard users.count <= 100 else { throw SimulatedRefusal("40032", "不合法的UserID列表长度") }
        let message = body["msg"].object ?? [:]
        let json = WireValue.object(message).json
        guard json.count <= 2_048 else { throw SimulatedRefusal("34016", "消息体过长") }
        try Self.check(message)
        contentHash = ContentHash.of(json)
    }

    /// What each kind of message must have.
    private static let needs = [
        "text": ["content"], "image": ["media_id"], "file": ["media_id"], "voice": ["media_id", "duration"],
        "link": ["messageUrl", "title", "text"], "markdown": ["title", "text"],
        "oa": ["message_url", "head", "body"], "action_card": ["title", "markdown"],
    ]

    private static func check(_ message: WireObject) throws(SimulatedRefusal) {
        let type = message["msgtype"].text ?? ""
        guard let needed = needs[type] else { throw SimulatedRefusal("40008", "不合法的消息类型") }
        let object = message[type].object ?? [:]
        for name in needed { try check(object[name], "\(type).\(name)") }
        guard type == "action_card" else { return }
        guard let buttons = object["btn_json_list"].list else {
            for name in ["single_title", "single_url"] { try check(object[name], "action_card.\(name)") }
            return
        }
        for button in buttons {
            for name in ["title", "action_url"] {
                try check(button.object?[name] ?? .null, "action_card.btn_json_list.\(name)")
            }
        }
    }

    private static func check(_ value: WireValue, _ name: String) throws(SimulatedRefusal) {
        let isThere = value.object.map { !$0.members.isEmpty } ?? !(value.text ?? "").isEmpty
        guard isThere else { throw SimulatedRefusal("40035", "缺少参数 \(name)") }
    }
}

/// What the simulated DingTalk says about notices.
enum DingTalkNoticeAnswers {
    /// A refusal; one whose code begins with `88/` comes wrapped, as the door's own do.
    static func refusal(_ refusal: SimulatedRefusal, requestID: String) -> SimulatedReply {
        let codes = refusal.code.split(separator: "/")
        guard codes.count == 2 else { return SimulatedReply(errcode: refusal) }
        return SimulatedReply([
            "errcode": .integer(Int64(codes[0]) ?? -1), "sub_code": .text(String(codes[1])),
            "sub_msg": .text(refusal.message),
            "errmsg": .text("ding talk error[subcode=\(codes[1]),submsg=\(refusal.message)]"),
            "request_id": .text(requestID),
        ])
    }

    /// What became of a notice, as far as it is known.
    ///
    /// - Parameters:
    ///   - notice: the notice.
    ///   - entries: those of its users in the ledger.
    ///   - now: the time.
    /// - Returns: the answer.
    static func result(
        of notice: NoticeBook.Notice,
        _ entries: [SupplierLedger.Entry],
        at now: Moment
    ) -> WireObject {
        let settled = zip(notice.users, entries)
            .filter { _, entry in
                entry.acceptedAt + Int64(entry.receiptAfter) <= now.millisecondsSinceEpoch
            }
        let delivered = settled.filter { $0.1.isDelivered }.map(\.0.name)
        let failed = settled.filter { !$0.1.isDelivered }.map(\.0.name)
        let forbidden = notice.forbidden.map { entry -> WireValue in
            .object(["code": .text(entry.code), "count": 1, "userid": .text(entry.user)])
        }
        let result: WireObject = [
            "invalid_user_id_list": texts(notice.invalid),
            "forbidden_user_id_list": texts(notice.forbidden.map(\.user)),
            "failed_user_id_list": texts(failed), "read_user_id_list": texts([]),
            "unread_user_id_list": texts(delivered), "invalid_dept_id_list": texts([]),
            "forbidden_list": .list(forbidden),
        ]
        return ["errcode": 0, "errmsg": "ok", "send_result": .object(result)]
    }

    private static func texts(_ texts: [String]) -> WireValue { .list(texts.map { .text($0) }) }
}
