package import Groundwork

/// Speaks one supplier's wire for one account: turns calls into requests and answers into verdicts.
///
/// An adapter holds no state of ours and decides nothing: which recipients go into which call, what is tried
/// again and what a verdict means for a recipient is the delivery's business.
package protocol Supplier: Sendable {
    /// The account this adapter signs with.
    var account: AccountID { get }

    /// The shapes of call the supplier offers, the roomiest first.
    ///
    /// A call must fit one of them.
    var shapes: [CallShape] { get }

    /// Makes one call; never throws, because every way in which a call can end is a verdict.
    ///
    /// - Parameter call: recipients and contents that fit one of `shapes`.
    /// - Returns: one verdict for each recipient, in the call's order.
    func send(_ call: SupplierCall) async -> SupplierReply

    /// Takes receipts that wait at the supplier, at most one page of them.
    ///
    /// The supplier may forget what it hands out (Tencent does): the raw page is in the answer so that it can be
    /// stored before it is read. An empty page means that nothing waits; so does a supplier that has no pull.
    ///
    /// - Throws: `SupplierError` when the supplier did not answer or refused.
    func pullReceipts() async throws(SupplierError) -> ReceiptPage

    /// Reads the bytes that a supplier posted to our callback door, or a page stored earlier.
    ///
    /// - Throws: `SupplierError.malformed` when the whole body cannot be read; a single bad entry is left out
    ///   and counted.
    func readReceipts(_ raw: [UInt8]) throws(SupplierError) -> ReceiptPage

    /// Asks what became of a message whose call ended without an answer.
    ///
    /// - Parameters:
    ///   - recipient: the number as it was sent.
    ///   - requestKey: the key that the call carried.
    ///   - sentAt: when the call was made.
    /// - Returns: what the supplier knows of it.
    /// - Throws: `SupplierError` when the supplier did not answer or refused; `.malformed` when what it said of
    ///   this message cannot be read.
    func query(
        recipient: String,
        requestKey: String,
        sentAt: Moment
    ) async throws(SupplierError) -> QueryAnswer

    /// Where the access tokens of its calls come from; nil for a supplier that signs each call.
    var tokenSource: (any TokenSource)? { get }
}

/// How many recipients one kind of call takes, and whether they all get the same text.
package struct CallShape: Hashable, Sendable {
    /// The most recipients in one call.
    package let recipients: Int
    /// Whether every recipient of the call gets the same content.
    package let sameContent: Bool

    package init(recipients: Int, sameContent: Bool) {
        self.recipients = recipients
        self.sameContent = sameContent
    }
}

/// One call to a supplier.
package struct SupplierCall: Sendable {
    /// What the supplier echoes in its receipts (Tencent `SessionContext`, Aliyun `OutId`); at most 64 ASCII
    /// characters, unique per call.
    package let requestKey: String
    /// Recipients in E.164 form, such as `+8613800138000`.
    package let recipients: [String]
    /// The distinct rendered texts of the call.
    package let contents: [String]
    /// For each recipient the index of its text in `contents`.
    package let contentIndex: [Int]

    package init(requestKey: String, recipients: [String], contents: [String], contentIndex: [Int]) {
        self.requestKey = requestKey
        self.recipients = recipients
        self.contents = contents
        self.contentIndex = contentIndex
    }
}

/// How one call ended.
package struct SupplierReply: Sendable {
    /// One verdict for each recipient, in the call's order.
    package let verdicts: [SupplierVerdict]
    /// The supplier gave one verdict for the whole call although the fault may lie with one recipient: nothing
    /// was sent, and the call may be made again in halves.
    package let mayBeSplit: Bool

    package init(verdicts: [SupplierVerdict], mayBeSplit: Bool = false) {
        self.verdicts = verdicts
        self.mayBeSplit = mayBeSplit
    }

    /// The same verdict for every recipient of a call.
    package init(all verdict: SupplierVerdict, count: Int, mayBeSplit: Bool = false) {
        self.init(verdicts: Array(repeating: verdict, count: count), mayBeSplit: mayBeSplit)
    }
}

