import Groundwork
import Synchronization

/// A simulated supplier that says nothing more of a message once it took it.
protocol ReceiptlessDesk: CalledDesk {
    var account: SimulatorCredentials.Account { get }
}

extension ReceiptlessDesk {
    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String { "\(supplier.rawValue)-\(entry)" }

    /// Which of the account's keys has this name; nil for neither, and for one that was taken away.
    func key(named name: String) -> SimulatorCredentials.Key? {
        account.key(named: name).flatMap { isRevoked($0) ? nil : $0 }
    }

    /// Whether a key was taken away.
    func isRevoked(_ key: SimulatorCredentials.Key) -> Bool {
        simulation.world.withLock { $0.revokedKeys.contains(key.accessKey) }
    }

    /// Takes a message that is in order, on the course that chance and the recipients' scripts set for it.
    ///
    /// - Parameters:
    ///   - message: the message.
    ///   - key: what proved who called.
    ///   - now: the time.
    ///   - throttled: what the supplier says over its rate, and of a recipient whose script is that it got too much.
    ///   - answer: what it says, told whom it does not know.
    /// - Returns: the reply.
    /// - Throws: `throttled`.
    func take(
        _ message: ChatMessage,
        by key: SimulatorCredentials.Key,
        at now: Moment,
        throttled: SimulatedRefusal,
        answer: (_ unknown: [String]) -> [UInt8]
    ) throws(SimulatedRefusal) -> SimulatedReply {
        let (course, scripts) = simulation.world.withLock { world in
            let numbers = message.recipients.map { World.Message.number(of: $0) }
            return (world.course(of: numbers, at: supplier), numbers.map { world.script(of: $0) })
        }
        guard course.isTaken else {
            if course.ending == .throttled { throw throttled }
            return SimulatedReply(SimulatedReply(body: []), course: course)
        }
        guard !scripts.contains(.throttled) else { throw throttled }
        let known = zip(message.recipients, scripts).filter { $0.1 != .badRecipient }.map(\.0)
        let unknown = zip(message.recipients, scripts).filter { $0.1 == .badRecipient }.map(\.0)
        simulation.world.withLock { world in
            guard !known.isEmpty else { return }
            _ = world.accept(
                known.map { World.Message(addressedTo: $0, contentHash: message.contentHash) },
                by: supplier,
                usedNextKey: key == account.nextKey,
                key: message.key[...],
                at: now
            )
        }
        return SimulatedReply(SimulatedReply(body: answer(unknown)), course: course)
    }
}

/// A message to a group or to people, as far as it concerns the ledger.
struct ChatMessage {
    /// Whom it calls by name, as they were sent; the group itself when it calls nobody.
    let recipients: [String]
    /// Of what is said, without the names.
    let contentHash: UInt64
    /// What tells the call from others, where callers say it.
    let key: [UInt8]

    /// The recipient of a message that calls nobody by name.
    static let group = "@group"
    /// The recipient that is everybody.
    static let everybody = "@all"

    init(to recipients: [String], saying content: some Sequence<UInt8>, key: [UInt8] = []) {
        self.recipients = recipients.isEmpty ? [Self.group] : recipients
        contentHash = ContentHash.of(content)
        self.key = key
    }
}

extension World.Message {
    /// A message to whoever is called `text`: a telephone number, or anything else.
    init(addressedTo text: String, contentHash: UInt64) {
        if let number = PhoneDigits.e164(Array(text.utf8)[...]) {
            self.init(recipient: number, contentHash: contentHash)
        } else {
            self.init(to: text, contentHash: contentHash)
        }
    }

    /// Whoever is called `text`, as a number.
    static func number(of text: String) -> UInt64 {
        PhoneDigits.e164(Array(text.utf8)[...]) ?? RecipientNumber.of(text)
    }
}

extension SimulatorCredentials.Account {
    /// Which of the account's keys has this name; nil for neither.
    func key(named name: String) -> SimulatorCredentials.Key? {
        [key, nextKey].first { $0.accessKey == name }
    }
}

extension SimulatedReply {
    /// An answer of a JSON object.
    init(status: Int = 200, _ object: WireObject) {
        self.init(status: status, body: WireValue.object(object).json)
    }

    /// What DingTalk and WeCom say of a refusal.
    init(errcode refusal: SimulatedRefusal) {
        self.init(
            status: refusal.status,
            ["errcode": .integer(Int64(refusal.code) ?? -1), "errmsg": .text(refusal.message)]
        )
    }
}
