import Groundwork
import Synchronization

/// The simulated work notices of DingTalk: one application, and its tokens.
struct DingTalkNoticeDesk: ReceiptlessDesk {
    let supplier = SimulatedSupplier.dingTalkNotice
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        DingTalkNoticeAnswers.refusal(refusal, requestID: simulation.requestID())
    }

    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String {
        String(Self.task(ledger.first(of: ledger[entry])))
    }

    private static let topic = "/topapi/message/corpconversation/"

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        guard let query = FormParameters(request.query.utf8) else {
            throw SimulatedRefusal("40035", "不合法的参数")
        }
        if request.path == "/gettoken", request.method == "GET" { return try token(query, at: now) }
        let key = try caller(query["access_token"] ?? "", at: now)
        if request.path == "/media/upload" {
            return SimulatedReply(
                try simulation.takeMedia(
                    request,
                    type: query["type"] ?? "",
                    MediaLimit.dingTalk,
                    at: supplier,
                    of: key.accessKey,
                    for: nil,
                    at: now
                )
            )
        }
        guard request.method == "POST", let body = request.object else {
            throw SimulatedRefusal("43008", "参数需要multipart类型或JSON")
        }
        guard body["agent_id"].wholeNumber.map({ String($0) }) == account.appID else {
            throw SimulatedRefusal("88/60011", "没有调用该接口的权限")
        }
        switch request.path {
        case Self.topic + "asyncsend_v2":
            let message = body["msg"].object ?? [:]
            let type = message["msgtype"].text ?? ""
            try simulation.checkMedia(
                in: message[type].object ?? [:],
                type,
                at: supplier,
                of: key.accessKey,
                at: now
            )
            return try send(body, usedNextKey: key == account.nextKey, at: now)
        case Self.topic + "getsendresult": return try result(body, at: now)
        case Self.topic + "recall": return try recall(body, at: now)
        default: throw SimulatedRefusal("404", "请求的URI地址不存在", status: 404)
        }
    }

    // Tokens.

    private static let lifetime = Duration.seconds(7_200)

    /// Hands out the token that there is, which lasts longer by that, or the first.
    private func token(_ query: FormParameters, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        guard let key = key(named: query["appkey"] ?? ""),
            key.secretKey.matches(query["appsecret"] ?? "")
        else { throw SimulatedRefusal("40089", "不合法的corpid或corpsecret") }
        let token = simulation.world.withLock { world in
            if let known = world.tokens[supplier].token(of: key.accessKey, at: now) {
                world.tokens[supplier].extend(known.value, lasting: Self.lifetime, at: now)
                return known.value
            }
            return world.tokens[supplier].issue(to: key.accessKey, lasting: Self.lifetime, at: now)
        }
        return SimulatedReply([
            "errcode": 0, "access_token": .text(token), "errmsg": "ok",
            "expires_in": .integer(Self.lifetime.components.seconds),
        ])
    }

    private func caller(_ token: String, at now: Moment) throws(SimulatedRefusal) -> SimulatorCredentials.Key
    {
        let (name, standing) = simulation.world.withLock { world in
            let name = world.tokens[supplier].holder(of: token) ?? ""
            guard !world.revokedKeys.contains(name) else { return (name, TokenBook.Standing.unknown) }
            return (name, world.tokens[supplier].standing(of: token, holder: name, at: now))
        }
        switch standing {
        case .expired: throw SimulatedRefusal("42001", "access_token超时")
        case .unknown: throw SimulatedRefusal("88/40014", "不合法的access_token")
        case .good: break
        }
        guard let key = account.key(named: name) else {
            throw SimulatedRefusal("88/40014", "不合法的access_token")
        }
        return key
    }

    // Notices.

    private static let throttled = SimulatedRefusal("143103", "应用每分钟发送的人次超过上限")

    private func send(
        _ body: WireObject,
        usedNextKey: Bool,
        at now: Moment
    ) throws(SimulatedRefusal) -> SimulatedReply {
        let order = try DingTalkNoticeOrder(body)
        let (course, scripts) = simulation.world.withLock { world in
            // Counted; people are limited, not calls.
            _ = world.admit("asyncsend_v2", [], of: supplier, at: now)
            let numbers = order.users.map { World.Message.number(of: $0) }
            return (world.course(of: numbers, at: supplier), numbers.map { world.script(of: $0) })
        }
        guard course.isTaken else {
            if course.ending == .throttled { throw Self.throttled }
            return SimulatedReply(SimulatedReply(body: []), course: course)
        }
        guard scripts.contains(where: { $0 != .badRecipient }) else {
            throw SimulatedRefusal("40031", "不合法的UserID列表")
        }
        let task = simulation.world.withLock { world in
            Self.take(order, scripts, usedNextKey: usedNextKey, at: now, in: &world)
        }
        let answer: WireObject = [
            "errcode": 0, "errmsg": "ok", "task_id": .integer(task),
            "request_id": .text(simulation.requestID()),
        ]
        return SimulatedReply(SimulatedReply(answer), course: course)
    }

    /// Takes a notice for all; whom it does not reach only its result tells.
    private static func take(
        _ order: DingTalkNoticeOrder,
        _ scripts: [RecipientScript?],
        usedNextKey: Bool,
        at now: Moment,
        in world: inout World
    ) -> Int64 {
        var notice = NoticeBook.Notice(sentAt: now)
        var reached: [String] = []
        for (user, script) in zip(order.users, scripts) {
            if script == .badRecipient {
                notice.invalid.append(user)
                continue
            }
            let admission = world.notices.admit(user, contentHash: order.contentHash, at: now)
            let code = script == .throttled ? "143105" : world.limitsRates ? admission : nil
            if let code {
                notice.forbidden.append(NoticeBook.Forbidden(user: user, code: code))
            } else {
                reached.append(user)
            }
        }
        let first = UInt32(world.ledger.count)
        if !reached.isEmpty {
            _ = world.accept(
                reached.map { World.Message(addressedTo: $0, contentHash: order.contentHash) },
                by: .dingTalkNotice,
                usedNextKey: usedNextKey,
                key: [],
                at: now
            )
        }
        notice.users = reached.enumerated().map { (name: $1, entry: first + UInt32($0)) }
        // A notice that reached nobody has no entry that could number it.
        let task = reached.isEmpty ? world.notices.unreached() : Self.task(first)
        world.notices.keep(notice, as: task)
        return task
    }

    /// What a call is called whose first entry in the ledger has this number.
    private static func task(_ first: UInt32) -> Int64 { 256_000_000_000 + Int64(first) }

    private func result(_ body: WireObject, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        let task = body["task_id"].wholeNumber ?? 0
        let (notice, entries) = simulation.world.withLock { world in
            let notice = world.notices.notice(task, at: now)
            return (notice, (notice?.users ?? []).map { world.ledger[$0.entry] })
        }
        guard let notice else { throw SimulatedRefusal("400002", "任务不存在或已过期") }
        return SimulatedReply(DingTalkNoticeAnswers.result(of: notice, entries, at: now))
    }

    private func recall(_ body: WireObject, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        let task = body["msg_task_id"].wholeNumber ?? 0
        guard simulation.world.withLock({ $0.notices.recall(task, at: now) }) else {
            throw SimulatedRefusal("400002", "任务不存在或已过期")
        }
        return SimulatedReply(["errcode": 0, "errmsg": "ok", "request_id": .text(simulation.requestID())])
    }
}
