import Foundation
import Groundwork
import LocalServers
import Testing

@testable import PostgresDriver

/// What whoever sets KPush up is told to do when the server does not let it in.
@Suite struct PostgresAdviceTests {
    @Test func `who is refused is told what helps`() async throws {
        let folder = try ServerFolder()
        let rules = try folder.part("rules", of: "postgres").appendingPathComponent("hba.conf")
        try """
        host all guarded 127.0.0.1/32 scram-sha-256
        host all stranger 127.0.0.1/32 reject
        host all all 127.0.0.1/32 trust
        """
        .write(to: rules, atomically: false, encoding: .utf8)
        let server = try await PostgresServer(
            in: folder,
            settings: ["hba_file": rules.path],
            isPowerSafe: false
        )
        try await server.run("CREATE ROLE guarded LOGIN PASSWORD 'right'")
        try await server.run("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
        let login = "check user and password in postgres.address"
        for (user, database, advice) in [
            ("guarded:wrong", "postgres", login),
            ("guarded", "postgres", login),
            ("stranger", "postgres", login),
            ("nobody", "postgres", login),
            ("kpush", "missing", "create the database that postgres.address names"),
            ("crowded", "postgres", "raise the server's max_connections or lower postgres.connections"),
        ] {
            let address = "postgresql://\(user)@127.0.0.1:\(server.port)/\(database)"
            let pool = PostgresPool(try PostgresSettings(address: address))
            let error = await #expect(throws: StoreError.self) {
                try await pool.write("ask") { _ = try $0.run("SELECT 1") }
            }
            #expect(error?.code == .unavailable)
            #expect(error?.detail.hasSuffix("; \(advice)") == true, "\(user): \(error?.detail ?? "")")
            #expect(error?.detail.contains("wrong") == false)
        }
        await server.stop()
    }
}
