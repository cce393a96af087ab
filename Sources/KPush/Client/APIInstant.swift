import Foundation
import Groundwork
import Scheduler

/// An instant in an answer.
struct APIInstant: Decodable, Sendable, Hashable {
    let moment: Moment

    init(_ moment: Moment) {
        self.moment = moment
    }

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        guard let moment = InstantText.moment(try value.decode(String.self), in: .utc) else {
            throw DecodingError.dataCorruptedError(in: value, debugDescription: "no instant")
        }
        self.moment = moment
    }

    /// As this machine's clocks show it, to the millisecond.
    var exact: String { InstantText.local(moment, in: Self.here) }

    /// As this machine's clocks show it, to the second.
    var local: String {
        InstantText.local(Moment(secondsSinceEpoch: moment.secondsSinceEpoch), in: Self.here)
    }

    private static let here = ZoneRules(of: .current)
}

extension APIInstant? {
    /// As this machine's clocks show it, or a dash.
    var local: String { self?.local ?? "-" }
}
