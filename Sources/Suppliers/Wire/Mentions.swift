import PushEngine

/// Whom a message to a group calls by name: the recipients of a robot's call.
struct Mentions: Hashable, Sendable {
    /// The recipient that is everybody in the group.
    static let everybody = "@all"

    private(set) var isAll = false
    /// Mainland numbers in eleven digits, others with their plus.
    private(set) var mobiles: [String] = []
    /// What is neither: ids that the supplier gave.
    private(set) var ids: [String] = []

    init(_ recipients: [String]) {
        for recipient in recipients {
            if recipient == Self.everybody {
                isAll = true
            } else if let mobile = Self.mobile(recipient) {
                mobiles.append(mobile)
            } else {
                ids.append(recipient)
            }
        }
    }

    /// A number that a telephone can have; nil for an id, which may be made of digits too.
    private static func mobile(_ text: String) -> String? {
        let digits = text.hasPrefix("+86") ? text.dropFirst(3) : text[...]
        if digits.utf8.count == 11, digits.first == "1", isNumber(digits) { return String(digits) }
        let number = text.dropFirst()
        return text.hasPrefix("+") && (7...15).contains(number.utf8.count) && isNumber(number) ? text : nil
    }

    private static func isNumber(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

extension SupplierCall {
    /// Whether a recipient is what stands for a whole company: nobody writes to all of it by one row of a file or one
    /// receiver of a call.
    var namesEverybody: Bool { recipients.contains { $0.lowercased() == Mentions.everybody } }
}

extension SupplierReply {
    /// The answer to a call that names everybody; it may be split until the others are on their own.
    static func refusingEverybody(_ count: Int) -> SupplierReply {
        let refusal = Refusal(.badRecipient, code: "kpush.everybody")
        return SupplierReply(all: .refused(refusal), count: count, mayBeSplit: count > 1)
    }
}
