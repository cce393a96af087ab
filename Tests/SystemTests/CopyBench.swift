import Console
import CurlDriver
import Foundation
import Groundwork
import LocalServers
import Logging
import PostgresDriver
import PushEngine
import SQLiteDriver
import Scheduler
import SupplierSimulator
import Suppliers
import TestKit
import Testing

@testable import KPush
@testable import People

/// A simulator, a data folder with a server on it, and an empty PostgreSQL and Redis.
final class CopyBench {
    private static let rows = 40_000
    private static let secret = "a secret of thirty-two characters"

    let folder: TemporaryFolder
    let embedded: ServerProcess
    let control: SimulatorControl
    let servers: (postgres: PostgresServer, redis: RedisServer)
    let address: String
    /// How many rows of the crowd file can be sent to.
    let good: Int
    private let simulator: SimulatorProcess
    private let cluster: ServerProcess
    private let places: ServerFolder
    private let config: String

    init() async throws {
        folder = try TemporaryFolder()
        places = try ServerFolder()
        servers = (
            try await PostgresServer(in: places, isPowerSafe: false), try await RedisServer(in: places)
        )
        address = try await servers.postgres.makeDatabase("kpush")
        simulator = try SimulatorProcess(
            ["--no-scripts", "--receipt-delay-ms", "200"],
            program: ServerProcess.program()
        )
        control = SimulatorControl(simulator, http: CurlHTTPClient())
        config = folder.file("cluster.yaml")
        try """
        postgres:
          address: \(address)
        redis:
          address: \(servers.redis.address)
        cluster:
          secret: \(Self.secret)
        web:
          token: cluster-token-of-tests
        crowds:
          storage: \(folder.file("cluster-crowds"))
        """
        .write(toFile: config, atomically: true, encoding: .utf8)
        embedded = try ServerProcess(data: folder.file("data"), settings: Self.night)
        let own = [
            "KPUSH_POSTGRES_ADDRESS": address, "KPUSH_REDIS_ADDRESS": servers.redis.address,
            "KPUSH_CLUSTER_SECRET": Self.secret, "KPUSH_WEB_TOKEN": "cluster-token-of-tests",
            "KPUSH_CROWDS_STORAGE": folder.file("cluster-crowds"),
        ]
        cluster = try ServerProcess(
            data: folder.file("cluster"),
            settings: Self.night.merging(own) { $1 },
            after: embedded
        )
        good = try await Self.prepare(embedded, control)
    }

    /// Starts the server, has a message held, and waits until a part of the campaign is out.
    func halfSend() async throws {
        try await embedded.start()
        let sent = try await Program.run(
            [
                "send", "--template", "3", "--to", "13800138100,13900139100", "--var", "orderId=1",
                "--biz-id", "order-1",
            ],
            environment: [
                "KPUSH_SERVER": "http://127.0.0.1:\(embedded.webPort)", "KPUSH_DATA": embedded.data,
            ]
        )
        #expect(sent.status == 0, "\(sent.complaints)")
        try await eventually("a part is out and has receipts") {
            try await control.stats().accepted >= Self.rows / 8
        }
    }

    /// Kills the server while calls of it are out, of which it will never know how they ended.
    func killInCalls(_ books: SQLitePushStore) async throws {
        kill(simulator.pid, SIGSTOP)
        try await eventually("a call is out") {
            let run = try #require(try await books.campaignRuns(of: nil, before: nil, limit: 1).first)
            let queued = try await books.records(
                .campaignRun(run.id),
                state: .queued,
                before: nil,
                limit: 100_000
            )
            for record in Set(queued.map(\.id.batch))
                .compactMap({ batch in queued.last { $0.id.batch == batch } })
            where try await books.story(of: record.id)?.last?.stage == .calling { return true }
            return false
        }
        embedded.kill()
        kill(simulator.pid, SIGCONT)
    }

    func copy() async throws -> Program.Ending {
        try await Program.run(["store", "copy", "--from", embedded.data, "--config", config])
    }

