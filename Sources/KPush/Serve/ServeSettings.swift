import Configuration
import CurlDriver
import Foundation
import Groundwork
import PushEngine
import SQLiteDriver
import SystemPackage

/// A part of the program that can run in a process of its own.
enum Role: String, CaseIterable, Sendable {
    /// The HTTP API and the console.
    case web
    /// Elects a leader and fires jobs.
    case scheduler
    /// Registers itself and runs jobs.
    case executor
    /// Consumer groups and pools.
    case worker
}

/// How one process serves: a YAML file, overridden by `KPUSH_…` environment variables, overridden by flags.
struct ServeSettings: Sendable {
    var roles = Set(Role.allCases)
    /// Where everything durable lies; made when it is not there.
    var data = "data"
    var webHost = "127.0.0.1"
    var webPort = 8_080
    /// What callers of the API show; nil makes one in the data folder, on a loopback address only.
    var apiToken: Secret?
    var executorHost = "127.0.0.1"
    var executorPort = 9_999
    /// The URL under which schedulers reach this executor; made of host and port when nil.
    var executorAddress: String?
    /// The schedulers' URLs; this process's own when empty.
    var schedulers: [String] = []
    /// What executors and schedulers show each other; nil makes one in the data folder.
    var executorToken: Secret?
    /// What the executor may do beside the jobs that ship, and whose schedulers it serves.
    var executor = ExecutorRoleSettings()
    /// The zone of days, of the sending window, and of schedules that name none.
    var zone = TimeZone.gmt
    /// Messages of templates with a night shield go out between these times of day.
    var windowOpens = SendingWindow.TimeOfDay.morning
    var windowCloses = SendingWindow.TimeOfDay.evening
    /// The engines of the cluster size; nil for the embedded one.
    var cluster: ClusterSettings?
    /// What an accepted message survives: the machine's death, or only the process's.
    var durability = SQLiteSettings.Durability.power
    /// Batches of one lane that are worked on at the same time.
    var laneWidth = LaneSettings().width
    /// The same for lanes that have a number of their own.
    var laneWidths: [Lane: Int] = [:]
    /// When messages without an answer are asked for, sent again and given up.
    var receipts = ReceiptSettings()
    /// How long before a supplier forgets a media file it is uploaded again.
    var mediaMargin = MediaRenewal.usualMargin
    /// How long messages, runs and crowd files are kept.
    var retention = KeepSettings()
    /// What is told of jobs beside failures.
    var alarms = AlarmSettings()
    /// How days are compared with what suppliers say of them.
    var reconcile = ReconcileSettings()
    /// The address that short links begin with; nil leaves links as they are.
    var links: String?
    /// Where crowd files are kept.
    var crowds = CrowdSettings.own
    /// Where suppliers' URLs may lead to.
    var supplierAddresses = AddressGuard.intranet
    /// Where the links to files that contents name may lead to.
    var fileAddresses = AddressGuard()
    /// Who may get messages, and how often.
    var suppression = SuppressionSettings()
    var logLevel = "info"

    /// How many batches of a lane are worked on at the same time.
    func width(of lane: Lane) -> Int { laneWidths[lane] ?? laneWidth }

    /// All settings there are, with what each is.
    static let keys: [(key: String, meaning: String)] = ownKeys + ExecutorRoleSettings.keys

