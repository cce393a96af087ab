import Groundwork

/// Everything that the simulated suppliers remember; it is told the time and never waits.
struct World: Sendable {
    /// What a supplier counted.
    struct Tally: Sendable {
        var calls = 0
        /// Refused recipients, or whole calls, by the code that they were refused with.
        var refused: [String: Int] = [:]
        /// Receipts handed out, by pull or by post; one that came twice counts twice.
        var receiptsSent = 0
        /// Calls whose messages were taken back.
        var recalled = 0
        /// Posts of receipts that the other side did not take.
        var postsFailed = 0
    }

    /// One message on its way into the ledger.
    struct Message {
        let recipient: UInt64
        let contentHash: UInt64
        /// The recipient as it was sent, where it is no telephone number.
        let name: String?

        init(recipient: UInt64, contentHash: UInt64) {
            self.recipient = recipient
            self.contentHash = contentHash
            name = nil
        }

        /// A message to a recipient that is a text.
        init(to name: String, contentHash: UInt64) {
            recipient = RecipientNumber.of(name)
            self.contentHash = contentHash
            self.name = name
        }
    }

    let seed: UInt64
    var faults: PerSupplier<SimulatorFaults>
    var scriptsRecipients: Bool
    var limitsRates: Bool
    /// Where receipts are posted; without it they wait to be pulled, or can only be asked for.
    var callbacks: PerSupplier<String?>
    private(set) var ledger = SupplierLedger()
    var tally = PerSupplier(repeating: Tally())
    var receipts = PerSupplier(repeating: ReceiptHeap())
    /// What people answered, until it is posted or pulled.
    var answers = PerSupplier(repeating: [SimulatedAnswer]())
    /// How many answers there were.
    var answerCount = 0
    /// Posts of receipts that wait for their next attempt.
    var retries: [CallbackPost] = []
    /// Keys that were withdrawn.
    var revokedKeys: Set<String> = []
    var tokens = PerSupplier(repeating: TokenBook())
    /// Robots that say nothing for a while because they were too fast, and until when.
    var silences: [String: Moment] = [:]
    /// The simulated DingTalk's work notices.
    var notices = NoticeBook()
    /// When mail for those who make strangers wait came first.
    var greyed: [String: Moment] = [:]
    /// The tokens that callers of the simulated APNs signed.
    var providerTokens = ProviderTokenBook()
    /// What the simulated GeTui answered, by the calls' ids.
    var pushes: [String: [UInt8]] = [:]
    var weChat = PerSupplier(repeating: WeChatMemory())
    var weCom = WeComMemory()
    var yunpian = YunpianMemory()
    /// Files that messages may name.
    var media = PerSupplier(repeating: MediaShelf())
    private var rates = CallRates()
    // Aliyun takes signatures of up to 15 minutes before and after.
    private var nonces = NonceMemory(validityMilliseconds: 15 * 60_000)
    private var failuresOf: [UInt64: Int] = [:]

    init(settings: SimulatorSettings) {
        seed = settings.seed
        faults = PerSupplier(repeating: settings.faults)
        scriptsRecipients = settings.scriptsRecipients
        limitsRates = settings.limitsRates
        callbacks = PerSupplier(repeating: nil)
        for (supplier, url) in settings.callbacks { callbacks[supplier] = url }
    }

    /// Counts a call and tells whether it keeps to the supplier's rates.
    ///
    /// - Parameters:
    ///   - name: what the supplier counts by, such as an action or a robot's key.
    ///   - limits: what it allows.
    ///   - supplier: which.
    ///   - now: the time.
    /// - Returns: whether the call may go on.
    mutating func admit(
        _ name: String,
        _ limits: [CallRateLimit],
        of supplier: SimulatedSupplier,
        at now: Moment
    ) -> Bool {
        tally[supplier].calls += 1
        let name = "\(supplier.rawValue)/\(name)"
        let fits = rates.admits(name, limits, at: now.millisecondsSinceEpoch)
        return fits || !limitsRates
    }

