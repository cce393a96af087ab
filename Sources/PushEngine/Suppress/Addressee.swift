/// Among whom an address means one person.
///
/// A telephone number and a mail address are the same person on every channel that reaches them; an id belongs to
/// the channel whose supplier gave it.
package enum AddressSpace: Hashable, Sendable {
    case phone
    case mail
    case users(of: Channel)
}

extension AddressSpace: RawRepresentable {
    /// Reads what stores keep; nil when it is of another version.
    package init?(rawValue: Int) {
        switch rawValue {
        case 1: self = .phone
        case 2: self = .mail
        default:
            guard let channel = Channel(rawValue: rawValue), channel.addressForm == .id else { return nil }
            self = .users(of: channel)
        }
    }

    /// What stores keep; channels count in tens.
    package var rawValue: Int {
        switch self {
        case .phone: 1
        case .mail: 2
        case .users(let channel): channel.rawValue
        }
    }

    /// The channel that stands for it where people name one.
    package var channel: Channel {
        switch self {
        case .phone: .sms
        case .mail: .email
        case .users(let channel): channel
        }
    }
}

extension Channel {
    /// Among whom an address of this channel means one person.
    package var addressSpace: AddressSpace {
        switch addressForm {
        case .phone: .phone
        case .mail: .mail
        case .id: .users(of: self)
        }
    }
}

/// Somebody whom messages reach: an address in its one spelling, as it is compared with others.
package struct Addressee: Hashable, Sendable {
    package let space: AddressSpace
    package let address: String

    /// Takes an address in its one spelling.
    package init(space: AddressSpace, address: String) {
        self.space = space
        self.address = address.compared
    }

    /// Reads an address as people write it.
    ///
    /// - Throws: `AddressFault` when nobody can be reached under it.
    package init(_ text: String, on channel: Channel) throws(AddressFault) {
        self.init(space: channel.addressSpace, address: try channel.addressForm.spelling(of: text))
    }

    package var key: RecipientKey { RecipientKey(address: address) }

    /// The address as lists may show it.
    package var masked: String {
        if space == .phone, let phone = try? PhoneNumber(address) { return phone.description }
        // Whatever it is, its middle is nobody's business.
        return address.count > 4 ? "\(address.prefix(2))****\(address.suffix(2))" : "****"
    }
}