    private static let ownKeys: [(key: String, meaning: String)] = [
        ("roles", "web, scheduler, executor, worker; all of them if not given"),
        ("data", "the data folder"),
        ("web.host", "the address that the API and the console listen on"),
        ("web.port", "their port; 0 takes a free one"),
        ("web.token", "what callers of the API show"),
        ("executor.host", "the address that the executor listens on"),
        ("executor.port", "its port; 0 takes a free one"),
        ("executor.address", "the URL under which schedulers reach it"),
        ("executor.schedulers", "the schedulers' URLs"),
        ("executor.token", "what executors and schedulers show each other"),
        ("zone", "the zone of days and of the sending window, such as Asia/Shanghai"),
        ("window.opens", "from when on messages with a night shield go out, such as 08:00"),
        ("window.closes", "until when they do"),
        ("cluster.name", "tells clusters on the same Redis apart; kpush if not given"),
        ("cluster.secret", "what all processes of a cluster share; at least 32 characters"),
        ("cluster.former-secret", "the one before it, while accounts are stored that were sealed with it"),
        ("postgres.address", "the database of the cluster size, such as postgresql://kpush:…@db/kpush"),
        ("postgres.connections", "connections to it that a process opens at most; 8 if not given"),
        ("redis.address", "redis://… or redis-sentinel://host,host/master, with the cluster size"),
        ("durability", "power or process: what an accepted message survives the death of"),
        ("worker.width", "batches of a channel and message type that are worked on at the same time"),
        ("worker.widths", "the same for some of them, such as sms.marketing=8, sms.auth_code=2"),
        (
            "receipts.query-after",
            "how long after a call without an answer the supplier is asked, such as 60s"
        ),
        ("receipts.confirm-after", "how long after its call what has no receipt is asked for, such as 6h"),
        (
            "receipts.results-after",
            "how long after a call a supplier that tells of whole calls is asked for its results; 120s if not given"
        ),
        ("receipts.resend-after", "how long after it what the supplier knows nothing of is sent again"),
        ("receipts.patience", "how long a message waits for its receipt, such as 72h"),
        (
            "receipts.queries-per-round",
            "the most messages that one account is asked for in a round of the job receipts; 500 if not given"
        ),
        (
            "receipts.pages-per-round",
            "the most pages of receipts taken from one account in a round; 2000 if not given"
        ),
        (
            "media.renew-before",
            "how long before a supplier forgets a media file that is in use it is uploaded again; 12h if not given"
        ),
        (
            "reconcile.share",
            "by how much a day's figures may be apart from the supplier's before it is told, such as 2 %"
        ),
        (
            "links.base-url",
            "the address that short links begin with, such as https://t.example.com; links stay as they are if not given"
        ),
        (
            "crowds.storage",
            "where crowd files are kept: a folder, or s3://BUCKET/PREFIX; the data folder of one process if not given"
        ),
        (
            "crowds.s3.endpoint",
            "the bucket's server, such as https://minio.example.org; Amazon's if not given"
        ),
        ("crowds.s3.region", "the bucket's region; us-east-1 if not given"),
        ("crowds.s3.access-key", "the public part of the key for the bucket"),
        ("crowds.s3.secret-key", "its secret part"),
        (
            "retention.messages",
            "how long messages with a final state, and what tells of them, are kept; 90d if not given"
        ),
        ("retention.runs", "how long ended runs of jobs and their logs are kept; 30d if not given"),
        ("retention.run-days", "how long it is known how many runs each day had; 400d if not given"),
        ("retention.audit", "how long it is known who did what; 400d if not given"),
        ("alarms.unfired", "how long after its instant a job that has not fired is told; 30s if not given"),
        (
            "alarms.unmanned",
            "how long a run waits where no executor lives before that is told; it is given up after 60s; 20s if not given"
        ),
        (
            "alarms.stuck",
            "how long a run is due and not handed over, although executors live, before that is told; 300s if not given"
        ),
        (
            "retention.crowds",
            "how long crowd files that no campaign needs are kept after their last use; 30d if not given"
        ),
        (
            "retention.links",
            "how long short links and their clicks are kept after they were last followed; 365d if not given"
        ),
        (
            "retention.reconciliations",
            "how long results of comparisons with suppliers are kept, no shorter than their rows; 365d if not given"
        ),
        (
            "addresses.allowed",
            "networks that suppliers' URLs may lead to beside public addresses; all but link-local if not given"
        ),
        (
            "suppression.allow-list",
            "on lets only those on the allow-list get messages, as before production; off if not given"
        ),
        (
            "suppression.spans",
            "how many messages of a type somebody gets in several days, such as marketing=3/7d; none if not given"
        ),
        ("log.level", "trace, debug, info, notice, warning, error or critical"),
    ]

