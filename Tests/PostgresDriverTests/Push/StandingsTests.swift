import Groundwork
import PushEngine
import TestKit
import Testing

@testable import PostgresDriver

/// Where the members of a batch stand, as one value.
@Suite struct StandingsTests {
    private static let start = Moment(millisecondsSinceEpoch: 1_780_000_000_000)

    @Test(arguments: 0..<40)
    func `what is written is read again`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let ways = (0..<Int.random(in: 1...300, using: &random)).map { _ in Self.anyStanding(&random) }
        let members = (0..<Int.random(in: 0...BatchID.capacity, using: &random))
            .map { _ in Int.random(in: 0..<9, using: &random) == 0 ? nil : ways.randomElement(using: &random)
            }
        #expect(try Self.read(Standings(members).encoded(from: Self.start)).members == members)
    }

    @Test func `a batch that moved together takes a dozen bytes`() {
        let standing = Standing(
            state: .accepted,
            account: AccountID(rawValue: 3),
            charge: 1,
            changedAt: Self.start
        )
        #expect(Standings(standing, count: BatchID.capacity).encoded(from: Self.start).count <= 12)
    }

    @Test func `neighbours with two suppliers in turn take two bytes each`() {
        let members = (0..<2_000)
            .map { place in
                Standing(
                    state: .accepted,
                    account: AccountID(rawValue: Int64(place % 2)),
                    charge: 1,
                    changedAt: Self.start + .seconds(90)
                )
            }
        #expect(Standings(members).encoded(from: Self.start).count <= 2 * members.count + 24)
    }

    @Test(arguments: 0..<40)
    func `damaged bytes are refused, or read as something else, but never kill`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let members = (0..<200).map { _ in Self.anyStanding(&random) }
        var bytes = Standings(members).encoded(from: Self.start)
        for _ in 0..<3 {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        let read = try? Self.read(bytes.dropLast(Int.random(in: 0...9, using: &random)) + [])
        #expect((read?.members.count ?? 0) <= BatchID.capacity)
    }

    private static func anyStanding(_ random: inout SeededGenerator) -> Standing {
        let states: [DeliveryState] = [.queued, .held, .accepted, .unknown, .delivered, .failed]
        return Standing(
            state: states.randomElement(using: &random) ?? .queued,
            account: Bool.random(using: &random)
                ? nil : AccountID(rawValue: Int64.random(in: 1...9, using: &random)),
            charge: Int.random(in: 0...3, using: &random),
            changedAt: start + .milliseconds(Int64.random(in: -9_000...9_000_000, using: &random))
        )
    }

    private static func read(_ bytes: [UInt8]) throws -> Standings {
        try bytes.withUnsafeBytes { try Standings(stored: $0, from: start) }
    }
}
