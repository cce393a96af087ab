import Groundwork
import Testing

@testable import KPush

/// When suppliers took messages, with made-up ledgers.
@Suite struct SupplierBooksTests {
    @Test func `the longest stall of a campaign is between two of its messages`() {
        #expect(Self.stall(campaign: [0, 1, 5, 6], sends: []) == .seconds(4))
    }

    @Test func `the longest stall of the API lasts until it took on its last message`() {
        #expect(Self.stall(campaign: [0, 1], sends: [0, 2], sendsEnd: 10) == .seconds(8))
    }

    @Test func `what the API sends after it took on its last message is no stall`() {
        #expect(Self.stall(campaign: [0, 1], sends: [0, 1, 90], sendsEnd: 3) == .seconds(2))
    }

    @Test func `nothing to send is no stall`() {
        #expect(Self.stall(campaign: [], sends: [], sendsEnd: 9) == .zero)
    }

    /// The longest stall of what was taken in these seconds.
    private static func stall(
        campaign: [Int],
        sends: [Int],
        sendsEnd: Int? = nil
    ) -> Duration {
        let lines =
            campaign.map { "+8613800000001\taliyun\t\($0 * 1_000)\tff\n" }
            + sends.map { "\(APISender.prefix)00000001\taliyun\t\($0 * 1_000)\tff\n" }
        return SupplierBooks(tsv: Array(lines.joined().utf8))
            .longestStall(sendsUntil: sendsEnd.map(at))
    }

    private static func at(_ second: Int) -> Moment { Moment(millisecondsSinceEpoch: Int64(second) * 1_000) }
}