    /// Has the cluster send the rest.
    func finish() async throws {
        let store = try await clusterBooks()
        try await control.postReceipts(to: [
            .aliyun: "http://127.0.0.1:\(cluster.webPort)\(try await receiptPath())"
        ])
        try await cluster.start()
        try await eventually(
            "everybody is out and nothing is in doubt",
            within: .seconds(600),
            every: .milliseconds(200)
        ) {
            guard let run = try await store.campaignRuns(of: nil, before: nil, limit: 1).first else {
                return false
            }
            let states = try await store.recount(of: run.id)
            return states.values.reduce(0, +) == good
                && [.queued, .held, .unknown].allSatisfy { states[$0, default: 0] == 0 }
        }
        #expect(cluster.stop() == 0)
    }

    /// Everybody the suppliers took.
    func taken() async throws -> Set<String> {
        let request = HTTPRequest(
            method: "GET",
            url: simulator.url + "/_sim/ledger/export",
            timeouts: HTTPTimeouts(total: .seconds(300))
        )
        let lines = String(decoding: try await CurlHTTPClient().send(request).body, as: UTF8.self)
        return Set(
            lines.split(separator: "\n").compactMap { $0.split(separator: "\t").first.map(String.init) }
        )
    }

    func embeddedBooks() throws -> SQLitePushStore {
        let key = try DataFolder(embedded.data).sealingKeys(of: "push.db")[0]
        return try SQLitePushStore(
            path: embedded.data + "/push.db",
            clock: SystemClock(),
            calendar: BusinessCalendar(zone: .gmt),
            sealer: AESSealer(key: key)
        )
    }

    func clusterBooks() async throws -> PostgresPushStore {
        try await PostgresPushStore(
            PostgresPool(try PostgresSettings(address: address)),
            clock: SystemClock(),
            calendar: BusinessCalendar(zone: .gmt),
            sealer: try await sealer()
        )
    }

    /// Gives the data folder a group of executors with a token of its own.
    func addGroup() async throws -> ExecutorGroup {
        let addresses = GroupRegistration.manual([ExecutorAddress(stored: "http://one:9999")])
        let new = NewGroup(name: "reports", title: "Reports", registration: addresses, token: Secret("own"))
        return try await SQLiteGroupStore(embeddedDatabase()).add(new, at: SystemClock().now)
    }

    private func embeddedDatabase() throws -> SchedulerDatabase {
        let key = try DataFolder(embedded.data).sealingKeys(of: "push.db")[0]
        return try SchedulerDatabase(path: embedded.data + "/scheduler.db", sealer: AESSealer(key: key))
    }

    /// Users, the keys of the first and what the audit trail tells.
    struct Staff: Equatable {
        let users: [User]
        let password: PasswordHash?
        let keys: [ApiKey]
        let holder: ApiKey?
        let trail: [AuditEntry]
    }

    private static let ann = UserName("ann")

    /// Gives the data folder a user, a key and an act.
    func addStaff() async throws -> Staff {
        let database = try embeddedDatabase()
        let (users, keys) = (SQLiteUserStore(database), SQLiteApiKeyStore(database))
        let trail = SQLiteAuditStore(database)
        let password = PasswordHasher(cost: PasswordCost(logRounds: 4, blockSize: 8, parallelism: 1))
        let draft = UserDraft(displayName: "Ann 安", role: .operator, groups: .only(["app"]), isDisabled: true)
        let new = NewUser(
            name: try #require(Self.ann),
            draft: draft,
            password: try await password.hash(Secret("correct horse")),
            createdAt: SystemClock().now
        )
        let user = try await users.add(new)
        let key = NewApiKey(
            user: user.id,
            name: "reports",
            hash: "hash",
            isReadOnly: true,
            createdAt: new.createdAt,
            expiresAt: new.createdAt + .seconds(60)
        )
        _ = try await keys.add(key, limit: 1)
        let act = AuditRecord(
            at: new.createdAt,
            actor: AuditActor(name: "ann", user: user.id, way: .key),
            address: "10.1.2.3",
            act: "edit",
            subject: AuditSubject(kind: "jobs", id: "1", name: "app/nightly"),
            before: #"{"handler":"a"}"#
        )
        try await trail.add(act)
        return try await staff(users, keys, trail)
    }

    func clusterStaff() async throws -> Staff {
        let pool = PostgresPool(try PostgresSettings(address: address))
        let database = try await PostgresSchedulerDatabase(pool, sealer: try await sealer())
        return try await staff(
            PostgresUserStore(database),
            PostgresApiKeyStore(database),
            PostgresAuditStore(database)
        )
    }

