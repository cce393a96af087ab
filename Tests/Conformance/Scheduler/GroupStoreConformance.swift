import Groundwork
import Scheduler
import TestKit
import Testing

/// What every `GroupStore` must keep, and what its records make of the executors that are known.
package enum GroupStoreConformance {
    package static let clauses: [Clause<SchedulerStores>] = [
        Clause("records are listed by name, as they were added") { stores in
            let manual = GroupRegistration.manual([.sample("two"), .sample("one")])
            let second = try await stores.groups.add(
                NewGroup(name: "second", title: "二号", registration: manual, token: Secret("own")),
                at: .noon
            )
            let first = try await stores.groups.add(NewGroup(name: "first"), at: .noon + .seconds(1))
            #expect(first.id > second.id)
            #expect(second.registration == manual)
            #expect(second.token == .own(Secret("own")))
            #expect(first.token == .shared)
            #expect(first.createdAt == .noon + .seconds(1))
            #expect(try await stores.groups.groups() == [first, second])
        },
        Clause("a name has one record") { stores in
            _ = try await stores.groups.add(NewGroup(name: "first"), at: .noon)
            await refuses(.conflict) { () async throws(StoreError) in
                _ = try await stores.groups.add(NewGroup(name: "first"), at: .noon)
            }
        },
        Clause("a change needs the version that was looked at, and leaves the token") { stores in
            var group = try await stores.groups.add(NewGroup(name: "first", token: Secret("own")), at: .noon)
            let before = group
            group.title = "First"
            group.registration = .manual([.sample("one")])
            let changed = try await stores.groups.replace(group)
            #expect(changed.title == "First")
            #expect(changed.registration == group.registration)
            #expect(changed.token == .own(Secret("own")))
            #expect(changed.version == before.version + 1)
            await refuses(.conflict) { () async throws(StoreError) in
                _ = try await stores.groups.replace(before)
            }
            try await stores.groups.remove(group.id, at: .noon)
            await refuses(.notFound) { () async throws(StoreError) in
                _ = try await stores.groups.replace(changed)
            }
        },
        Clause("a record goes only when no job names it") { stores in
            let group = try await stores.groups.add(NewGroup(name: "app"), at: .noon)
            let job = try await stores.jobs.add(
                NewJob(spec: .sample(schedule: .manual), isEnabled: false, createdAt: .noon)
            )
            await refuses(.conflict) { () async throws(StoreError) in
                try await stores.groups.remove(group.id, at: .noon)
            }
            #expect(try await stores.groups.groups() == [group])
            try await stores.jobs.remove(job.id, at: .noon)
            try await stores.groups.remove(group.id, at: .noon)
            #expect(try await stores.groups.groups().isEmpty)
            await refuses(.notFound) { () async throws(StoreError) in
                try await stores.groups.remove(group.id, at: .noon)
            }
        },
        Clause("a number is not given twice") { stores in
            let first = try await stores.groups.add(NewGroup(name: "first"), at: .noon)
            try await stores.groups.remove(first.id, at: .noon)
            let second = try await stores.groups.add(NewGroup(name: "first"), at: .noon)
            #expect(second.id > first.id)
        },
        Clause("executors are shown their group's token, and must register anew when it changes") { stores in
            _ = try await stores.registry.beat(beat("one"), at: .noon)
            _ = try await stores.registry.beat(beat("one", group: "other"), at: .noon)
            let group = try await stores.groups.add(NewGroup(name: "app"), at: .noon)
            #expect(try await stores.registry.instances().allSatisfy { $0.isAlive(at: .noon) })
            let owned = try await stores.groups.setToken(Secret("own"), of: group.id, at: .noon)
            #expect(owned.token == .own(Secret("own")))
            var seen = try await stores.registry.instances()
            #expect(seen.map(\.token) == [.own(Secret("own")), .shared])
            #expect(seen.map { $0.isAlive(at: .noon) } == [false, true])
            _ = try await stores.registry.beat(beat("one"), at: .noon + .seconds(1))
            #expect(try await stores.registry.instances()[0].isAlive(at: .noon + .seconds(1)))
            #expect(try await stores.groups.setToken(nil, of: group.id, at: .noon).token == .shared)
            seen = try await stores.registry.instances()
            #expect(seen.map { $0.isAlive(at: .noon + .seconds(1)) } == [false, true])
            await refuses(.notFound) { () async throws(StoreError) in
                _ = try await stores.groups.setToken(nil, of: GroupID(rawValue: 1 << 40), at: .noon)
            }
        },
        Clause("manual addresses live without beats, and no others do") { stores in
            _ = try await stores.registry.beat(beat("one"), at: .noon)
            _ = try await stores.registry.beat(beat("two"), at: .noon)
            var group = try await stores.groups.add(
                NewGroup(name: "app", registration: .manual([.sample("three"), .sample("one")])),
                at: .noon
            )
            let later = Moment.noon + .seconds(86_400)
            let seen = try await stores.registry.instances()
            #expect(seen.map(\.address) == [.sample("one"), .sample("three"), .sample("two")])
            #expect(seen.map(\.place) == [.manual, .manual, .passedOver])
            #expect(seen.map { $0.isAlive(at: later) } == [true, true, false])
            #expect(seen.map { $0.isSilent(at: later) } == [false, false, true])
            #expect(!seen[2].isAlive(at: .noon))
            group.registration = .automatic
            _ = try await stores.groups.replace(group)
            let automatic = try await stores.registry.instances()
            #expect(automatic.map(\.address) == [.sample("one"), .sample("two")])
            #expect(automatic.allSatisfy { $0.isAlive(at: .noon) })
        },
    ]

    private static func beat(_ host: String, group: String = "app") -> ExecutorBeat {
        ExecutorBeat(group: group, address: .sample(host), instance: "a")
    }

    private static func refuses(
        _ code: StoreError.Code,
        _ access: () async throws(StoreError) -> Void
    ) async {
        do throws(StoreError) {
            try await access()
            Issue.record("it was not refused")
        } catch {
            #expect(error.code == code)
        }
    }
}
