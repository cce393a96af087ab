import Foundation
import Groundwork

extension CampaignSchedule {
    /// The schedule as a column holds it.
    package var stored: String {
        get throws { String(decoding: try JSONEncoder().encode(StoredSchedule(self)), as: UTF8.self) }
    }

    /// Reads what `stored` wrote; nil when it makes no sense.
    package init?(stored text: String) {
        // What cannot be read is nil by promise.
        guard let found = try? JSONDecoder().decode(StoredSchedule.self, from: Data(text.utf8)),
            let schedule = found.schedule
        else { return nil }
        self = schedule
    }
}

/// A campaign's schedule as a column holds it.
private struct StoredSchedule: Codable {
    private enum Kind: String, Codable {
        case manual
        case once
        case cron
    }

    private let kind: Kind
    private var at: Moment?
    private var expression: String?
    private var zone: String?

    init(_ schedule: CampaignSchedule) {
        switch schedule {
        case .manual: kind = .manual
        case .once(let moment): (kind, at) = (.once, moment)
        case .cron(let expression, let zone): (kind, self.expression, self.zone) = (.cron, expression, zone)
        }
    }

    /// The schedule; nil when a part is missing.
    var schedule: CampaignSchedule? {
        switch kind {
        case .manual: .manual
        case .once: at.map { .once($0) }
        case .cron:
            if let expression, let zone { .cron(expression, zone: zone) } else { nil }
        }
    }
}