    private func staff(
        _ users: any UserStore,
        _ keys: any ApiKeyStore,
        _ trail: any AuditStore
    ) async throws -> Staff {
        let found = try await users.users(after: nil, limit: 10)
        let user = try #require(found.first)
        return Staff(
            users: found,
            password: try await users.credentials(of: try #require(Self.ann))?.password,
            keys: try await keys.keys(of: user.id),
            holder: try await keys.key(hash: "hash"),
            trail: try await trail.entries(AuditFilter(), before: nil, limit: 10)
        )
    }

    func clusterGroups() async throws -> [ExecutorGroup] {
        let pool = PostgresPool(try PostgresSettings(address: address))
        return try await PostgresGroupStore(PostgresSchedulerDatabase(pool, sealer: try await sealer()))
            .groups()
    }

    /// What seals the cluster's secrets.
    func sealer() async throws -> AESSealer {
        let settings = try await ServeSettings.read(file: config, environment: [:], flags: [:])
        return try AESSealer(key: #require(settings.cluster).key(for: "sealing"))
    }

    func stop() async {
        cluster.kill()
        embedded.kill()
        // Its input ends with this process at the latest.
        try? simulator.stop()
        await servers.redis.stop()
        await servers.postgres.stop()
    }

    private func receiptPath() async throws -> String {
        let flags = ["data": folder.file("operator")]
        let settings = try await ServeSettings.read(file: config, environment: [:], flags: flags)
        let composition = try await Composition(settings, logger: Logger(label: "operator"))
        defer { composition.engine.http.shutdown() }
        let accounts = try await composition.engine.store.accounts()
        return composition.receiptAddress.path(try #require(accounts.first { $0.kind == .aliyun }).id)
    }

    /// A window that is closed for an hour to come, and doubts that are looked into soon.
    private static var night: [String: String] {
        let hour = Int(SystemClock().now.secondsSinceEpoch / 3_600 % 24)
        return [
            "KPUSH_WINDOW_OPENS": "\(text(hour + 2)):00", "KPUSH_WINDOW_CLOSES": "\(text(hour + 3)):00",
            "KPUSH_RECEIPTS_QUERY_AFTER": "15s", "KPUSH_RECEIPTS_RESEND_AFTER": "15s",
        ]
    }

    private static func text(_ hour: Int) -> String { hour % 24 < 10 ? "0\(hour % 24)" : "\(hour % 24)" }

    /// Stores templates, accounts, a crowd and a campaign that is due; tells its good rows.
    private static func prepare(_ server: ServerProcess, _ control: SimulatorControl) async throws -> Int {
        let composition = try await Composition.filling(server.data)
        defer { composition.engine.http.shutdown() }
        let store = composition.engine.store
        let (_, accounts) = try await SampleData(templates: store, accounts: store)
            .load(simulator: control.url)
        let draft = TemplateDraft(
            name: "Moving",
            messageType: .marketing,
            templateType: .operations,
            content: "{$city}的朋友，您的{$coupon}优惠券已到账 拒收请回复R",
            guarantee: .atLeastOnce
        )
        let template = try await store.createTemplate(draft, by: "test").id
        _ = try await store.auditTemplate(template, version: 1, approved: true, note: "", by: "test")
        let aliyun = try #require(accounts.first { $0.kind == .aliyun })
        try await control.postReceipts(
            to: [.aliyun: "http://127.0.0.1:\(server.webPort)\(composition.receiptAddress.path(aliyun.id))"]
        )
        var recipe = CrowdRecipe(rows: rows)
        recipe.bad = 0.03
        recipe.duplicates = 0.2
        var generator = try CrowdGenerator(recipe)
        let file = server.data + "/crowd.csv"
        try generator.write(to: file)
        let crowd = try await composition.engine.library.take(file)
        _ = try await composition.engine.media.take(name: "a.amr", as: .voice, for: .weComApp, by: "ann") {
            staged,
            _ in
            try await staged.append(Array("#!AMR\n".utf8))
        }
        _ = try await composition.campaigns.create(
            CampaignDraft(
                name: "Moving",
                template: template,
                crowd: crowd.digest,
                schedule: .once(composition.engine.clock.now + .seconds(1)),
                createdBy: "test"
            )
        )
        return generator.summary.good
    }
}