    /// Reads the settings.
    ///
    /// - Parameters:
    ///   - file: the YAML file; nil for none.
    ///   - secrets: a folder with a file for each secret, as containers are given them; nil for none.
    ///   - environment: the process's environment.
    ///   - flags: what the command line says, by key.
    /// - Returns: what each key's strongest source says.
    /// - Throws: `SettingsError` that names the first key that is not known or has no usable value.
    static func read(
        file: String?,
        secrets: String? = nil,
        environment: [String: String],
        flags: [String: String]
    ) async throws -> ServeSettings {
        var providers: [any ConfigProvider] = [
            InMemoryProvider(
                name: "flags",
                values: Dictionary(
                    uniqueKeysWithValues: flags.map {
                        (AbsoluteConfigKey(ConfigKey($0.key)), .init(stringLiteral: $0.value))
                    }
                )
            ),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "kpush"),
        ]
        if let secrets {
            do {
                providers.append(try await DirectoryFilesProvider(directoryPath: FilePath(secrets)))
            } catch {
                throw SettingsError("--secrets", "\(secrets) cannot be read: \(error)")
            }
        }
        if let file {
            try SettingsFile.check(file, known: Set(keys.map(\.key)))
            providers.append(try await FileProvider<YAMLSnapshot>(filePath: FilePath(file)))
        }
        return try ServeSettings(SettingsReader(ConfigReader(providers: providers)))
    }

    private init(_ reader: SettingsReader) throws(SettingsError) {
        roles =
            try reader.list("roles")
            .map { names throws(SettingsError) in
                try Set(
                    names.map { name throws(SettingsError) in
                        guard let role = Role(rawValue: name) else {
                            throw SettingsError(
                                "roles",
                                "\(name) is none of web, scheduler, executor, worker"
                            )
                        }
                        return role
                    }
                )
            } ?? roles
        data = reader.string("data") ?? data
        webHost = reader.string("web.host") ?? webHost
        webPort = try reader.number("web.port", in: 0...65_535) ?? webPort
        apiToken = reader.string("web.token").map(Secret.init)
        executorHost = reader.string("executor.host") ?? executorHost
        executorPort = try reader.number("executor.port", in: 0...65_535) ?? executorPort
        executorAddress = reader.string("executor.address")
        schedulers = try reader.list("executor.schedulers") ?? schedulers
        executorToken = try reader.value(
            "executor.token",
            "is neither empty nor the one that xxl-job is installed with"
        ) { ["", "default_token"].contains($0) ? nil : Secret($0) }
        executor = try ExecutorRoleSettings(reader)
        try executor.check(roles: roles, schedulers: schedulers)
        zone =
            try reader.value("zone", "is a time zone such as Asia/Shanghai") { TimeZone(identifier: $0) }
            ?? zone
        windowOpens = try reader.time("window.opens") ?? windowOpens
        windowCloses = try reader.time("window.closes") ?? windowCloses
        cluster = try ClusterSettings(reader)
        durability =
            try reader.value("durability", "is power or process") {
                ["power": .power, "process": .process][$0]
            } ?? durability
        laneWidth = try reader.number("worker.width", in: 1...256) ?? laneWidth
        laneWidths = try reader.lanes("worker.widths", in: 1...256) ?? laneWidths
        receipts.queryAfter = try reader.duration("receipts.query-after") ?? receipts.queryAfter
        receipts.confirmAfter = try reader.duration("receipts.confirm-after") ?? receipts.confirmAfter
        receipts.resendAfter = try reader.duration("receipts.resend-after") ?? receipts.resendAfter
        receipts.patience = try reader.duration("receipts.patience") ?? receipts.patience
        receipts.queriesPerRound =
            try reader.number("receipts.queries-per-round", in: 1...100_000) ?? receipts.queriesPerRound
        receipts.pagesPerRound =
            try reader.number("receipts.pages-per-round", in: 1...100_000) ?? receipts.pagesPerRound
        // Suppliers keep files for three days.
        mediaMargin = try reader.duration("media.renew-before", from: "1h", to: "48h") ?? mediaMargin
        // Who has little patience, and says nothing of results, has them asked for in time.
        let resultsAfter = try reader.duration("receipts.results-after", from: "10s", to: "24h")
        guard resultsAfter.map({ $0 < receipts.patience }) ?? true else {
            throw SettingsError("receipts.results-after", "is below receipts.patience")
        }
        receipts.resultsAfter = resultsAfter ?? min(receipts.resultsAfter, receipts.patience / 2)
        guard receipts.resendAfter >= receipts.queryAfter else {
            throw SettingsError("receipts.resend-after", "is not below receipts.query-after")
        }
        reconcile.patience = receipts.patience
        reconcile.share = try reader.share("reconcile.share") ?? reconcile.share
        links = try reader.base("links.base-url")
        retention = try KeepSettings(reader)
        alarms = try AlarmSettings(reader)
        crowds = try CrowdSettings(reader)
        try crowds.check(roles: roles, isShared: cluster != nil)
        if let networks = try reader.networks("addresses.allowed") {
            supplierAddresses = AddressGuard(allowed: networks)
            fileAddresses = supplierAddresses
        }
        suppression = try SuppressionSettings(reader)
        logLevel = reader.string("log.level") ?? logLevel
    }

    /// Settings as they are without a file, environment or flags.
    init() {}
}

/// Why a setting cannot be used.
struct SettingsError: Error, CustomStringConvertible {
    let key: String
    let reason: String

    init(_ key: String, _ reason: String) {
        self.key = key
        self.reason = reason
    }

    var description: String { "setting \(key): \(reason)" }
}