    /// Whether the supplier is down; the call counts all the same.
    mutating func isDown(_ supplier: SimulatedSupplier) -> Bool {
        guard faults[supplier].outage else { return false }
        tally[supplier].calls += 1
        return true
    }

    /// Notes a nonce; false when it was used before.
    mutating func takeNonce(_ nonce: String, at now: Moment) -> Bool {
        nonces.take(nonce, at: now.millisecondsSinceEpoch)
    }

    mutating func refuse(_ code: String, of supplier: SimulatedSupplier, count: Int = 1) {
        tally[supplier].refused[code, default: 0] += count
    }

    /// The script of `recipient`, if scripts are on.
    func script(of recipient: UInt64) -> RecipientScript? {
        scriptsRecipients ? RecipientScript(recipient) : nil
    }

    /// Decides how a call as a whole will end, before its recipients are looked at one by one.
    mutating func course(of recipients: some Sequence<UInt64>, at supplier: SimulatedSupplier) -> CallCourse {
        let faults = faults[supplier]
        var random = SimulatorRandom(seed: seed, UInt64(tally[supplier].calls), UInt64(supplier.place + 1))
        var course = CallCourse(faults: faults, random: &random)
        guard scriptsRecipients else { return course }
        for recipient in recipients {
            guard let script = RecipientScript(recipient) else { continue }
            if script == .failsTwice {
                let failures = failuresOf[recipient, default: 0]
                guard failures < 2 else { continue }
                failuresOf[recipient] = failures + 1
            }
            course.follow(script)
        }
        return course
    }

    /// Notes accepted messages under one call; returns the number of the first, the others follow.
    mutating func accept(
        _ messages: [Message],
        by supplier: SimulatedSupplier,
        usedNextKey: Bool,
        key: ArraySlice<UInt8>,
        fee: Int64 = 1,
        at now: Moment
    ) -> UInt32 {
        let first = UInt32(ledger.count)
        let call = ledger.open(supplier: supplier, usedNextKey: usedNextKey, key: key, fee: fee)
        let isAwaited =
            supplier.givesReceipts && (supplier.keepsReceipts || callbacks[supplier] != nil)
        for message in messages {
            let ordinal = UInt64(ledger.entries(of: message.recipient).count)
            var random = SimulatorRandom(seed: seed, message.recipient, ordinal)
            let script = script(of: message.recipient)
            let fate = ReceiptFate(faults: faults[supplier], script: script, random: &random)
            let entry = ledger.accept(
                message.recipient,
                name: message.name,
                contentHash: message.contentHash,
                call: call,
                at: now,
                receiptAfter: fate.after,
                isDelivered: fate.isDelivered
            )
            guard isAwaited, !fate.isLost, supplier.reportsSuccess || !fate.isDelivered else { continue }
            let due = now.millisecondsSinceEpoch + Int64(fate.after)
            receipts[supplier].insert(ReceiptHeap.Item(due: due, entry: entry))
            if fate.isRepeated {
                receipts[supplier].insert(ReceiptHeap.Item(due: due + 1_000, entry: entry))
            }
        }
        return first
    }

    /// Forgets everything that was accepted, counted and scheduled; what was set stays.
    mutating func forget() {
        ledger = SupplierLedger()
        tally = PerSupplier(repeating: Tally())
        receipts = PerSupplier(repeating: ReceiptHeap())
        answers = PerSupplier(repeating: [])
        retries = []
        revokedKeys = []
        tokens = PerSupplier(repeating: TokenBook())
        silences = [:]
        notices = NoticeBook()
        greyed = [:]
        providerTokens = ProviderTokenBook()
        pushes = [:]
        weChat = PerSupplier(repeating: WeChatMemory())
        weCom = WeComMemory()
        yunpian = YunpianMemory()
        media = PerSupplier(repeating: MediaShelf())
        rates = CallRates()
        nonces = NonceMemory(validityMilliseconds: 15 * 60_000)
        failuresOf = [:]
    }
}
