import Foundation
import Groundwork
import LocalServers
import Testing

@testable import PostgresDriver

@Suite struct PostgresPoolTests {
    @Test func `values come back as they were given`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        let rows = try await pool.write("echo") { link in
            let sql =
                "SELECT $1::bigint, $2::text, $3::bytea, $4::bool, $5::text, array_length($6::bigint[], 1), $7::text[]"
            let row = try #require(
                try link.run(
                    sql,
                    .int(Int64.min),
                    .text("né"),
                    .bytes([0, 255]),
                    .bool(true),
                    .null,
                    .ints([1, 2]),
                    .texts([])
                )
                .first
            )
            return
                "\(row.int64(0)) \(row.text(1)) \(row.bytes(2)) \(row.bool(3)) \(row.isNull(4)) \(row.int(5))"
        }
        #expect(rows == "\(Int64.min) né [0, 255] true true 2")
        let empty = try await pool.write("echo") { link in
            let row = try #require(try link.run("SELECT $1, length($2::bytea)", .text(""), .bytes([])).first)
            return "\(row.isNull(0)) \(row.text(0).count) \(row.int(1))"
        }
        #expect(empty == "false 0 0")
        let arrays = try await pool.write("echo") { link in
            try link.run(
                "SELECT * FROM unnest($1::bigint[], $2::text[])",
                .optionalInts([1, nil]),
                .optionalTexts([nil, "né"])
            )
            .map { "\($0.optionalInt64(0)?.description ?? "-") \($0.optionalText(1) ?? "-")" }
        }
        #expect(arrays == ["1 -", "- né"])
    }

    @Test func `what no text of PostgreSQL can hold does not keep the rest out`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        let texts = try await pool.write("echo") { link in
            let row = try link.run("SELECT $1, ($2::text[])[1]", .text("a\0b"), .texts(["\0c"])).first
            return [row?.text(0), row?.text(1)]
        }
        #expect(texts == ["a\u{FFFD}b", "\u{FFFD}c"])
    }

    @Test func `text with what PostgreSQL cannot keep is kept as far as it can, in bulk too`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        let texts = try await pool.write("echo") { link in
            try link.runScript("CREATE TABLE t (word text)")
            try link.run("INSERT INTO t SELECT unnest($1 || $2)", .texts(["a\0b", "né"]), .text("\0"))
            var rows = CopyRows(columns: 1)
            rows.beginRow()
            rows.append("c\0")
            try link.copy(into: "t (word)", rows)
            return try link.run("SELECT word FROM t").map { $0.text(0) }
        }
        #expect(texts == ["a\u{FFFD}b", "né", "\u{FFFD}", "c\u{FFFD}"])
    }

    @Test func `statements run in one round trip, and the first failure is told`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        try await pool.write("make") { _ = try $0.runScript("CREATE TABLE t (id bigint PRIMARY KEY)") }
        let counts = try await pool.write("fill") { link in
            try link.runAll([
                PostgresStatement("INSERT INTO t SELECT generate_series(1, $1)", .int(10)),
                PostgresStatement("SELECT count(*) FROM t"),
            ])
            .map { $0.first?.int(0) ?? $0.changed }
        }
        #expect(counts == [10, 10])
        await #expect(throws: StoreError.self) {
            try await pool.write("fill again") { link in
                _ = try link.runAll([
                    PostgresStatement("INSERT INTO t VALUES (11)"),
                    PostgresStatement("INSERT INTO t VALUES (1)"),
                    PostgresStatement("INSERT INTO t VALUES (12)"),
                ])
            }
        }
        let left = try await pool.read("count") { try $0.run("SELECT count(*) FROM t").first?.int(0) }
        #expect(left == 10)
    }

    @Test func `rows are loaded in bulk`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        let count = try await pool.write("load") { link in
            try link.runScript("CREATE TABLE t (id bigint, name text)")
            var rows = CopyRows(columns: 2)
            for number in 0..<50_000 {
                rows.beginRow()
                rows.append(Int64(number))
                if number % 2 == 0 { rows.append("name \(number)") } else { rows.appendNull() }
            }
            try link.copy(into: "t (id, name)", rows)
            return try link.run("SELECT count(name) FROM t").first?.int(0)
        }
        #expect(count == 25_000)
    }

    @Test func `a bulk load that is refused leaves its connection to the next`() async throws {
        var settings = try PostgresSettings(address: try await TestPostgres.database())
        settings.connections = 1
        let pool = PostgresPool(settings)
        await #expect {
            try await pool.write("load") { try $0.copy(into: "missing (id)", CopyRows(columns: 1)) }
        } throws: { ($0 as? StoreError)?.code == .corrupted }
        #expect(try await pool.write("ask") { try $0.run("SELECT 7").first?.int(0) } == 7)
    }

    @Test func `a value that the server cannot take is refused for good`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        await #expect {
            try await pool.write("ask") { _ = try $0.run("SELECT 1 / $1::bigint", .int(0)) }
        } throws: { ($0 as? StoreError)?.isTransient == false }
    }

    @Test func `who finds no connection in time is told so, and the pool goes on`() async throws {
        var settings = try PostgresSettings(address: try await TestPostgres.database())
        settings.connections = 1
        settings.patience = .milliseconds(300)
        let pool = PostgresPool(settings)
        async let slow = pool.write("sleep") { _ = try $0.run("SELECT pg_sleep(1)") }
        while true {
            do {
                try await pool.write("ask") { _ = try $0.run("SELECT 1") }
                // It came before the slow one.
            } catch {
                #expect(error.code == .unavailable)
                #expect(error.detail.contains("raise postgres.connections"))
                break
            }
        }
        try await slow
        try await pool.write("ask") { _ = try $0.run("SELECT 1") }
    }

    @Test(arguments: Way.allCases)
    func `the server ends what takes too long also outside of a transaction`(_ way: Way) async throws {
        var settings = try PostgresSettings(address: try await way.database())
        settings.statementLimit = .milliseconds(500)
        let pool = PostgresPool(settings)
        let sleep = "SELECT pg_sleep(4)"
        let bodies: [@Sendable (PostgresLink) throws -> Void] = [
            { _ = try $0.run(sleep) },
            { _ = try $0.runAll([PostgresStatement("SELECT 1"), PostgresStatement(sleep)]) },
            { _ = try $0.runScript(sleep) },
        ]
        for body in bodies {
            let error = await #expect(throws: StoreError.self) { try await pool.single("sleep", body) }
            #expect(error?.detail.contains("57014") == true)
        }
        // What limits one leaves nothing behind, and takes nothing from what is brought.
        let limits = try await pool.single("look") { link in
            let ask = PostgresStatement("SELECT current_setting('statement_timeout'), $1", .text("né"))
            let answers = try link.runAll([ask, ask]) + [link.run(ask.sql, ask.values)]
            let texts = answers.compactMap { $0.first.map { "\($0.text(0)) \($0.text(1))" } }
            return texts + [try link.runScript("SHOW jit").first?.text(0) ?? ""]
        }
        #expect(limits == ["500ms né", "500ms né", "500ms né", "off"])
        let link = try PostgresLink(settings)
        try link.limited { _ = try $0.run("SELECT 1") }
        guard way == .direct else { return }
        #expect(try link.runScript("SHOW statement_timeout").first?.text(0) == "0")
    }

    @Test func `where nobody answers, that is what is told, as often as one asks`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: "host=127.0.0.1 port=1 dbname=none"))
        for _ in 0..<3 {
            let error = await #expect(throws: StoreError.self) {
                try await pool.write("ask") { _ = try $0.run("SELECT 1") }
            }
            #expect(error?.code == .unavailable)
        }
    }

    @Test func `a server that was restarted is found again without anybody noticing`() async throws {
        let folder = try ServerFolder()
        let server = try await PostgresServer(in: folder, isPowerSafe: false)
        let pool = PostgresPool(try PostgresSettings(address: server.address()))
        try await pool.write("make") { _ = try $0.runScript("CREATE TABLE t (id bigint PRIMARY KEY)") }
        await server.kill()
        await #expect(throws: StoreError.self) { try await pool.write("ask") { _ = try $0.run("SELECT 1") } }
        try await server.start()
        try await pool.write("ask") { _ = try $0.run("INSERT INTO t VALUES (1)") }
        await server.stop()
    }

    @Test func `tables that take long to change are changed, whatever an ordinary statement may take`()
        async throws
    {
        var settings = try PostgresSettings(address: try await TestPostgres.database())
        settings.statementLimit = .seconds(1)
        let migrator = PostgresMigrator(
            part: "test",
            steps: [{ _ = try $0.runScript("CREATE TABLE t (id bigint); SELECT pg_sleep(2)") }]
        )
        try await withThrowingTaskGroup(of: Void.self) { [settings] group in
            for _ in 0..<2 { group.addTask { try await migrator.migrate(PostgresPool(settings)) } }
            try await group.waitForAll()
        }
    }

    @Test func `tables are made once however many processes start`() async throws {
        let address = try await TestPostgres.database()
        let migrator = PostgresMigrator(
            part: "test",
            steps: [{ _ = try $0.runScript("CREATE TABLE t (id bigint)") }]
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    try await migrator.migrate(PostgresPool(try PostgresSettings(address: address)))
                }
            }
            try await group.waitForAll()
        }
        let older = PostgresMigrator(part: "test", steps: [])
        await #expect(throws: StoreError.self) {
            try await older.migrate(PostgresPool(try PostgresSettings(address: address)))
        }
    }

    // MARK: What the server keeps compiled

    @Test func `what is asked all the time is compiled once`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        for number in 1...3 {
            let told = try await pool.single("ask") { link in
                try link.runAll([Self.asked(number), Self.asked(number + 1)]).map { $0.first?.int(0) }
            }
            #expect(told == [number, number + 1])
            let written = try await pool.write("ask") { link in
                let asked = try link.run(Self.asked(number)).first?.int(0)
                // What else is in the transaction is compiled as ever.
                #expect(try link.run("SHOW enable_seqscan").first?.text(0) == "on")
                #expect(try link.run("SHOW plan_cache_mode").first?.text(0) == "auto")
                return asked
            }
            #expect(written == number)
            let mixed = try await pool.single("ask") { link in
                try link.runAll([Self.asked(number), PostgresStatement("SELECT 7")]).map { $0.first?.int(0) }
            }
            #expect(mixed == [number, 7])
        }
        let uses = try await pool.single("look") { link in
            try link.run(
                "SELECT (generic_plans + custom_plans)::bigint FROM pg_prepared_statements WHERE statement = $1",
                .text(Self.asked(0).sql)
            )
            .map { $0.int(0) }
        }
        #expect(uses == [9])
    }

    @Test func `nothing is left on a connection that a proxy lends to others`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await Way.pooled.database()))
        for number in 1...3 {
            #expect(try await pool.single("ask") { try $0.run(Self.asked(number)).first?.int(0) } == number)
        }
        let left = try await pool.single("look") { link in
            try link.run("SELECT count(*) FROM pg_prepared_statements").first?.int(0)
        }
        #expect(left == 0)
    }

    @Test func `a statement that fails leaves those after it to be compiled the next time`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        let failing = PostgresStatement("SELECT 1 / $1::bigint", .int(0)).kept
        for _ in 0..<2 {
            await #expect(throws: StoreError.self) {
                try await pool.single("ask") { _ = try $0.runAll([failing, Self.asked(1)]) }
            }
        }
        #expect(try await pool.single("ask") { try $0.run(Self.asked(5)).first?.int(0) } == 5)
    }

    @Test func `a table that gets another column does not break what is compiled`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        let all = PostgresStatement("SELECT * FROM t").kept
        try await pool.write("make") { _ = try $0.runScript("CREATE TABLE t AS SELECT 1::bigint AS a") }
        #expect(try await pool.write("read", [all]) { $0[0].first?.int(0) } == 1)
        try await pool.write("alter") { _ = try $0.runScript("ALTER TABLE t ADD COLUMN b bigint DEFAULT 2") }
        #expect(try await pool.write("read", [all]) { $0[0].first?.int(1) } == 2)
    }

    private static func asked(_ number: Int) -> PostgresStatement {
        PostgresStatement("SELECT $1::bigint AS asked", .int(number)).kept
    }
}