/// What a supplier said about one recipient.
package enum SupplierVerdict: Hashable, Sendable {
    /// It took the message: its reference (serial number, BizId) and what it charges, in message units (0 when
    /// it does not say).
    case accepted(reference: String, charge: Int)
    /// It certainly did not take the message.
    case refused(Refusal)
    /// The call ended without a usable answer: the supplier may or may not have sent it.
    case ambiguous(detail: String)
}

/// A definite no.
package struct Refusal: Hashable, Sendable {
    /// Whose fault it is, which decides what happens next.
    package enum Class: String, Sendable {
        /// This recipient can never work: no retry, no other supplier.
        case badRecipient = "bad_recipient"
        /// Template, signature or text refused: no retry.
        case badContent = "bad_content"
        /// Credentials, permission or balance: the account is of no use, another may be tried.
        case badConfig = "bad_config"
        /// This recipient got too much lately: no other supplier.
        case recipientLimit = "recipient_limit"
        /// The account or API is over its rate: later, or elsewhere.
        case throttled
        /// A fault on their side, certainly before the message was taken: again, or elsewhere.
        case transient
    }

    package let fault: Class
    /// The supplier's own code, such as `isv.AMOUNT_NOT_ENOUGH`.
    package let code: String
    /// The supplier's own words, cut to 200 characters.
    package let message: String

    package init(_ fault: Class, code: String, message: String = "") {
        self.fault = fault
        self.code = code
        self.message = String(message.prefix(200))
    }

    /// Whether another supplier may be asked to send the same message.
    package var allowsFailover: Bool {
        switch fault {
        case .badConfig, .throttled, .transient: true
        case .badRecipient, .badContent, .recipientLimit: false
        }
    }
}

/// Some receipts of a supplier, and the bytes they were read from.
package struct ReceiptPage: Sendable {
    package let receipts: [SupplierReceipt]
    /// The body as received, for storing before acting on it.
    package let raw: [UInt8]
    /// Entries that could not be read.
    package let malformed: Int

    package init(receipts: [SupplierReceipt], raw: [UInt8], malformed: Int = 0) {
        self.receipts = receipts
        self.raw = raw
        self.malformed = malformed
    }
}

/// What a supplier says became of one message.
package struct SupplierReceipt: Hashable, Sendable {
    /// The recipient in E.164 form.
    package let recipient: String
    /// The key that our call carried, when the supplier echoes it.
    package let requestKey: String?
    /// The supplier's reference (Tencent serial number, Aliyun BizId).
    package let reference: String
    package let delivered: Bool
    /// The network's or supplier's code, such as `DELIVRD`, `UNDELIV`.
    package let code: String
    /// When the handset confirmed, as the supplier tells it.
    package let at: Moment

    package init(
        recipient: String,
        requestKey: String?,
        reference: String,
        delivered: Bool,
        code: String,
        at: Moment
    ) {
        self.recipient = recipient
        self.requestKey = requestKey
        self.reference = reference
        self.delivered = delivered
        self.code = code
        self.at = at
    }
}

/// What a supplier answers when asked about one message.
package enum QueryAnswer: Hashable, Sendable {
    /// It has a final word.
    case receipt(SupplierReceipt)
    /// It took the message and waits for the network.
    case pending(reference: String)
    /// It knows nothing of it; that does not prove that nothing was sent.
    case unknown
}

/// Why a supplier could not be asked.
package enum SupplierError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No answer, or one that is not of the supplier's form.
    case unavailable(String)
    /// It refused the request as a whole.
    case refused(Refusal)
    /// The bytes are not receipts of this supplier.
    case malformed(String)

    package var description: String {
        switch self {
        case .unavailable(let detail): "supplier: unavailable: \(detail)"
        case .refused(let refusal): "supplier: refused: \(refusal.code): \(refusal.message)"
        case .malformed(let detail): "supplier: malformed: \(detail)"
        }
    }
}
