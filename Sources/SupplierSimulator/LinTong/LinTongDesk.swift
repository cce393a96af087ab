import Crypto
import Groundwork
import Synchronization

/// A simulated supplier that takes the JSON of LinTong.
///
/// The form of its calls and answers is known from a client of the real one; its codes and the statuses that it refuses
/// calls with are our own, because no document of it is to be had.
struct LinTongDesk: CalledDesk {
    let supplier = SimulatedSupplier.linTong
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        SimulatedReply(
            status: refusal.status,
            [
                "code": .integer(Int64(refusal.code) ?? 1), "message": .text(refusal.message),
                "data": .list([]),
            ]
        )
    }

    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String { String(Self.messageID(entry)) }

    private static func messageID(_ entry: UInt32) -> Int64 { 100_001 + Int64(entry) }

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        guard request.method == "POST", let body = request.object,
            let timestamp = body["timestamp"].wholeNumber, let list = body["messageList"].list,
            (1...100).contains(list.count)
        else { throw SimulatedRefusal("1", "the request cannot be read", status: 400) }
        let key = [account.key, account.nextKey]
            .first { key in
                body["userName"].text == key.accessKey
                    && body["sign"].text == Self.signature(key, at: timestamp)
            }
        guard let key else { throw SimulatedRefusal("2", "the signature is wrong", status: 401) }
        let isRevoked = simulation.world.withLock { world in
            // No rate is known: the call is only counted.
            _ = world.admit("send", [], of: .linTong, at: now)
            return world.revokedKeys.contains(key.accessKey)
        }
        guard !isRevoked else { throw SimulatedRefusal("3", "the account is closed", status: 403) }
        let messages = list.map { LinTongMessage($0) }
        let course = simulation.world.withLock {
            $0.course(of: messages.compactMap(\.number), at: .linTong)
        }
        guard course.isTaken else {
            if course.ending == .throttled { throw SimulatedRefusal("4", "too many calls", status: 429) }
            return SimulatedReply(SimulatedReply(body: []), course: course)
        }
        let usedNextKey = key == account.nextKey
        let data = simulation.world.withLock { world in
            Self.take(messages, usedNextKey: usedNextKey, at: now, in: &world)
        }
        let answer = WireValue.object(["code": 0, "message": "ok", "data": .list(data)])
        return SimulatedReply(SimulatedReply(body: answer.json), course: course)
    }

    /// Accepts or refuses each message; returns what is said of each.
    private static func take(
        _ messages: [LinTongMessage],
        usedNextKey: Bool,
        at now: Moment,
        in world: inout World
    ) -> [WireValue] {
        var data: [WireValue] = []
        var accepted: [World.Message] = []
        let first = UInt32(world.ledger.count)
        for message in messages {
            let fault = fault(of: message, in: world)
            if let fault {
                world.refuse(String(fault), of: .linTong)
                data.append(
                    .object(["code": .integer(fault), "message": "refused", "phone": .text(message.phone)])
                )
            } else {
                let entry = first + UInt32(accepted.count)
                data.append(
                    .object([
                        "code": 0, "message": "ok", "msgId": .integer(messageID(entry)),
                        "phone": .text(message.phone),
                    ])
                )
                accepted.append(
                    World.Message(
                        recipient: message.number ?? 0,
                        contentHash: ContentHash.of(message.content.utf8)
                    )
                )
            }
        }
        if !accepted.isEmpty {
            _ = world.accept(accepted, by: .linTong, usedNextKey: usedNextKey, key: [], at: now)
        }
        return data
    }

    private static func fault(of message: LinTongMessage, in world: World) -> Int64? {
        guard let number = message.number else { return 11 }
        guard !message.content.isEmpty else { return 12 }
        switch world.script(of: number) {
        case .badRecipient: return 13
        case .throttled: return 14
        default: return nil
        }
    }

    private static func signature(_ key: SimulatorCredentials.Key, at timestamp: Int64) -> String {
        let password = md5(key.secretKey.reveal())
        return md5("\(key.accessKey)\(timestamp)\(password)")
    }

    private static func md5(_ text: String) -> String {
        SignatureMaths.hex(Insecure.MD5.hash(data: Array(text.utf8)))
    }
}

/// One message of a call.
private struct LinTongMessage {
    let phone: String
    let content: String

    init(_ value: WireValue) {
        phone = value.object?["phone"].text ?? ""
        content = value.object?["content"].text ?? ""
    }

    /// The number in E.164 form; nil when it is none.
    var number: UInt64? { PhoneDigits.e164(Array(phone.utf8)[...]) }
}
