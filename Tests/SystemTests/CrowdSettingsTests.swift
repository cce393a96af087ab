import Foundation
import Groundwork
import LocalServers
import PushEngine
import S3Driver
import TestKit
import Testing

@testable import KPush

/// Where the settings say that crowd files are kept.
@Suite(.timeLimit(.minutes(10))) struct CrowdSettingsTests {
    private static func settings(_ values: [String: String]) async throws -> ServeSettings {
        try await ServeSettings.read(file: nil, environment: values, flags: [:])
    }

    private static let bucket = [
        "KPUSH_CROWDS_STORAGE": "s3://crowds/prod/push", "KPUSH_CROWDS_S3_ACCESS_KEY": "a",
        "KPUSH_CROWDS_S3_SECRET_KEY": "s",
    ]

    private static func place(_ endpoint: String?, _ region: String) throws -> S3Place {
        let place = S3Place(
            "s3://crowds/prod/push",
            endpoint: endpoint,
            region: region,
            accessKey: "a",
            secretKey: Secret("s")
        )
        return try #require(place)
    }

    @Test func `files are kept in the data folder, another folder or a bucket`() async throws {
        #expect(try await Self.settings([:]).crowds == .own)
        for path in ["/mnt/crowds", "file:///mnt/crowds"] {
            #expect(try await Self.settings(["KPUSH_CROWDS_STORAGE": path]).crowds == .folder("/mnt/crowds"))
        }
        #expect(try await Self.settings(Self.bucket).crowds == .s3(Self.place(nil, "us-east-1")))
        let own = Self.bucket.merging([
            "KPUSH_CROWDS_S3_ENDPOINT": "https://minio.example.org/", "KPUSH_CROWDS_S3_REGION": "here",
        ]) { $1 }
        let crowds = try await Self.settings(own).crowds
        #expect(crowds == .s3(try Self.place("https://minio.example.org", "here")))
        #expect("\(crowds)".contains("secretKey: ***"))
    }

    @Test(arguments: [
        ("KPUSH_CROWDS_STORAGE", "ftp://x/y", "crowds.storage"),
        ("KPUSH_CROWDS_STORAGE", "file://", "crowds.storage"),
        ("KPUSH_CROWDS_STORAGE", "s3://a/../b", "crowds.storage"),
        ("KPUSH_CROWDS_STORAGE", "s3:a", "crowds.storage"),
        ("KPUSH_CROWDS_S3_ENDPOINT", "minio:9000", "crowds.s3.endpoint"),
        ("KPUSH_CROWDS_S3_ACCESS_KEY", "", "crowds.s3.access-key"),
        ("KPUSH_CROWDS_S3_SECRET_KEY", "", "crowds.s3.secret-key"),
    ])
    func `what is no place is refused by its key`(variable: String, value: String, key: String) async throws {
        let values = Self.bucket.merging([variable: value]) { $1 }
        let error = await #expect(throws: SettingsError.self) { _ = try await Self.settings(values) }
        #expect(error?.key == key)
    }

    private static let cluster = [
        "KPUSH_POSTGRES_ADDRESS": "postgresql://kpush@db/kpush", "KPUSH_REDIS_ADDRESS": "redis://cache",
        "KPUSH_CLUSTER_SECRET": String(repeating: "s", count: 32),
    ]

    @Test(arguments: ["web", "executor", "web,scheduler,worker", "executor,worker"])
    func `processes of a cluster name the place that they share`(roles: String) async throws {
        let values = Self.cluster.merging(["KPUSH_ROLES": roles]) { $1 }
        let error = await #expect(throws: SettingsError.self) { _ = try await Self.settings(values) }
        #expect(error?.key == "crowds.storage")
        let named = values.merging(["KPUSH_CROWDS_STORAGE": "/mnt/crowds"]) { $1 }
        #expect(try await Self.settings(named).crowds == .folder("/mnt/crowds"))
        // On the embedded size they are one process's.
        #expect(try await Self.settings(["KPUSH_ROLES": roles]).crowds == .own)
    }

    @Test(arguments: [
        "web,scheduler,executor,worker", "web,executor", "scheduler", "worker", "scheduler,worker",
    ])
    func `who takes crowd files in and reads them, or does neither, needs no other place`(
        roles: String
    ) async throws {
        let values = Self.cluster.merging(["KPUSH_ROLES": roles]) { $1 }
        #expect(try await Self.settings(values).crowds == .own)
    }

    @Test func `books are not copied to a cluster whose crowd files have no place`() async throws {
        let folder = try TemporaryFolder()
        let config = folder.file("cluster.yaml")
        try "zone: Asia/Shanghai\n".write(toFile: config, atomically: true, encoding: .utf8)
        let ending = try await Program.run(
            ["store", "copy", "--from", folder.file("data"), "--config", config],
            environment: Self.cluster
        )
        #expect(ending.status == 64)
        #expect(ending.complaints.contains("setting crowds.storage: must be set"))
    }

    @Test func `a crowd in a bucket is taken in, read and sent like one in a folder`() async throws {
        let servers = try ServerFolder()
        let moto = try await MotoServer(in: servers)
        let bench = try await CommandBench.start(settings: [
            "KPUSH_CROWDS_STORAGE": "s3://\(moto.bucket)/crowds", "KPUSH_CROWDS_S3_ENDPOINT": moto.url,
            "KPUSH_CROWDS_S3_ACCESS_KEY": moto.accessKey, "KPUSH_CROWDS_S3_SECRET_KEY": moto.secretKey,
        ])
        let crowd = bench.folder.file("crowd.csv")
        // Some megabytes: several pieces are read ahead.
        _ = try await Program.run(["crowd", "generate", "--rows", "30000", "--out", crowd])
        let soon = Int64((Date().timeIntervalSince1970 + 2) * 1_000)
        let ending = try await bench.kpush([
            "campaigns", "create", "--name", "S3", "--template", "1", "--crowd", crowd, "--at", "\(soon)",
            "--watch",
        ])
        #expect(ending.status == 0, "\(ending.complaints)")
        #expect(ending.lines.contains { $0.hasSuffix("30,000 of 30,000 read") })
        // Nothing of it lies here.
        let left = try FileManager.default.contentsOfDirectory(atPath: bench.server.data + "/crowds")
        #expect(left.isEmpty)
        await moto.stop()
    }
}
