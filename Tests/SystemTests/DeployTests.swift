import CurlDriver
import Foundation
import PostgresDriver
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
        let known = Set(
            ServeSettings.keys.map {
                "KPUSH_" + $0.key.uppercased().replacing(".", with: "_").replacing("-", with: "_")
            }
        )
        // libpq's own.
        .union(["PGPASSWORD"])
        let names = Set(try Self.variables(file).keys)
        #expect(!names.isEmpty)
        #expect(names.subtracting(known) == [])
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
        var roles: Set<Role> = []
        for (name, service) in services {
            guard let command = service["command"] as? [String], command.first == "serve" else { continue }
            var environment = try #require(service["environment"] as? [String: Any]).mapValues { "\($0)" }
            environment.merge(Self.secrets) { $1 }
            let settings = try await ServeSettings.read(
                file: nil,
                environment: environment,
                flags: ["roles": try #require(command.last, "\(name)")]
            )
            #expect(settings.cluster != nil)
            roles.formUnion(settings.roles)
        }
        #expect(roles == Set(Role.allCases))
    }
}
