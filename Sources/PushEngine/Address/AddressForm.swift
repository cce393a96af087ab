import Groundwork

/// How the recipients of a channel are written.
package enum AddressForm: String, Hashable, Sendable, CaseIterable, Codable {
    /// A telephone number; its one spelling is E.164.
    case phone
    /// A mail address; its domain is in small letters, and what stands before the `@` as it was written.
    case mail
    /// An id that a supplier gave, such as an openid or a device's token: it stays as it is.
    case id

    /// The one spelling of an address.
    ///
    /// - Throws: `AddressFault` when nobody can be reached under it.
    package func spelling(of text: String) throws(AddressFault) -> String {
        switch self {
        case .phone:
            do { return try PhoneNumber(text).e164 } catch { throw AddressFault(error.rawValue, error.hint) }
        case .mail: return try Self.mail(text)
        case .id: return try Self.id(text)
        }
    }

    /// The most bytes of an id: tokens of devices have up to some hundred.
    private static let idLimit = 512

    private static func id(_ text: String) throws(AddressFault) -> String {
        let id = text.trimming()
        guard !id.isEmpty else { throw AddressFault("ID_EMPTY", "give an id") }
        guard id.utf8.count <= idLimit else {
            throw AddressFault("ID_TOO_LONG", "has \(id.utf8.count) bytes; at most \(idLimit)")
        }
        // What suppliers put between the ids of a call can be in none of them.
        let isPlain = id.utf8.allSatisfy {
            0x21...0x7E ~= $0 && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "|")
        }
        guard isPlain else {
            throw AddressFault("ID_CHARACTER", "may hold visible ASCII characters other than , and |")
        }
        return id
    }

    /// RFC 5321, 4.5.3.1: at most 64 bytes before the `@`, and 254 in all.
    private static func mail(_ text: String) throws(AddressFault) -> String {
        let address = text.trimming()
        guard !address.isEmpty else { throw AddressFault("MAIL_EMPTY", "give a mail address") }
        guard let at = address.utf8.lastIndex(of: UInt8(ascii: "@")) else {
            throw AddressFault("MAIL_FORM", "has no @")
        }
        let local = address[..<at]
        let domain = address[address.index(after: at)...].lowercased()
        guard (1...64).contains(local.utf8.count), address.utf8.count <= 254 else {
            throw AddressFault("MAIL_LENGTH", "may have 64 characters before the @ and 254 in all")
        }
        guard local.utf8.allSatisfy(Self.isLocal), !local.hasPrefix("."), !local.hasSuffix("."),
            !local.contains("..")
        else { throw AddressFault("MAIL_FORM", "holds a character before the @ that no usual address has") }
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, labels.allSatisfy(isLabel) else {
            throw AddressFault("MAIL_DOMAIN", "has no domain such as example.com behind the @")
        }
        return "\(local)@\(domain)"
    }

    /// The characters of RFC 5322's `dot-atom`.
    private static func isLocal(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || "!#$%&'*+-/=?^_`{|}~.".utf8.contains(byte)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}

/// What recipients are known by; raw values are the codes that outsiders hold (`id_type`).
package enum IDType: Int, Hashable, Sendable, CaseIterable {
    case user = 10
    case device = 20
    case phone = 30
    case openID = 40
    case mail = 50
    case weComUser = 60
    case dingTalkUser = 70
    case pushClient = 80
    case feishuUser = 90

    /// How such recipients are written.
    package var addressForm: AddressForm {
        switch self {
        case .phone: .phone
        case .mail: .mail
        case .user, .device, .openID, .weComUser, .dingTalkUser, .pushClient, .feishuUser: .id
        }
    }
}

/// Why nobody can be reached under an address.
package struct AddressFault: Error, Hashable, Sendable {
    /// The code that people see, such as `PHONE_TOO_SHORT`.
    package let code: String
    /// What would be right.
    package let hint: String

    package init(_ code: String, _ hint: String) {
        self.code = code
        self.hint = hint
    }
}

extension Channel {
    /// How its recipients are written.
    package var addressForm: AddressForm {
        switch self {
        case .sms: .phone
        case .email: .mail
        case .im, .push, .officialAccount, .miniProgram, .weComApp, .dingTalkRobot, .dingTalkWorkNotice,
            .weComRobot, .feishuRobot, .alipayMiniProgram:
            .id
        }
    }
}
