import CurlDriver
import Foundation
import Groundwork
import PostgresDriver
import TestKit
import Testing
import Yams

@testable import KPush

/// What is shipped to deploy with is what the program understands.
@Suite struct DeployTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../deploy").standardizedFileURL

    private static let secrets = [
        "KPUSH_CLUSTER_SECRET": String(repeating: "s", count: 64),
        "KPUSH_WEB_TOKEN": String(repeating: "t", count: 64), "KPUSH_CROWDS_S3_SECRET_KEY": "k",
    ]

    /// The variables that mean something.
    private static let known = Set(
        ServeSettings.keys.map {
            "KPUSH_" + $0.key.uppercased().replacing(".", with: "_").replacing("-", with: "_")
        }
    )
    // libpq's own.
    .union(["PGPASSWORD"])

    @Test func `the embedded example is read`() async throws {
        let file = Self.folder.appendingPathComponent("embedded/kpush.yaml").path
        let settings = try await ServeSettings.read(file: file, environment: [:], flags: [:])
        #expect(settings.cluster == nil)
        #expect(settings.data == "/var/lib/kpush")
        #expect(settings.supplierAddresses == AddressGuard())
        // What the file says is what is so without it.
        #expect(settings.retention == KeepSettings())
    }

    @Test(arguments: Role.allCases) func `the cluster example is read for each role`(role: Role) async throws
    {
        let file = Self.folder.appendingPathComponent("cluster/kpush.yaml").path
        let settings = try await ServeSettings.read(
            file: file,
            environment: Self.secrets,
            flags: ["roles": role.rawValue, "data": "/var/lib/kpush/\(role.rawValue)"]
        )
        #expect(settings.roles == [role])
        #expect(settings.supplierAddresses == AddressGuard())
        #expect(settings.cluster?.postgres.connections == 8)
        #expect(settings.schedulers.count == 2)
    }

    @Test func `an executor of the cluster example says where it is reached`() async throws {
        let unit = try String(
            contentsOf: Self.folder.appendingPathComponent("cluster/kpush@.service"),
            encoding: .utf8
        )
        #expect(unit.contains("EnvironmentFile=-/etc/kpush/host.env\n"))
        let settings = try await ServeSettings.read(
            file: Self.folder.appendingPathComponent("cluster/kpush.yaml").path,
            environment: Self.secrets.merging(try Self.variables("cluster/host.env")) { $1 },
            flags: ["roles": "executor"]
        )
        // An executor that listens on all addresses does not start without one.
        #expect(settings.executorHost == "0.0.0.0")
        #expect(settings.executorAddress == "http://host-1.internal:9999")
    }

    @Test(arguments: ["cluster/host.env", "cluster/secrets.env"])
    func `variables of the cluster example are settings`(file: String) throws {
        let names = Set(try Self.variables(file).keys)
        #expect(!names.isEmpty)
        #expect(names.subtracting(Self.known) == [])
    }

    /// What a file of variables says.
    private static func variables(_ file: String) throws -> [String: String] {
        let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .reduce(into: [:]) { variables, line in
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                variables[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
            }
    }

    @Test func `the services of the compose file are read`() async throws {
        let text = try String(
            contentsOf: Self.folder.appendingPathComponent("compose/compose.yaml"),
            encoding: .utf8
        )
        let file = try #require(try Yams.load(yaml: text) as? [String: Any])
        let services = try #require(file["services"] as? [String: [String: Any]])
        let secrets = try TemporaryFolder()
        for (name, text) in [
            ("cluster-secret", String(repeating: "s", count: 64)),
            ("web-token", String(repeating: "t", count: 64) + "\n"),
            ("postgres-address", "postgresql://kpush:word@postgres/kpush"), ("postgres-password", "word"),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: secrets.file(name)))
        }
        let files = try #require(file["secrets"] as? [String: [String: String]])
        #expect(Set(files.keys) == Set(try FileManager.default.contentsOfDirectory(atPath: secrets.path)))
        var roles: Set<Role> = []
        for (name, service) in services {
            guard let command = service["command"] as? [String], command.first == "serve" else { continue }
            let options = Dictionary(
                uniqueKeysWithValues: stride(from: 1, to: command.count - 1, by: 2)
                    .map { (command[$0], command[$0 + 1]) }
            )
            #expect(options["--secrets"] == "/run/secrets")
            #expect(Set(try #require(service["secrets"] as? [String])).isSubset(of: files.keys), "\(name)")
            let environment = try #require(service["environment"] as? [String: Any]).mapValues { "\($0)" }
            #expect(Set(environment.keys).subtracting(Self.known) == [], "\(name)")
            let settings = try await ServeSettings.read(
                file: nil,
                secrets: secrets.path,
                environment: environment,
                flags: ["roles": try #require(options["--roles"], "\(name)")]
            )
            #expect(settings.cluster != nil)
            #expect(settings.apiToken?.reveal() == String(repeating: "t", count: 64))
            roles.formUnion(settings.roles)
        }
        #expect(roles == Set(Role.allCases))
        // Nothing that is secret stands in the file itself.
        #expect(!text.contains("PASSWORD:") && !text.contains("SECRET:") && !text.contains("TOKEN:"))
    }

    @Test func `the image has what the guide says that the program needs, and runs as nobody special`() throws
    {
        func text(_ name: String) throws -> String {
            try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
        }
        let image = try #require(try text("compose/Dockerfile").components(separatedBy: "\nFROM ").last)
        let guide = try #require(try text("README.md").firstMatch(of: /apt-get install (ca-[^\n]+)/)).1
        for package in guide.split(separator: " ") { #expect(image.contains(package), "\(package)") }
        #expect(image.contains("\nUSER kpush\n"))
        let health = try #require(image.firstMatch(of: /HEALTHCHECK .*CMD \[(.*)\]/)).1
        let arguments = health.split(separator: ", ").map { $0.replacing("\"", with: "") }
        #expect(arguments == ["/opt/kpush/kpush", "health"])
    }

    @Test func `a folder of secrets that cannot be read is named`() async throws {
        await #expect(throws: SettingsError.self) {
            _ = try await ServeSettings.read(file: nil, secrets: "/nowhere", environment: [:], flags: [:])
        }
    }
}
