import Groundwork
package import People
import Testing

/// What `AuditStore` promises.
package enum AuditStoreConformance {
    package static let clauses: [Clause<any AuditStore>] = [
        Clause("an act is given back as it was written down, also where nothing is told of it") { trail in
            let full = AuditRecord.sample("trigger", before: #"{"a":"安"}"#, after: #"{"a":2}"#)
            let bare = AuditRecord(
                at: .sample,
                actor: AuditActor(name: "token", user: nil, way: .token),
                address: "",
                act: "clear",
                subject: AuditSubject(kind: "runs")
            )
            for record in [full, bare] { try await trail.add(record) }
            let found = try await trail.entries(AuditFilter(), before: nil, limit: 10)
            #expect(found.map(\.record) == [bare, full])
        },
        Clause("the newest come first, a page at a time") { trail in
            let records = (0..<5).map { AuditRecord.sample("edit", subject: "\($0)") }
            for record in records { try await trail.add(record) }
            let first = try await trail.entries(AuditFilter(), before: nil, limit: 2)
            #expect(first.map(\.record) == [records[4], records[3]])
            let rest = try await trail.entries(AuditFilter(), before: first.last?.id, limit: 10)
            #expect(rest.map(\.record) == [records[2], records[1], records[0]])
        },
        Clause("entries are found by who, what, on what and when, and by all of it together") {
            trail async throws in
            let wanted = AuditRecord.sample("kill", actor: "bob", kind: "runs", subject: "9", at: 60)
            let others = [
                AuditRecord.sample("kill", actor: "ann", kind: "runs", subject: "9", at: 61),
                .sample("edit", actor: "cas", kind: "runs", subject: "9", at: 62),
                .sample("edit", actor: "cas", kind: "jobs", subject: "9", at: 63),
                .sample("edit", actor: "cas", kind: "jobs", subject: "8", at: 64),
            ]
            for record in [wanted] + others { try await trail.add(record) }
            #expect(try await count(trail, AuditFilter(actor: "cas")) == 3)
            #expect(try await count(trail, AuditFilter(act: "kill")) == 2)
            #expect(try await count(trail, AuditFilter(kind: "runs")) == 3)
            #expect(try await count(trail, AuditFilter(kind: "jobs", subject: "9")) == 1)
            #expect(try await count(trail, AuditFilter(from: .sample + .seconds(62))) == 3)
            #expect(try await count(trail, AuditFilter(until: .sample + .seconds(62))) == 2)
            let whole = AuditFilter(
                actor: "bob",
                act: "kill",
                kind: "runs",
                subject: "9",
                from: .sample + .seconds(60),
                until: .sample + .seconds(61)
            )
            #expect(try await trail.entries(whole, before: nil, limit: 10).map(\.record) == [wanted])
            #expect(try await count(trail, AuditFilter(actor: "nobody")) == 0)
        },
        Clause("what is old goes, the oldest first, no more than asked for") { trail in
            for second in 0..<5 { try await trail.add(.sample("edit", at: second)) }
            let end = Moment.sample + .seconds(4)
            #expect(try await trail.prune(before: end, limit: 3) == 3)
            #expect(try await trail.prune(before: end, limit: 3) == 1)
            #expect(try await trail.prune(before: end, limit: 3) == 0)
            let left = try await trail.entries(AuditFilter(), before: nil, limit: 10)
            #expect(left.map(\.record.at) == [end])
        },
    ]

    private static func count(_ trail: any AuditStore, _ filter: AuditFilter) async throws -> Int {
        try await trail.entries(filter, before: nil, limit: 10).count
    }
}

extension Moment {
    fileprivate static let sample = Moment(millisecondsSinceEpoch: 1_894_680_000_123)
}

extension AuditRecord {
    fileprivate static func sample(
        _ act: String,
        actor: String = "ann",
        kind: String = "jobs",
        subject: String = "7",
        at seconds: Int = 0,
        before: String? = nil,
        after: String? = nil
    ) -> AuditRecord {
        AuditRecord(
            at: .sample + .seconds(seconds),
            actor: AuditActor(name: actor, user: UserID(rawValue: 3), way: .page),
            address: "10.1.2.3",
            act: act,
            subject: AuditSubject(kind: kind, id: subject, name: "app/nightly"),
            before: before,
            after: after
        )
    }
}
