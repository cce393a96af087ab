import Foundation
import Groundwork
import PostgresDriver
import PushEngine
import SQLiteDriver
import TestKit
import Testing

@testable import KPush

/// An installation in a data folder that moves to the cluster size in the middle of a campaign.
@Suite(.serialized, .timeLimit(.minutes(15))) struct StoreCopyTests {
    @Test func `a half sent campaign goes on in the cluster, and nobody is sent to twice`() async throws {
        let bench = try await CopyBench()
        let before = try bench.embeddedBooks()
        try await bench.halfSend()
        #expect(try await bench.copy().status == 66, "a server works on the folder")
        try await bench.killInCalls(before)
        try await before.fillLists()

        let copied = try await bench.copy()
        #expect(copied.status == 0, "\(copied.complaints)")
        #expect(copied.output.contains("The books agree: "))
        let after = try await bench.clusterBooks()
        #expect(after.installation == before.installation)
        try await expectSame(before, after)
        try await expectSameLists(before, after)
        let media = try await after.media(after: nil, limit: 9)
        #expect(try await media == before.media(after: nil, limit: 9) && media.count == 1)
        let digest = try #require(media.first?.draft.digest)
        let kept = FolderCrowdStorage(bench.folder.file("cluster-crowds/media"))
        #expect(try await kept.open(digest).size == 6)
        let again = try await bench.copy()
        #expect(again.status == 65 && again.complaints.contains("copy into an empty one"))

        try await bench.finish()
        let run = try #require(try await after.campaignRuns(of: nil, before: nil, limit: 1).first)
        #expect(run.state == .finished)
        let records = try await after.allRecords(of: run.id)
        #expect(records.count == bench.good)
        #expect(try await Set(records.map(\.recipient)) == bench.taken())
        let stats = try await bench.control.stats()
        #expect(stats.doubled == 0 && stats.accepted == bench.good)
        #expect(try await after.held(after: nil, limit: 10).map(\.count) == [2])
        let counted = try await after.recount(of: run.id)
        let tallied = try await after.tallies(of: run.id)
            .reduce(into: [:]) { $0[$1.state, default: 0] += $1.count }
        #expect(tallied.filter { $0.value != 0 } == counted)
        await bench.stop()
    }

    @Test func `a copy that was interrupted keeps the books closed, and begins anew`() async throws {
        let bench = try await CopyBench()
        let archive = try await PostgresArchive(PostgresPool(try PostgresSettings(address: bench.address)))
        try await archive.begin()
        let before = try bench.embeddedBooks()
        try await archive.write(try await before.accounts(), sealedBy: bench.sealer())
        let group = try await bench.addGroup()
        let staff = try await bench.addStaff()
        await #expect(throws: StoreError.self) { try await bench.clusterBooks() }
        #expect(try await bench.copy().status == 0)
        let after = try await bench.clusterBooks()
        #expect(try await after.accounts().map(\.facts) == before.accounts().map(\.facts))
        #expect(try await bench.clusterGroups() == [group])
        #expect(try await bench.clusterStaff() == staff)
        await bench.stop()
    }

    /// Compares who must not get messages, and sees that what was taken off stays off.
    private func expectSameLists(_ before: SQLitePushStore, _ after: PostgresPushStore) async throws {
        let entries = try await before.suppressions(of: nil, after: nil, limit: 10)
        #expect(entries.count == 1)
        #expect(try await after.suppressions(of: nil, after: nil, limit: 10) == entries)
        #expect(try await after.allowList(after: nil, limit: 10) == before.allowList(after: nil, limit: 10))
        #expect(try await after.wordListMark() == before.wordListMark())
        #expect(try await after.suppress([SQLitePushStore.takenOff]) == 0)
    }

    /// Compares what people and suppliers ask the books for.
    private func expectSame(_ before: SQLitePushStore, _ after: PostgresPushStore) async throws {
        #expect(try await after.accounts().map(\.facts) == before.accounts().map(\.facts))
        #expect(try await after.templates(after: nil, limit: 10) == before.templates(after: nil, limit: 10))
        #expect(try await after.campaigns(before: nil, limit: 10) == before.campaigns(before: nil, limit: 10))
        let runs = try await before.campaignRuns(of: nil, before: nil, limit: 10)
        #expect(try await after.campaignRuns(of: nil, before: nil, limit: 10) == runs)
        let run = try #require(runs.first?.id)
        let rejects = try await before.rejects(of: run, after: 0, limit: 100_000)
        #expect(try await after.rejects(of: run, after: 0, limit: 100_000) == rejects.map(\.withoutNul))
        let tallies = try await before.tallies(of: run).filter { $0.count != 0 }
        #expect(try await Set(after.tallies(of: run)) == Set(tallies))
        let records = try await before.allRecords(of: run)
        #expect(try await after.allRecords(of: run) == records)
        let orders = RecordFilter.template(TemplateID(rawValue: 3))
        let requests = try await before.records(orders, state: nil, before: nil, limit: 10)
        #expect(try await after.records(orders, state: nil, before: nil, limit: 10) == requests)
        #expect(try await after.records(.bizID("order-1"), state: nil, before: nil, limit: 10).count == 2)
        // Some of every state, and those of calls that were cut off.
        for group in Dictionary(grouping: records + requests, by: \.state).values {
            for record in group.prefix(50) + group.suffix(50) {
                #expect(try await after.story(of: record.id) == before.story(of: record.id))
            }
        }
    }
}

extension SQLitePushStore {
    fileprivate static let takenOff = SuppressionDraft(
        Addressee(space: .mail, address: "ann@example.org"),
        .everything,
        source: .reply,
        by: "mail",
        at: Moment(secondsSinceEpoch: 1_775_000_000)
    )

    /// Puts something on every list of who must not get messages, and takes something off.
    fileprivate func fillLists() async throws {
        let ann = Addressee(space: .phone, address: "+8613800001000")
        let at = Moment(secondsSinceEpoch: 1_775_000_000)
        let stays = SuppressionDraft(
            ann,
            .signature("快推"),
            source: .operator,
            note: "asked",
            by: "ann",
            at: at
        )
        #expect(try await suppress([Self.takenOff, stays]) == 2)
        let id = try #require(
            try await suppressions(of: Self.takenOff.addressee, after: nil, limit: 1).first?.id
        )
        #expect(try await unsuppress(id, at: at + .seconds(9), by: "ann"))
        #expect(try await allow([AllowDraft(ann, note: "tester", by: "ann", at: at)]) == 1)
        let words = ["赌博", "casino"].compactMap { SensitiveWordDraft($0, by: "ann", at: at) }
        #expect(try await addWords(words) == 2)
    }
}

extension RowReject {
    /// As PostgreSQL can keep it.
    fileprivate var withoutNul: RowReject {
        let text = text.replacing("\0", with: "\u{FFFD}")
        return RowReject(row: row, line: line, column: column, code: code, text: text)
    }
}

extension SupplierAccount {
    /// All that calls are signed and sent with.
    fileprivate var facts: [String] {
        [
            "\(id.rawValue)", name, kind.rawValue, url, config.storedValues, config.storedSecrets.reveal(),
            "\(weight)", AccountWeights.stored(weights), "\(isEnabled)",
        ]
    }
}
