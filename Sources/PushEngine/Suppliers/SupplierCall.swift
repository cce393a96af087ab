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
    /// In the one spelling of their channel, such as `+8613800138000`.
    package let recipients: [String]
    /// The distinct rendered texts of the call.
    package let contents: [String]
    /// For each recipient the index of its text in `contents`.
    package let contentIndex: [Int]

    /// What its messages are for.
    package let type: MessageType

    package init(
        requestKey: String,
        recipients: [String],
        contents: [String],
        contentIndex: [Int],
        type: MessageType = .notice
    ) {
        self.type = type
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
package struct Refusal: Error, Hashable, Sendable {
    /// Whose fault it is, which decides what happens next.
    package enum Class: String, Sendable {
        /// This recipient can never work: no retry, no other supplier.
        case badRecipient = "bad_recipient"
        /// Template, signature or text refused: no retry.
        case badContent = "bad_content"
        /// Credentials, permission or balance: the account is of no use, another may be tried.
        case badConfig = "bad_config"
        /// This recipient got too much for today: no retry, no other supplier.
        case recipientLimit = "recipient_limit"
        /// This recipient cannot have it now, by whatever supplier: again, after a while.
        case recipientLater = "recipient_later"
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
    /// For how long it wants to be left alone, or the recipient must be; nil when it does not say.
    package let wait: Duration?

    package init(_ fault: Class, code: String, message: String = "", wait: Duration? = nil) {
        self.fault = fault
        self.code = code
        self.message = String(message.prefix(200))
        self.wait = wait
    }

    /// Whether it is our own word, or the transport's, and none of the supplier's.
    package var isOurs: Bool { code.hasPrefix("kpush.") || code.hasPrefix("http.") }

    /// Whether it is about a recipient: of several, the others may have their message.
    package var isAboutOne: Bool {
        switch fault {
        case .badRecipient, .recipientLimit, .recipientLater: true
        case .badContent, .badConfig, .throttled, .transient: false
        }
    }

    /// Whether another supplier may be asked to send the same message.
    package var allowsFailover: Bool {
        switch fault {
        case .badConfig, .throttled, .transient: true
        case .badRecipient, .badContent, .recipientLimit, .recipientLater: false
        }
    }
}
