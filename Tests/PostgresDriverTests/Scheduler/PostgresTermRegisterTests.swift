import Conformance
import Groundwork
import Scheduler
import Testing

@testable import PostgresDriver

@Suite struct PostgresTermRegisterTests {
    @Test(arguments: TermRegisterConformance.clauses, Way.allCases)
    func `the register of terms keeps`(clause: Clause<TermRegisters>, way: Way) async throws {
        let address = try await way.database()
        let registers = TermRegisters(
            one: PostgresTermRegister(try await Self.database(address)),
            other: PostgresTermRegister(try await Self.database(address))
        )
        try await clause.check(registers)
    }

    @Test func `a term waits for the writes that have begun under the one before`() async throws {
        let database = try await Self.database(try await TestPostgres.database())
        let register = PostgresTermRegister(database)
        _ = try await register.read("l")
        let token = try #require(try await register.begin("l", holder: "a", after: nil))
        async let write = database.pool.single("write under the token") { link in
            let rows = try link.run(Self.slowWrite, .int(token.rawValue))
            return try #require(rows.first).int64(0)
        }
        while try await Self.sleepers(in: database.pool) == 0 {}
        let next = try await register.begin("l", holder: "b", after: nil)
        #expect(next == FencingToken(rawValue: token.rawValue + 1))
        // The write was over before, or the statement would have brought nothing.
        #expect(try await write == 1)
        let late = try await database.pool.single("write under the token") { link in
            try link.run(Self.slowWrite, .int(token.rawValue)).count
        }
        #expect(late == 0)
    }

    @Test func `beats and terms get through a crowd of writes under the token`() async throws {
        let database = try await Self.database(try await TestPostgres.database())
        let register = PostgresTermRegister(database)
        _ = try await register.read("l")
        let token = try #require(try await register.begin("l", holder: "a", after: nil))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    while try await database.pool.single(
                        "write",
                        { link in
                            try link.run(Self.quickWrite, .int(token.rawValue)).count
                        }
                    ) == 1 {}
                }
            }
            for _ in 0..<100 { try await register.beat("l", token) }
            _ = try #require(try await register.begin("l", holder: "b", after: nil))
            // Each ends as soon as its token is over.
            try await group.waitForAll()
        }
    }

    @Test func `who stands still in the middle of a write is cut off, and nothing of it stays`() async throws
    {
        let address = try await TestPostgres.database()
        let database = try await Self.database(address)
        let register = PostgresTermRegister(database)
        _ = try await register.read("l")
        let token = try #require(try await register.begin("l", holder: "a", after: nil))
        let stopped = try PostgresLink(PostgresSettings(address: address))
        try stopped.runScript("CREATE TABLE t (id bigint)")
        try stopped.runScript("BEGIN")
        try stopped.run(Self.quickWrite, .int(token.rawValue))
        try stopped.run("INSERT INTO t VALUES (1)")
        _ = try #require(try await register.begin("l", holder: "b", after: nil))
        #expect(throws: PostgresFailure.self) { try stopped.runScript("COMMIT") }
        let count = try await database.pool.single("count") {
            try $0.run("SELECT count(*) FROM t").first?.int(0)
        }
        #expect(count == 0)
    }

    private static func database(_ address: String) async throws -> PostgresSchedulerDatabase {
        try await PostgresSchedulerDatabase(PostgresPool(try PostgresSettings(address: address)))
    }

    private static func sleepers(in pool: PostgresPool) async throws -> Int {
        try await pool.single("look") { link in
            let ask =
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
            return try link.run(ask).first?.int(0) ?? 0
        }
    }

    private static let quickWrite = "SELECT 1 FROM leader_term WHERE name = 'l' AND token = $1 FOR SHARE"

    /// Holds the token for a while, and brings the token's row as it is at the end.
    private static let slowWrite = """
        WITH term AS MATERIALIZED (SELECT 1::bigint AS one FROM leader_term WHERE name = 'l' AND token = $1 FOR SHARE)
        SELECT one FROM term, LATERAL (SELECT pg_sleep(0.5 * one)) AS wait
        """
}
