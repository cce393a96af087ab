import Testing

@testable import PushEngine

struct AccountChoiceTests {
    private static let shares: [Int64: Int] = [1: 70, 2: 20, 3: 10]

    private func choice(_ shares: [Int64: Int] = Self.shares) -> AccountChoice {
        AccountChoice(
            among: shares.sorted { $0.key < $1.key }.map { (AccountID(rawValue: $0.key), $0.value) }
        )
    }

    /// Who of some people hears from which account, as numbers of accounts.
    private func homes(_ shares: [Int64: Int] = Self.shares, people: Int = 20_000) -> [Int64] {
        let ids = shares.keys.sorted()
        let choice = choice(shares)
        return (0..<people)
            .map { ids[choice.place(of: RecipientKey(rawValue: 8_613_800_000_000 + Int64($0)))] }
    }

    /// How far counts are from shares; above 13.8 with three of them for one in a thousand fair draws.
    private func chiSquare(_ counts: [Int], _ shares: [Int]) -> Double {
        let (count, total) = (Double(counts.reduce(0, +)), Double(shares.reduce(0, +)))
        return zip(counts, shares)
            .map { counted, share in
                let expected = count * Double(share) / total
                return (Double(counted) - expected) * (Double(counted) - expected) / expected
            }
            .reduce(0, +)
    }

    @Test(arguments: [1, 77, 1 << 40])
    func `messages follow the shares`(firstBatch: UInt64) {
        var counts = [0, 0, 0]
        let choice = choice()
        for batch in firstBatch..<firstBatch + 100 {
            for index in 0..<300 { counts[choice.place(of: batch << 12 | UInt64(index))] += 1 }
        }
        #expect(chiSquare(counts, [70, 20, 10]) < 13.8)
    }

    @Test func `recipients follow the shares, by number or by a hash`() {
        let homes = homes()
        #expect(chiSquare((1...3).map { id in homes.count { $0 == id } }, [70, 20, 10]) < 13.8)
        var counts = [0, 0, 0]
        let choice = choice()
        for number in 0..<20_000 {
            counts[choice.place(of: RecipientKey(address: "someone-\(number)@example.org"))] += 1
        }
        #expect(chiSquare(counts, [70, 20, 10]) < 13.8)
    }

    @Test func `a share that grows wins recipients and moves nobody else`() {
        let (before, after) = (homes(), homes([1: 70, 2: 40, 3: 10]))
        let moved = zip(before, after).filter { $0 != $1 }
        #expect(moved.allSatisfy { $0.1 == 2 })
        // From 20 % to a third: no more than those have to move.
        #expect((2_500...2_850).contains(moved.count))
    }

    @Test func `of an account that is gone only its own move, and they come back with it`() {
        let (before, after) = (homes(), homes([1: 70, 2: 20]))
        for (old, new) in zip(before, after) where old != 3 { #expect(old == new) }
        let fate = zip(before, after).filter { $0.0 == 3 }.map(\.1)
        // They are spread by the shares of those who are left.
        #expect(chiSquare([fate.count { $0 == 1 }, fate.count { $0 == 2 }], [70, 20]) < 10.9)
        #expect(homes() == before)
    }

    @Test func `shares that all change alike move nobody`() {
        #expect(homes() == homes([1: 7_000, 2: 2_000, 3: 1_000]))
    }

    @Test func `which accounts there are beside does not depend on their order`() {
        let backwards = AccountChoice(
            among: [(3, 10), (2, 20), (1, 70)].map { (AccountID(rawValue: $0.0), $0.1) }
        )
        for number in 0..<1_000 {
            let key = RecipientKey(rawValue: Int64(number) + 1)
            #expect(choice().place(of: key) == 2 - backwards.place(of: key))
        }
    }

    @Test func `an account of no share that is chosen from has the smallest`() {
        let choice = choice([1: 0])
        #expect(choice.place(of: 12_345) == 0)
        #expect(choice.place(of: RecipientKey(rawValue: 5)) == 0)
    }
}
