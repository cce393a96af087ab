import Foundation
import Groundwork

/// What the suppliers took, message by message: the oracle.
struct SupplierBooks: Sendable {
    /// When the messages of the campaign were taken, in order.
    private(set) var campaign: [Moment] = []
    /// When the messages of the API were taken, by number.
    private(set) var sends: [String: [Moment]] = [:]
    /// How many messages were taken for each recipient.
    private(set) var taken: [String: Int] = [:]

    /// Fetches the whole ledger.
    static func fetch(_ simulator: SimulatorControl) async throws -> SupplierBooks {
        var request = HTTPRequest(method: "GET", url: simulator.url + "/_sim/ledger/export")
        request.timeouts = HTTPTimeouts(connect: .seconds(3), total: .seconds(120))
        let answer = try await simulator.http.send(request)
        guard answer.status == 200 else {
            throw DemoError("the simulator does not show its ledger: HTTP \(answer.status)")
        }
        return SupplierBooks(tsv: answer.body)
    }

    /// Reads lines of recipient, supplier, instant in milliseconds and hash.
    init(tsv: [UInt8]) {
        for line in tsv.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: "\t"), maxSplits: 3)
            guard fields.count == 4 else { continue }
            let milliseconds = fields[2].reduce(0) { $0 * 10 + Int64($1) - 48 }
            let moment = Moment(millisecondsSinceEpoch: milliseconds)
            let recipient = String(decoding: fields[0], as: UTF8.self)
            taken[recipient, default: 0] += 1
            if recipient.hasPrefix(APISender.prefix) {
                sends[recipient, default: []].append(moment)
            } else {
                campaign.append(moment)
            }
        }
        campaign.sort()
    }

    /// The longest time without any message of one kind, while there were some to send.
    ///
    /// All of a campaign is there to be sent from the start, and what never reaches a supplier is counted as lost: its last
    /// message ends it. What may go on after that is only the waiting for answers to calls.
    ///
    /// - Parameter last: when the API took on its last message; nil when it took on none.
    /// - Returns: the longer of the campaign's and the API's.
    func longestStall(sendsUntil last: Moment?) -> Duration {
        let sent = sends.values.joined().sorted().prefix { moment in last.map { moment <= $0 } ?? false }
        let end = sent.isEmpty ? [] : [last].compactMap { $0 }
        return max(Self.longestGap(campaign), Self.longestGap(sent + end))
    }

    /// The longest time between two of some moments in order.
    private static func longestGap(_ moments: some Collection<Moment>) -> Duration {
        zip(moments, moments.dropFirst()).map { $1 - $0 }.max() ?? .zero
    }

    /// How long messages of the API took from their acceptance to a supplier, in order.
    func latencies(of accepted: [String: (message: Int64, at: Moment)]) -> [Duration] {
        accepted.compactMap { number, call in sends[number]?.first.map { $0 - call.at } }.sorted()
    }
}
