import Foundation
import Groundwork
import SupplierSimulator
import TestKit
import Testing

/// The running simulator, as a test asks and orders it about.
struct SupplierTown: Sendable {
    let url: String
    let http: any HTTPClient
    /// What the suppliers' own delays go by.
    let waiting: ManualClock

    struct Stats: Decodable {
        struct Supplier: Decodable {
            let calls: Int
            let accepted: Int
        }

        let accepted: Int
        let distinct: Int
        let doubled: Int
        let tencent: Supplier
        let aliyun: Supplier
    }

    /// One acceptance.
    struct Taken: Hashable {
        let recipient: String
        let supplier: String
    }

    func stats() async throws -> Stats {
        let answer = try await http.send(HTTPRequest(method: "GET", url: url + "/_sim/stats"))
        return try JSONDecoder().decode(Stats.self, from: Data(answer.body))
    }

    /// All that was accepted, in order: one for each acceptance.
    func ledger() async throws -> [Taken] {
        let answer = try await http.send(HTTPRequest(method: "GET", url: url + "/_sim/ledger/export"))
        return String(decoding: answer.body, as: UTF8.self)
            .split(separator: "\n")
            .map { line in
                let fields = line.split(separator: "\t")
                return Taken(recipient: String(fields[0]), supplier: String(fields[1]))
            }
    }

    /// How often each recipient was accepted.
    func counts() async throws -> [String: Int] {
        try await ledger().reduce(into: [:]) { $0[$1.recipient, default: 0] += 1 }
    }

    func setFaults(_ body: String) async throws {
        try await order("/_sim/faults", body)
    }

    /// Ends the suppliers' delays, and lets them look what is due.
    func wake() async throws {
        waiting.advance(by: .seconds(60))
        try await order("/_sim/clock", "{}")
    }

    /// Lets time pass for the suppliers alone.
    func pass(_ duration: Duration) async throws {
        try await order("/_sim/clock", "{\"advance_ms\":\(Int64(duration / .milliseconds(1)))}")
    }

    private func order(_ path: String, _ body: String) async throws {
        let answer = try await http.send(HTTPRequest(url: url + path, body: Array(body.utf8)))
        #expect(answer.status == 200)
    }
}
