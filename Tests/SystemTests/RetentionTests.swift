import Conformance
import CurlDriver
import Foundation
import Groundwork
import LocalServers
import Logging
import PostgresDriver
import PushEngine
import SQLiteDriver
import TestKit
import Testing

@testable import KPush

/// The job that removes what is over and old, in a served installation of either size.
@Suite(.serialized, .timeLimit(.minutes(15))) struct RetentionTests {
    @Test(arguments: Size.allCases)
    func `the job removes what is old, says so, and leaves what is needed`(size: Size) async throws {
        let bench = try await RetentionBench(size)
        let rig = try await bench.books(age: .seconds(100 * 86_400))
        let done = try await bench.finished(3, by: rig)
        let open = try await bench.admitApart(2, by: rig)
        let unused = try await bench.crowd("unused", by: rig)
        let needed = try await bench.crowd("needed", by: rig)
        let draft = CampaignDraft(
            name: "every year",
            template: TemplateID(rawValue: 1),
            crowd: needed,
            schedule: .cron("0 0 9 1 1 ?", zone: "UTC"),
            createdBy: "ann"
        )
        _ = try await rig.books.createCampaign(draft)
        try await bench.compareAndLink(by: rig)
        try await bench.server.start()
        try await bench.waitForExecutor()

        let run = try await bench.kpush(["jobs", "trigger", "retention", "--follow"])
        #expect(run.status == 0, "\(run.complaints)")
        let summary = """
            3 messages removed, 1 old batches still wait; 1 receipts, refused rows and other remains removed; \
            1 crowd files, 1 links and 1 comparisons removed
            """
        #expect(run.complaints.contains(summary), "\(run.complaints)")
        #expect(run.output.contains("batches that are old enough stay"))
        #expect(try await rig.states(done, 3) == [nil, nil, nil])
        #expect(try await rig.states(open, 2) == [.queued, .queued])
        let storage = FolderCrowdStorage(bench.crowds)
        #expect(try await storage.open(needed).size == 18)
        await expectStoreError(.notFound) { _ = try await storage.open(unused) }
        #expect(try await rig.books.crowd(unused) == nil)
        #expect(try await rig.books.crowd(needed) != nil)

        let answer = try await bench.answer(about: MessageID(batch: done, index: 0))
        #expect(answer.status == 404)
        #expect(answer.text.contains("kept for 90 days"), "\(answer.text)")
        await bench.stop()
    }

    @Test(arguments: Size.allCases)
    func `a job that is killed leaves whole messages, and the next one goes on`(size: Size) async throws {
        let bench = try await RetentionBench(size)
        let rig = try await bench.books(age: .seconds(130 * 86_400))
        var batches: [BatchID] = []
        for _ in 0..<30 {
            batches.append(try await bench.finished(500, by: rig))
            rig.clock.advance(by: .seconds(86_400))
        }
        try await bench.server.start()
        try await bench.waitForExecutor()
        #expect(try await bench.kpush(["jobs", "trigger", "retention"]).status == 0)
        let first = MessageID(batch: batches[0], index: 0)
        try await eventually("the first is gone") { try await rig.record(first) == nil }
        bench.server.kill()
        // Whatever is left is all there: who it is to, what it says, how it ended.
        for batch in batches {
            let states = try await rig.states(batch, 500)
            #expect(Set(states).count == 1)
            guard states[0] != nil else { continue }
            #expect(try await rig.books.story(of: MessageID(batch: batch, index: 499))?.count == 2)
        }
        try await bench.server.start()
        try await bench.waitForExecutor()
        _ = try await bench.kpush(["jobs", "trigger", "retention", "--follow"])
        let template = RecordFilter.template(TemplateID(rawValue: 1))
        try await eventually("all are gone") {
            try await rig.books.records(template, state: nil, before: nil, limit: 1).isEmpty
        }
        await bench.stop()
    }

    enum Size: CaseIterable {
        case embedded
        case cluster
    }
}

/// A server that sends nothing, its books, and its crowd files.
private final class RetentionBench {
    let server: ServerProcess
    let crowds: String
    private let folder: TemporaryFolder
    private var engines: (places: ServerFolder, postgres: PostgresServer, redis: RedisServer)?
    private var address: String?

