// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is compiled with: language mode 6 and what language mode 7 will make the default.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdHTTP2 = Target.Dependency.product(name: "HummingbirdHTTP2", package: "hummingbird")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")

let package = Package(
    name: "kpush",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "kpush", targets: ["KPush"]),
        .library(name: "KPushExecutor", targets: ["Executor", "CurlDriver"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration.git",
            from: "1.4.0",
            traits: [.defaults, "YAML"]
        ),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.80.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // The floor: words, wire, lease, time, the outbound HTTP port. No I/O.
        .target(name: "Groundwork", dependencies: [logging]),

        // The three siblings; they never import each other.
        .target(name: "CSpawn"),
        .target(
            name: "Executor",
            dependencies: ["Groundwork", "CSpawn", hummingbird, lifecycle, logging]
        ),
        .target(name: "Scheduler", dependencies: ["Groundwork", crypto, lifecycle, logging]),
        .target(name: "PushEngine", dependencies: ["Groundwork", crypto, lifecycle, logging]),

        // Who speaks to the suppliers: one file or two for each, behind the push engine's port.
        .target(name: "Suppliers", dependencies: ["Groundwork", "PushEngine", crypto, cryptoExtras]),

        // Who may sign in, and what they may do.
        .target(name: "People", dependencies: ["Groundwork", crypto, cryptoExtras, lifecycle, logging]),

        // Where executor and push engine meet: one folder a job, its definition beside its handler.
        .target(
            name: "Jobs",
            dependencies: ["Groundwork", "Executor", "PushEngine", logging],
            path: "jobs",
            resources: [
                .copy("CrowdSend/crowd-send.yaml"), .copy("MediaRefresh/media-refresh.yaml"),
                .copy("NightRelease/night-release.yaml"),
                .copy("ReceiptPull/receipt-pull.yaml"), .copy("Reconcile/reconcile.yaml"),
                .copy("Retention/retention.yaml"),
                .copy("TokenRefresh/token-refresh.yaml"),
            ]
        ),

        // The HTTP edge: the API, the doors of xxl-job's executors, the pages.
        .target(
            name: "Console",
            dependencies: [
                "Groundwork", "Scheduler", "PushEngine", "People", crypto, hummingbird, lifecycle, logging,
                mustache, nio,
            ],
            resources: [.copy("Templates"), .copy("openapi.json")]
        ),

        // Forms of the domains' ports.
        .target(name: "CSQLite"),
        .target(
            name: "SQLiteDriver",
            dependencies: [
                "Groundwork", "Scheduler", "PushEngine", "People", "CSQLite", grdb, sqlite, logging,
            ]
        ),
        .systemLibrary(name: "CPostgres"),
        .target(
            name: "PostgresDriver",
            dependencies: [
                "Groundwork", "Scheduler", "PushEngine", "People", "CPostgres", lifecycle, logging,
            ]
        ),
        .systemLibrary(name: "CHiredis"),
        .target(
            name: "RedisDriver",
            dependencies: ["Groundwork", "Scheduler", "PushEngine", "CHiredis", logging]
        ),
        .systemLibrary(name: "CCurl"),
        .target(name: "CurlDriver", dependencies: ["Groundwork", "CCurl", logging]),

        .target(
            name: "S3Driver",
            dependencies: ["Groundwork", "PushEngine", "CurlDriver", crypto]
        ),

        // PostgreSQL, Redis, S3 and what lies between, started on spare ports of this host for demos and tests.
        .target(name: "LocalServers", dependencies: ["Groundwork", logging, nio, nioPosix]),

        // The stand-in suppliers, and the program that puts all together.
        .target(
            name: "SupplierSimulator",
            dependencies: [
                "Groundwork", crypto, cryptoExtras, hummingbird, hummingbirdCore, hummingbirdHTTP2, lifecycle,
                logging, nio, nioPosix, nioTLS,
            ]
        ),
        .executableTarget(
            name: "KPush",
            dependencies: [
                "Groundwork", "Executor", "Scheduler", "PushEngine", "People", "Jobs", "Console",
                "SQLiteDriver",
                "PostgresDriver", "RedisDriver", "CurlDriver", "S3Driver", "LocalServers",
                "SupplierSimulator", "Suppliers",
                hummingbird, lifecycle,
                signals, logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),

        // What tests share.
        .target(
            name: "TestKit",
            dependencies: [
                "Groundwork", "Executor", "Scheduler", "PushEngine", hummingbird, lifecycle, logging,
            ],
            path: "Tests/TestKit"
        ),
        .target(
            name: "Conformance",
            dependencies: ["Groundwork", "Scheduler", "PushEngine", "People", "TestKit", crypto, logging],
            path: "Tests/Conformance"
        ),
        .testTarget(name: "GroundworkTests", dependencies: ["Groundwork", "TestKit"]),
        .testTarget(
            name: "ExecutorTests",
            dependencies: ["Executor", "Groundwork", "CurlDriver", "TestKit", lifecycle, logging]
        ),
        .testTarget(
            name: "SchedulerTests",
            dependencies: [
                "Scheduler", "Groundwork", "PushEngine", "CurlDriver", "SQLiteDriver", "Conformance",
                "TestKit", lifecycle, logging, grdb,
            ],
            resources: [.copy("Fixtures")]
        ),
        .testTarget(
            name: "PushEngineTests",
            dependencies: [
                "PushEngine", "Groundwork", "CurlDriver", "SQLiteDriver", "RedisDriver", "LocalServers",
                "SupplierSimulator", "Suppliers", "Conformance", "TestKit", lifecycle,
            ]
        ),
        .testTarget(
            name: "SuppliersTests",
            dependencies: [
                "Suppliers", "PushEngine", "Groundwork", "CurlDriver", "LocalServers", "SupplierSimulator",
                "TestKit", crypto, cryptoExtras, logging,
            ]
        ),
        .testTarget(
            name: "PeopleTests",
            dependencies: ["People", "Groundwork", "SQLiteDriver", "TestKit", logging]
        ),
        .testTarget(
            name: "SQLiteDriverTests",
            dependencies: [
                "SQLiteDriver", "Groundwork", "Scheduler", "PushEngine", "People", "Conformance", "TestKit",
                grdb,
            ]
        ),
        .testTarget(
            name: "PostgresDriverTests",
            dependencies: [
                "PostgresDriver", "LocalServers", "Groundwork", "Scheduler", "PushEngine", "People",
                "Conformance",
                "TestKit", lifecycle, logging,
            ]
        ),
        .testTarget(
            name: "RedisDriverTests",
            dependencies: [
                "RedisDriver", "LocalServers", "Groundwork", "Scheduler", "PushEngine", "Conformance",
                "TestKit", logging,
            ]
        ),
        .testTarget(
            name: "S3DriverTests",
            dependencies: [
                "S3Driver", "CurlDriver", "LocalServers", "Groundwork", "PushEngine", "Conformance",
                "TestKit",
            ]
        ),
        .testTarget(name: "LocalServersTests", dependencies: ["LocalServers", "Groundwork", "TestKit"]),
        .testTarget(
            name: "CurlDriverTests",
            dependencies: [
                "CurlDriver", "CCurl", "Groundwork", "LocalServers", "TestKit", hummingbird, hummingbirdHTTP2,
                lifecycle, logging, nio,
            ]
        ),
        .testTarget(
            name: "SupplierSimulatorTests",
            dependencies: [
                "SupplierSimulator", "CurlDriver", "Groundwork", "TestKit", crypto, lifecycle, logging,
            ]
        ),
        .testTarget(
            name: "ConsoleTests",
            dependencies: [
                "Console", "Groundwork", "Scheduler", "PushEngine", "People", "SQLiteDriver", "CurlDriver",
                "SupplierSimulator", "Suppliers", "TestKit", hummingbird, logging,
            ]
        ),
        .testTarget(
            name: "SystemTests",
            dependencies: [
                "KPush", "Console", "Executor", "Scheduler", "PushEngine", "SQLiteDriver", "PostgresDriver",
                "People", "RedisDriver",
                "CurlDriver", "S3Driver", "LocalServers", "Groundwork", "Suppliers", "Conformance", "TestKit",
                logging,
                .product(name: "Yams", package: "Yams"),
            ],
            resources: [.copy("Fixtures")]
        ),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + strict
}

// To optimise tests takes longer than they run.
for target in package.targets where target.type == .test || ["Conformance", "TestKit"].contains(target.name) {
    target.swiftSettings?.append(.unsafeFlags(["-Onone"], .when(configuration: .release)))
}
