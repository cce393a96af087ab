/// Where one message to one recipient stands.
///
/// Raw values are the codes that outsiders hold ("anchor states"); those that KPush adds fill the gaps between
/// them.
package enum DeliveryState: Int, Hashable, Sendable, CaseIterable, Codable {
    /// Accepted, and waiting in the queue or in a call.
    case queued = 10
    /// Its template or recipient is on the discard list.
    case discarded = 20
    /// Night shield, and the template says not to keep it.
    case shieldDropped = 22
    /// Night shield: kept for the morning.
    case held = 24
    /// Its recipient must not get it: they refused, or are on the blacklist.
    case suppressed = 26
    /// Its text holds a word that no message may hold.
    case censored = 28
    /// The same text went to this recipient a moment ago.
    case duplicate = 30
    /// The recipient had as many messages today as the rule allows.
    case capped = 40
    /// Only those on the allow-list get messages here, and its recipient is not on it.
    case filtered = 50
    /// The supplier took it and a receipt is awaited.
    case accepted = 60
    /// The supplier took it and tells nothing more.
    case sent = 61
    /// The handset has it.
    case delivered = 62
    /// The supplier or the network could not deliver it.
    case undelivered = 63
    /// The supplier took it and no receipt came in time.
    case unconfirmed = 66
    /// Every supplier that could be asked refused it.
    case failed = 70
    /// A call ended without an answer; it is being looked into and is not sent again before its fate is known.
    case unknown = 72
    /// A call ended without an answer and nothing came to light in time.
    case unresolved = 74
    /// Taken back before it was sent.
    case recalled = 80
    /// Taken back at the supplier after it had taken it.
    case withdrawn = 82

    /// Whether nothing more will happen to it.
    package var isFinal: Bool {
        switch self {
        case .queued, .held, .accepted, .unknown: false
        default: true
        }
    }

    /// Whether it ended without a supplier having taken it, for certain.
    package var isNeverSent: Bool {
        switch self {
        case .discarded, .shieldDropped, .suppressed, .censored, .duplicate, .capped, .filtered, .failed,
            .recalled:
            true
        case .queued, .held, .accepted, .sent, .delivered, .undelivered, .unconfirmed, .unknown, .unresolved,
            .withdrawn:
            false
        }
    }

    /// The stable word of the state: in answers, metrics and summaries.
    package var name: String {
        switch self {
        case .queued: "queued"
        case .discarded: "discarded"
        case .shieldDropped: "shield_dropped"
        case .held: "held"
        case .suppressed: "suppressed"
        case .censored: "censored"
        case .duplicate: "duplicate"
        case .capped: "capped"
        case .filtered: "filtered"
        case .accepted: "accepted"
        case .sent: "sent"
        case .delivered: "delivered"
        case .undelivered: "undelivered"
        case .unconfirmed: "unconfirmed"
        case .failed: "failed"
        case .unknown: "unknown"
        case .unresolved: "unresolved"
        case .recalled: "recalled"
        case .withdrawn: "withdrawn"
        }
    }
}
