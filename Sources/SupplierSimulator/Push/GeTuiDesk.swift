import Groundwork
import Synchronization

/// The simulated GeTui, REST API version 2.
struct GeTuiDesk: PushDesk {
    let supplier = SimulatedSupplier.getui
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String { Self.task(entry) }

    private static func task(_ entry: UInt32) -> String { "RASS_demo_\(entry)" }

    /// The entry that a task's name stands for; nil for none that was taken.
    private func entry(of task: String?) -> UInt32? {
        guard let task, task.hasPrefix("RASS_demo_"), let entry = UInt32(task.dropFirst(10)),
            simulation.world.withLock({ Int(entry) < $0.ledger.count })
        else { return nil }
        return entry
    }

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        let home = "/\(account.appID)/"
        guard request.path.hasPrefix(home) else { throw Self.wrongAddress }
        let path = request.path.dropFirst(home.count)
        if path == "auth", request.method == "POST" { return try issue(request, at: now) }
        let usedNextKey = try admit(request, at: now)
        switch request.method {
        case "POST" where path == "push/single/cid":
            return try push(request, usedNextKey: usedNextKey, at: now)
        case "DELETE" where path.hasPrefix("task/"):
            guard entry(of: String(path.dropFirst(5))) != nil else { throw Self.invalid("taskid is invalid") }
            return Self.answer(WireObject())
        default: throw Self.wrongAddress
        }
    }

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        if refusal.code == Self.ignored {
            return Self.answer(["RASS_demo_ignored": .object([refusal.message: .text(Self.ignored)])])
        }
        let body: WireObject = [
            "code": .integer(Int64(refusal.code) ?? 1), "msg": .text(refusal.message),
        ]
        return SimulatedReply(status: refusal.status, json: body)
    }

    private static let wrongAddress = SimulatedRefusal("404", "url error", status: 404)
    /// What GeTui says, as a success, of devices that were not opened for long.
    private static let ignored = "successed_ignore"
    private static let tooOften = SimulatedRefusal("10005", "calls over limit", status: 401)

    private static func invalid(_ message: String) -> SimulatedRefusal {
        SimulatedRefusal("20001", message, status: 400)
    }

    private static func answer(_ data: WireObject) -> SimulatedReply {
        SimulatedReply(json: ["code": 0, "msg": "success", "data": .object(data)])
    }

    // Tokens.

    private func issue(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply
    {
        let fits = simulation.world.withLock { world in
            world.admit("auth", [CallRateLimit(100, seconds: 60)], of: .getui, at: now)
        }
        guard fits else { throw SimulatedRefusal("10003", "auth over limit", status: 401) }
        guard let body = request.object else { throw SimulatedRefusal("1", "not a json") }
        let key = [account.key, account.nextKey].first { $0.accessKey == body["appkey"].text }
        guard let key, case .text(let timestamp) = body["timestamp"], let time = Int64(timestamp),
            abs(time - now.millisecondsSinceEpoch) <= 600_000,
            body["sign"].text
                == SignatureMaths.sha256(Array((key.accessKey + timestamp + key.secretKey.reveal()).utf8))
        else { throw Self.invalid("sign is invalid") }
        let lifetime = Duration.seconds(86_400)
        let token = simulation.world.withLock { world in
            world.tokens[.getui].issue(to: key.accessKey, lasting: lifetime, at: now)
        }
        let end = String((now + lifetime).millisecondsSinceEpoch)
        return Self.answer(["expire_time": .text(end), "token": .text(token)])
    }

    /// Lets a caller with a good token pass; tells whether it is the next key's.
    private func admit(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> Bool {
        let token = request.field("token") ?? ""
        let (holder, isGood) = simulation.world.withLock { world in
            _ = world.admit("call", [], of: .getui, at: now)
            let holder = world.tokens[.getui].holder(of: token)
            return (
                holder, world.tokens[.getui].standing(of: token, holder: holder ?? "", at: now) == .good
            )
        }
        guard isGood else { throw SimulatedRefusal("10001", "token is invalid", status: 401) }
        return holder == account.nextKey.accessKey
    }

    // Messages.

    private func push(
        _ request: SimulatedRequest,
        usedNextKey: Bool,
        at now: Moment
    ) throws(SimulatedRefusal) -> SimulatedReply {
        guard let body = request.object else { throw SimulatedRefusal("1", "not a json") }
        guard case .text(let id) = body["request_id"], (10...32).contains(id.utf8.count) else {
            throw Self.invalid("request_id is invalid")
        }
        let devices = body["audience"].object?["cid"].list ?? []
        guard devices.count == 1, case .text(let device) = devices[0], !device.isEmpty else {
            throw Self.invalid("cid size over limit")
        }
        let lifetime = body["settings"].object?["ttl"].wholeNumber ?? 0
        guard (-1...259_200_000).contains(lifetime) else { throw Self.invalid("ttl is invalid") }
        let message = body["push_message"].object ?? WireObject()
        guard message.members.count == 1, let kind = message.members.first?.key,
            ["notification", "transmission", "revoke"].contains(kind)
        else { throw Self.invalid("please choose one of notification and transmission and revoke") }
        // What came before under the same id is all that comes of it.
        if let before = simulation.world.withLock({ $0.pushes[id] }) { return SimulatedReply(body: before) }
        if kind == "revoke" { return try revoke(message, for: device, id: id) }
        try Self.check(message["notification"].object)
        return try take(
            World.Message(to: device, contentHash: message.hash),
            key: id,
            usedNextKey: usedNextKey,
            at: now,
            refusals: [
                .badRecipient: Self.invalid("target user is invalid"), .throttled: Self.tooOften,
                .undelivered: SimulatedRefusal(Self.ignored, device),
            ]
        ) { entry in
            let word = device.utf8.count % 2 == 0 ? "successed_online" : "successed_offline"
            let reply = Self.answer([Self.task(entry): .object([device: .text(word)])])
            simulation.world.withLock { $0.pushes[id] = reply.body }
            return reply
        }
    }

    private static func check(_ notification: WireObject?) throws(SimulatedRefusal) {
        guard let notification else { return }
        guard let title = notification["title"].text, !title.isEmpty else {
            throw invalid("title can not be empty")
        }
        let needed: String? =
            switch notification["click_type"].text {
            case "url": "url"
            case "intent": "intent"
            case "payload", "payload_custom": "payload"
            case "startapp", "none": nil
            default: "click_type"
            }
        if let needed, needed == "click_type" || notification[needed].text?.isEmpty != false {
            throw invalid("\(needed) is invalid")
        }
    }

    private func revoke(
        _ message: WireObject,
        for device: String,
        id: String
    ) throws(SimulatedRefusal) -> SimulatedReply {
        guard let old = entry(of: message["revoke"].object?["old_task_id"].text) else {
            throw Self.invalid("old_task_id is invalid")
        }
        let reply = Self.answer(["\(Self.task(old))_revoke": .object([device: "successed_online"])])
        simulation.world.withLock { $0.pushes[id] = reply.body }
        return reply
    }
}
