import Crypto
import Groundwork
import PushEngine

/// A message to one person, as whoever sends it thinks of it.
struct MailMessage {
    /// Something that goes with it.
    struct File: Hashable {
        let name: String
        /// Such as `application/pdf`.
        let type: String
        let bytes: [UInt8]
    }

    var from: String
    /// What people call the sender; empty for nothing.
    var fromName = ""
    var to: String
    var subject: String
    var date: Moment
    /// What no other message is called, without angle brackets.
    var id: String
    var html: String
    /// What is shown where pages are not.
    var text: String
    var files: [File] = []
    /// Where whoever wants no more of them says so; a page or a mail address.
    var unsubscribe: String?
    /// Whether a program sends it for a reason of its recipient's, such as a code that was asked for.
    var isAutomatic = true
}

/// Why a message cannot be written.
enum MailFault: Error, Hashable {
    /// A text of its header holds a line break or another character that none may hold.
    case control(field: String)
}

/// The name of a message: the same for each attempt to send it, and its bounces lead back to the call by it.
struct MailName: Hashable {
    let requestKey: String
    /// Tells the recipient from others to whoever knows it, and to nobody else.
    let recipientHash: String

    init(requestKey: String, recipient: String) {
        self.requestKey = requestKey
        recipientHash = Self.hash(of: recipient)
    }

    /// Reads a name off what stands before an address's `@`; nil when it is none.
    init?(_ local: some StringProtocol) {
        guard let dot = local.lastIndex(of: ".") else { return nil }
        requestKey = String(local[..<dot])
        recipientHash = local[local.index(after: dot)...].lowercased()
        guard !requestKey.isEmpty, recipientHash.count == 16, recipientHash.allSatisfy(\.isHexDigit) else {
            return nil
        }
    }

    /// What stands before the `@` of a message's id, and in the address that its bounces go to.
    var local: String { "\(requestKey).\(recipientHash)" }

    /// Whether a message of this name went to `recipient`.
    func isTo(_ recipient: String) -> Bool { Self.hash(of: recipient) == recipientHash }

    private static func hash(of recipient: String) -> String {
        // A report may write the address otherwise than we did.
        Array(SHA256.hash(data: Array(recipient.compared.utf8)).prefix(8)).hexDigits
    }
}