    init(_ size: RetentionTests.Size) async throws {
        folder = try TemporaryFolder()
        crowds = folder.file("crowds")
        var settings = [
            "KPUSH_ROLES": "web,scheduler,executor", "KPUSH_CROWDS_STORAGE": crowds,
            "KPUSH_WEB_TOKEN": "a token of these tests", "KPUSH_RETENTION_LINKS": "30d",
            "KPUSH_RETENTION_RECONCILIATIONS": "30d",
        ]
        if size == .cluster {
            let places = try ServerFolder()
            let postgres = try await PostgresServer(in: places, isPowerSafe: false)
            let redis = try await RedisServer(in: places)
            engines = (places, postgres, redis)
            let address = try await postgres.makeDatabase("kpush")
            self.address = address
            settings["KPUSH_POSTGRES_ADDRESS"] = address
            settings["KPUSH_REDIS_ADDRESS"] = redis.address
            settings["KPUSH_CLUSTER_SECRET"] = String(repeating: "s", count: 32)
        }
        server = try ServerProcess(data: folder.file("data"), settings: settings)
    }

    /// The server's books, by a clock that is behind.
    func books(age: Duration) async throws -> PushRig {
        let clock = ManualClock(SystemClock().now - age)
        let calendar = BusinessCalendar(zone: .gmt)
        if let address {
            let store = try await PostgresPushStore(
                PostgresPool(try PostgresSettings(address: address)),
                clock: clock.calendar,
                calendar: calendar,
                sealer: AESSealer(key: [UInt8](repeating: 7, count: AESSealer.keyLength))
            )
            return PushRig(books: store, clock: clock, keys: RequestKeys(installation: store.installation))
        }
        let store = try SQLitePushStore(
            path: server.data + "/push.db",
            clock: clock.calendar,
            calendar: calendar,
            sealer: AESSealer(key: DataFolder(server.data).sealingKeys(of: "push.db")[0])
        )
        return PushRig(books: store, clock: clock, keys: RequestKeys(installation: store.installation))
    }

    /// A batch whose messages were all taken back.
    func finished(_ count: Int, by rig: PushRig) async throws -> BatchID {
        let batch = try await rig.admit(PushRig.phones(count))
        _ = try await rig.books.recall((0..<count).map { MessageID(batch: batch, index: $0) })
        return batch
    }

    /// A batch that waits, of another day than those before.
    func admitApart(_ count: Int, by rig: PushRig) async throws -> BatchID {
        rig.clock.advance(by: .seconds(86_400))
        return try await rig.admit(PushRig.phones(count))
    }

    /// A comparison with a row behind it, and a link that was followed.
    func compareAndLink(by rig: PushRig) async throws {
        let day = try #require(CalendarDay(number: 20_260_401))
        let result = Reconciliation(
            account: PushRig.account,
            day: day,
            ours: OwnDay(),
            theirs: TheirDay(source: .receipts, strays: 1),
            verdict: .unchecked,
            differences: [],
            rows: 1,
            madeAt: rig.now
        )
        let row = ReconciliationRow(
            kind: .stray,
            message: nil,
            recipient: PushRig.phones(1)[0],
            reference: "r",
            state: .undelivered,
            charge: 1,
            at: rig.now,
            code: ""
        )
        try await rig.books.putReconciliation(result, rows: [row])
        let link = TrackedLink(
            code: "aaaaaaaa1",
            url: "https://a.example/",
            businessID: BusinessID(rawValue: 2_000_001_720_260_401),
            madeAt: rig.now
        )
        _ = try await rig.books.keepLink(link)
        try await rig.books.addClicks([ClickHour(code: link.code, at: rig.now): 3])
    }

    /// Takes a crowd file in; tells its digest.
    func crowd(_ name: String, by rig: PushRig) async throws -> String {
        let library = CrowdLibrary(storage: FolderCrowdStorage(crowds), store: rig.books)
        let digit = name == "needed" ? 1 : 2
        return
            try await library.take(name: name) { file in
                try await file.append(Array("phone\n1380013800\(digit)\n".utf8))
            }
            .digest
    }

    func kpush(_ arguments: [String]) async throws -> Program.Ending {
        try await Program.run(
            arguments,
            environment: [
                "KPUSH_SERVER": "http://127.0.0.1:\(server.webPort)",
                "KPUSH_TOKEN": "a token of these tests",
            ]
        )
    }

    /// What the API says of a message.
    func answer(about message: MessageID) async throws -> (status: Int, text: String) {
        let request = HTTPRequest(
            method: "GET",
            url: "http://127.0.0.1:\(server.webPort)/api/v1/messages/\(message)",
            headers: [("Authorization", "Bearer a token of these tests")]
        )
        let response = try await CurlHTTPClient().send(request)
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    func waitForExecutor() async throws {
        try await eventually("an executor is there") {
            try await kpush(["jobs", "trigger", "token-refresh", "--follow"]).status == 0
        }
    }

    func stop() async {
        server.kill()
        await engines?.redis.stop()
        await engines?.postgres.stop()
    }
}
