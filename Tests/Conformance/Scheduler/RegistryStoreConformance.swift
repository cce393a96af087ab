import Groundwork
import Scheduler
import TestKit
import Testing

/// What every `RegistryStore` must keep.
package enum RegistryStoreConformance {
    package static let clauses: [Clause<SchedulerStores>] = [
        Clause("a beat makes an executor known and alive") { stores in
            let executor = try await stores.registry.beat(beat("one", "a"), at: .noon)
            #expect(executor.since == .noon)
            #expect(executor.isAlive(at: .noon + .seconds(89)))
            #expect(!executor.isAlive(at: .noon + .seconds(90)))
            #expect(try await stores.registry.instances() == [executor])
        },
        Clause("further beats of the same process keep its beginning") { stores in
            _ = try await stores.registry.beat(beat("one", "a"), at: .noon)
            let later = try await stores.registry.beat(beat("one", "a"), at: .noon + .seconds(89))
            #expect(later.since == .noon)
            #expect(later.lastSeenAt == .noon + .seconds(89))
        },
        Clause("another instance at the address is another process") { stores in
            _ = try await stores.registry.beat(beat("one", "a"), at: .noon)
            let other = try await stores.registry.beat(beat("one", "b"), at: .noon + .seconds(3))
            #expect(other.since == .noon + .seconds(3))
            #expect(other.instance == "b")
            #expect(try await stores.registry.instances().count == 1)
        },
        Clause("a beat after the limit of silence is another process") { stores in
            _ = try await stores.registry.beat(beat("one", nil), at: .noon)
            let other = try await stores.registry.beat(beat("one", nil), at: .noon + .seconds(90))
            #expect(other.since == .noon + .seconds(90))
        },
        Clause("who signed off is listed but not alive, until it beats again") { stores in
            _ = try await stores.registry.beat(beat("one", nil), at: .noon)
            try await stores.registry.signOff(group: "app", address: .sample("one"), at: .noon + .seconds(1))
            let gone = try #require(try await stores.registry.instances().first)
            #expect(gone.hasLeft)
            #expect(!gone.isAlive(at: .noon + .seconds(1)))
            let back = try await stores.registry.beat(beat("one", nil), at: .noon + .seconds(2))
            #expect(back.isAlive(at: .noon + .seconds(2)))
            #expect(back.since == .noon + .seconds(2))
        },
        Clause("signing off what never registered does nothing") { stores in
            try await stores.registry.signOff(group: "app", address: .sample("one"), at: .noon)
            #expect(try await stores.registry.instances().isEmpty)
        },
        Clause("an address is given back as the executor spelled it last") { stores in
            var beat = RegistryStoreConformance.beat("one", "a")
            #expect(try await stores.registry.beat(beat, at: .noon).spelling == "http://one:9999")
            beat.spelling = "http://ONE:9999//"
            let later = try await stores.registry.beat(beat, at: .noon + .seconds(1))
            #expect(later.spelling == "http://ONE:9999//")
            #expect(later.since == .noon)
            #expect(try await stores.registry.instances() == [later])
        },
        Clause("a learned dialect outlives beats that do not say one") { stores in
            _ = try await stores.registry.beat(beat("one", "a"), at: .noon)
            try await stores.registry.learn(.trigger, at: .sample("one"))
            #expect(try await stores.registry.beat(beat("one", "a"), at: .noon).dialect == .trigger)
        },
        Clause("executors are listed by group and address") { stores in
            for (group, host) in [("b", "one"), ("a", "two"), ("a", "one")] {
                _ = try await stores.registry.beat(beat(host, nil, group: group), at: .noon)
            }
            let listed = try await stores.registry.instances()
            #expect(listed.map(\.group) == ["a", "a", "b"])
            #expect(listed.map(\.address) == [.sample("one"), .sample("two"), .sample("one")])
            #expect(try await stores.registry.heard().instances == listed)
        },
        Clause("listening goes on while breaks are short, and begins anew after a long one") { stores in
            let registry = stores.registry
            #expect(try await registry.heard().listening == nil)
            try await registry.listen(at: .noon)
            #expect(try await registry.heard().listening == Listening(since: .noon, until: .noon))
            let soon = Moment.noon + Listening.longestBreak
            try await registry.listen(at: soon)
            // Another process notes what it began a little earlier.
            try await registry.listen(at: soon - .seconds(1))
            #expect(try await registry.heard().listening == Listening(since: .noon, until: soon))
            let late = soon + Listening.longestBreak + .milliseconds(1)
            try await registry.listen(at: late)
            #expect(try await registry.heard().listening == Listening(since: late, until: late))
        },
        Clause("listening begins anew when the clock was put back far") { stores in
            try await stores.registry.listen(at: .noon + .seconds(3_600))
            try await stores.registry.listen(at: .noon)
            #expect(try await stores.registry.heard().listening == Listening(since: .noon, until: .noon))
        },
        Clause("who was silent for long is forgotten") { stores in
            _ = try await stores.registry.beat(beat("one", nil), at: .noon)
            _ = try await stores.registry.beat(beat("two", nil), at: .noon + .seconds(5))
            #expect(try await stores.registry.forget(silentSince: .noon + .seconds(5)) == 1)
            #expect(try await stores.registry.instances().map(\.address) == [.sample("two")])
        },
    ]

    private static func beat(_ host: String, _ instance: String?, group: String = "app") -> ExecutorBeat {
        ExecutorBeat(group: group, address: .sample(host), instance: instance)
    }
}
