package import Groundwork

/// Some receipts of a supplier, and the bytes they were read from.
package struct ReceiptPage: Sendable {
    package let receipts: [SupplierReceipt]
    /// The body as received, for storing before acting on it.
    package let raw: [UInt8]
    /// Entries that could not be read.
    package let malformed: Int
    /// What recipients said.
    package let words: [RecipientWord]

    package init(
        receipts: [SupplierReceipt],
        raw: [UInt8],
        malformed: Int = 0,
        words: [RecipientWord] = []
    ) {
        self.receipts = receipts
        self.raw = raw
        self.malformed = malformed
        self.words = words
    }

    /// Whether there is nothing in it.
    package var isEmpty: Bool { receipts.isEmpty && words.isEmpty && malformed == 0 }
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

/// What somebody posted to an account's callback door.
package struct SupplierCallback: Sendable {
    /// The verb, upper case.
    package let method: String
    /// What stands behind the address's question mark, its escapes resolved.
    package let query: [(name: String, value: String)]
    /// Header fields, names lower-cased.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(
        method: String = "POST",
        query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [],
        body: [UInt8]
    ) {
        self.method = method
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// The first value of a member of the query; empty when there is none.
    package func parameter(_ name: String) -> String { query.first { $0.name == name }?.value ?? "" }

    /// The first value of a header field, by its lower-case name; empty when there is none.
    package func header(_ name: String) -> String { headers.first { $0.name == name }?.value ?? "" }
}

/// What a callback holds.
package enum CallbackContents: Sendable {
    /// Bytes that `Supplier.readReceipts` reads, and what the supplier wants to hear once they are kept.
    case receipts([UInt8], answer: CallbackAnswer)
    /// Nothing that is kept, such as a question whether the door is ours.
    case question(answer: CallbackAnswer)
}

/// What a supplier hears.
package struct CallbackAnswer: Hashable, Sendable {
    package let contentType: String
    package let body: [UInt8]

    package init(text: String) {
        contentType = "text/plain; charset=utf-8"
        body = Array(text.utf8)
    }

    package init(json object: WireObject) {
        contentType = "application/json; charset=utf-8"
        body = WireValue.object(object).json
    }
}
