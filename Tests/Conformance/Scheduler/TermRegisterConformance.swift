import Groundwork
package import Scheduler
import Testing

/// One register as two processes reach it.
package struct TermRegisters: Sendable {
    package let one: any TermRegister
    package let other: any TermRegister

    package init(one: any TermRegister, other: any TermRegister) {
        self.one = one
        self.other = other
    }
}

/// What every `TermRegister` must keep.
package enum TermRegisterConformance {
    package static let clauses: [Clause<TermRegisters>] = [
        Clause("a new name has had no term, and a cluster of its own") { registers in
            let term = try await registers.one.read("l")
            #expect(term.holder == nil)
            #expect(!term.cluster.isEmpty)
            #expect(try await registers.other.read("l") == term)
        },
        Clause("each term has a higher token than all before it") { registers in
            var newest = try await registers.one.read("l").token
            for round in 0..<20 {
                let register = round.isMultiple(of: 2) ? registers.one : registers.other
                let token = try #require(try await register.begin("l", holder: "\(round)", after: nil))
                #expect(token > newest)
                newest = token
                let term = try await register.read("l")
                #expect(term.token == token)
                #expect(term.holder == "\(round)")
                if round.isMultiple(of: 3) { try await register.end("l", token) }
            }
        },
        Clause("a term begins only after the one that was seen") { registers in
            let seen = try await registers.one.read("l")
            let token = try #require(try await registers.one.begin("l", holder: "a", after: seen))
            #expect(try await registers.other.begin("l", holder: "b", after: seen) == nil)
            let term = try await registers.other.read("l")
            try await registers.one.beat("l", token)
            #expect(try await registers.other.begin("l", holder: "b", after: term) == nil)
            let beaten = try await registers.other.read("l")
            #expect(beaten.holder == "a")
            _ = try #require(try await registers.other.begin("l", holder: "b", after: beaten))
        },
        Clause("of many who saw the same one begins a term") { registers in
            let seen = try await registers.one.read("l")
            let tokens = try await withThrowingTaskGroup(of: FencingToken?.self) { group in
                for number in 0..<8 {
                    let register = number.isMultiple(of: 2) ? registers.one : registers.other
                    group.addTask { try await register.begin("l", holder: "\(number)", after: seen) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(tokens.compactMap(\.self).count == 1)
        },
        Clause("a beat is seen") { registers in
            _ = try await registers.one.read("l")
            let token = try #require(try await registers.one.begin("l", holder: "a", after: nil))
            let before = try await registers.other.read("l")
            try await registers.one.beat("l", token)
            let after = try await registers.other.read("l")
            #expect(after.beats > before.beats)
            #expect(after.token == before.token)
            #expect(after.holder == before.holder)
        },
        Clause("no beat is heard of a term that is over") { registers in
            _ = try await registers.one.read("l")
            let first = try #require(try await registers.one.begin("l", holder: "a", after: nil))
            let second = try #require(try await registers.other.begin("l", holder: "b", after: nil))
            await expectStale { () async throws(StoreError) in try await registers.one.beat("l", first) }
            try await registers.other.beat("l", second)
            try await registers.other.end("l", second)
            await expectStale { () async throws(StoreError) in try await registers.other.beat("l", second) }
        },
        Clause("who ends a term that is over ends nobody else's") { registers in
            _ = try await registers.one.read("l")
            let first = try #require(try await registers.one.begin("l", holder: "a", after: nil))
            let second = try #require(try await registers.other.begin("l", holder: "b", after: nil))
            try await registers.one.end("l", first)
            try await registers.other.beat("l", second)
            #expect(try await registers.one.read("l").holder == "b")
        },
        Clause("terms of different names do not meet") { registers in
            _ = try await registers.one.read("l")
            let token = try #require(try await registers.one.begin("l", holder: "a", after: nil))
            _ = try await registers.other.read("m")
            _ = try #require(try await registers.other.begin("m", holder: "b", after: nil))
            try await registers.one.beat("l", token)
        },
    ]

    private static func expectStale(_ body: () async throws(StoreError) -> Void) async {
        do {
            try await body()
            Issue.record("a beat was heard")
        } catch { #expect(error.code == .staleToken) }
    }
}
