import Foundation
import Groundwork
import Synchronization

/// The simulated Huawei Push Kit, API version 1, and Huawei's place for tokens beside it.
struct HuaweiDesk: PushDesk {
    let supplier = SimulatedSupplier.huawei
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String {
        Self.reference(ledger.first(of: ledger[entry]), at: ledger[entry].acceptedAt)
    }

    /// One for all messages of a call.
    private static func reference(_ firstEntry: UInt32, at milliseconds: Int64) -> String {
        "\(milliseconds)\(firstEntry)01000101"
    }

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        switch (request.method, request.path) {
        case ("POST", "/oauth2/v3/token"): return try issue(request, at: now)
        case ("POST", "/v1/\(account.appID)/messages:send"): return try send(request, at: now)
        default: throw SimulatedRefusal("404", "no such address", status: 404)
        }
    }

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        if refusal.code == Self.invalidClient {
            let body: WireObject = [
                "error": .integer(Int64(refusal.code) ?? 0), "error_description": .text(refusal.message),
            ]
            return SimulatedReply(status: refusal.status, json: body)
        }
        let body: WireObject = [
            "code": .text(refusal.code), "msg": .text(refusal.message),
            "requestId": .text(simulation.requestID()),
        ]
        return SimulatedReply(
            status: refusal.status,
            json: body,
            headers: refusal.status == 503 ? [("Retry-After", "5")] : []
        )
    }

    private static let invalidClient = "1101"
    private static let flowControl = SimulatedRefusal("80000003", "flow control", status: 503)

    // Tokens.

    private func issue(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply
    {
        let form = request.form
        let key = [account.key, account.nextKey]
            .first {
                $0.accessKey == form?["client_id"] && $0.secretKey.matches(form?["client_secret"] ?? "")
            }
        guard let key, form?["grant_type"] == "client_credentials" else {
            throw SimulatedRefusal(Self.invalidClient, "invalid client", status: 400)
        }
        let token = simulation.world.withLock { world in
            world.tokens[.huawei].issue(to: key.accessKey, lasting: .seconds(3_600), at: now)
        }
        // Huawei's tokens hold slashes, which it escapes.
        let written = token.replacing("-", with: "\\/")
        let body = #"{"access_token":"\#(written)","expires_in":3600,"token_type":"Bearer"}"#
        return SimulatedReply(body: Array(body.utf8))
    }

    private func admit(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) {
        let token = (request.bearer ?? "").replacing("/", with: "-")
        let standing = simulation.world.withLock { world in
            _ = world.admit("send", [], of: .huawei, at: now)
            return world.tokens[.huawei].standing(of: token, holder: account.key.accessKey, at: now)
        }
        switch standing {
        case .good: return
        case .expired: throw SimulatedRefusal("80200003", "The token has expired.", status: 401)
        case .unknown: throw SimulatedRefusal("80200001", "OAuth authentication error.", status: 401)
        }
    }

    // Messages.

    private func send(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply
    {
        try admit(request, at: now)
        guard let message = request.object?["message"].object else {
            throw SimulatedRefusal("80100001", "Some request parameters are incorrect.")
        }
        let devices = (message["token"].list ?? []).compactMap(\.text)
        guard (1...1_000).contains(devices.count) else {
            throw SimulatedRefusal("80300010", "The number of tokens in the message body exceeds the limit.")
        }
        let shown = message.without("token")
        let key = try Self.check(shown)
        let all = devices.map { World.Message(to: $0, contentHash: shown.hash) }
        let (course, isDead) = simulation.world.withLock { world in
            (
                world.course(of: all.map(\.recipient), at: .huawei),
                all.map { world.script(of: $0.recipient) == .badRecipient }
            )
        }
        guard course.isTaken else {
            if course.ending == .throttled { throw Self.flowControl }
            return SimulatedReply(SimulatedReply(body: []), course: course)
        }
        let dead = zip(devices, isDead).filter(\.1).map(\.0)
        guard dead.count < devices.count else {
            throw SimulatedRefusal("80300007", "All the tokens are invalid.")
        }
        let first = simulation.world.withLock { world in
            for _ in dead { world.refuse("illegal_token", of: .huawei) }
            return world.accept(
                zip(all, isDead).filter { !$0.1 }.map(\.0),
                by: .huawei,
                usedNextKey: false,
                key: Array(key.utf8)[...],
                at: now
            )
        }
        simulation.ringForPosts()
        let reference = Self.reference(first, at: now.millisecondsSinceEpoch)
        return SimulatedReply(
            Self.answer(dead, of: devices.count, reference: reference),
            course: course
        )
    }

    private static func answer(_ dead: [String], of count: Int, reference: String) -> SimulatedReply {
        guard !dead.isEmpty else {
            return SimulatedReply(
                json: ["code": "80000000", "msg": "Success", "requestId": .text(reference)]
            )
        }
        // A JSON text inside the answer's words.
        let words: WireObject = [
            "success": .integer(Int64(count - dead.count)), "failure": .integer(Int64(dead.count)),
            "illegal_tokens": .list(dead.map { .text($0) }),
        ]
        let text = String(decoding: WireValue.object(words).json, as: UTF8.self)
        return SimulatedReply(
            json: ["code": "80100000", "msg": .text(text), "requestId": .text(reference)]
        )
    }

    /// Looks at all of a message but its recipients; returns what receipts bring back.
    private static func check(_ message: WireObject) throws(SimulatedRefusal) -> String {
        guard message.size <= 4_096 else {
            throw SimulatedRefusal("80300008", "The message body size exceeds the default value.")
        }
        let wrong = SimulatedRefusal("80100003", "Incorrect message structure.")
        let android = message["android"].object
        guard message["topic"].isNull, message["condition"].isNull, let android,
            let notification = android["notification"].object,
            notification["title"].text?.isEmpty == false, notification["body"].text?.isEmpty == false,
            let click = notification["click_action"].object
        else { throw wrong }
        switch click["type"].wholeNumber {
        case 1 where click["intent"].text?.isEmpty == false: break
        case 2 where click["url"].text?.isEmpty == false: break
        case 3: break
        default: throw wrong
        }
        guard case .null = message["data"] else {
            // A text, which holds an object where a notification goes with it.
            guard case .text(let data) = message["data"], (try? WireValue(json: data.utf8))?.object != nil
            else {
                throw wrong
            }
            return android["bi_tag"].text ?? ""
        }
        return android["bi_tag"].text ?? ""
    }

    // Receipts.

    func post(of entries: [UInt32], to url: String, in ledger: SupplierLedger) -> HTTPRequest {
        let statuses = entries.map { number in
            let entry = ledger[number]
            let key = ledger.key(of: ledger.call(of: entry))
            return WireValue.object([
                "biTag": .text(String(decoding: key, as: UTF8.self)), "appid": .text(account.appID),
                "token": .text(ledger.name(of: entry.recipient)), "status": .integer(Self.status(of: entry)),
                "timestamp": .integer(entry.acceptedAt + Int64(entry.receiptAfter)),
                "requestId": .text(reference(of: number, in: ledger)),
            ])
        }
        var request = HTTPRequest.receipts(
            WireValue.object(["statuses": .list(statuses)]).json,
            to: url
        )
        let timestamp = String(simulation.clock.now.millisecondsSinceEpoch)
        let nonce = simulation.requestID()
        let value = SignatureMaths.hmac256(
            timestamp + nonce + SimulatorCredentials.demoCallbackUser,
            key: Array(SimulatorCredentials.demoCallbackKey.reveal().utf8)
        )
        let signature = Data(value).base64EncodedString()
        request.headers.append(
            ("X-HUAWEI-CALLBACK-ID", "timestamp=\(timestamp); nonce=\(nonce); value=\(signature)")
        )
        return request
    }

    /// 0 for delivered, 256 for too often, 15 for a device that stayed off.
    private static func status(of entry: SupplierLedger.Entry) -> Int64 {
        if entry.isDelivered { return 0 }
        return RecipientScript(entry.recipient) == .throttled ? 256 : 15
    }

    func isTaken(_ response: HTTPResponse) -> Bool { Self.saysZero(response, under: "code") }

    var postWaits: [Duration] { [.seconds(60), .seconds(300)] }
}
