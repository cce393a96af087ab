/// Names one template, across its versions.
package struct TemplateID: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}

/// Names one campaign: a template, a crowd and a time.
package struct CampaignID: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}

/// Names one occurrence of a campaign.
package struct CampaignRunID: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}

/// Names one batch of recipients that were accepted together; grows with time.
package struct BatchID: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    /// The most recipients of one batch.
    package static let capacity = 4_096

    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    package static func < (left: BatchID, right: BatchID) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The identities of all messages the batch can hold.
    package var messages: ClosedRange<Int64> {
        let first = rawValue << 12
        return first...(first + Int64(Self.capacity - 1))
    }
}

/// Names one message to one recipient: its batch and its place in it.
package struct MessageID: Hashable, Sendable, CustomStringConvertible {
    /// Batch number times 4,096 plus the place in the batch.
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    package init(batch: BatchID, index: Int) {
        self.init(rawValue: batch.rawValue << 12 | Int64(index))
    }

    /// Reads the decimal form that callers hold; nil when it is not one.
    package init?(_ text: String) {
        guard let value = Int64(text), value > 0 else { return nil }
        self.init(rawValue: value)
    }

    package var batch: BatchID { BatchID(rawValue: rawValue >> 12) }

    package var index: Int { Int(rawValue & 0xFFF) }

    /// The decimal form that callers hold.
    package var description: String { String(rawValue) }
}

/// Names one intended supplier call.
package struct IntentID: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}
