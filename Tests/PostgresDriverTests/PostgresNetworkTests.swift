import Foundation
import Groundwork
import LocalServers
import Testing

@testable import PostgresDriver

/// What a pool makes of a network that does its worst.
@Suite struct PostgresNetworkTests {
    @Test func `a commit whose answer is lost is found to have happened, and happened once`() async throws {
        let (direct, relay, pool) = try await rig()
        try await direct.write("make") { _ = try $0.runScript("CREATE TABLE t (id bigint)") }
        async let written = pool.write("insert") { link in
            _ = try link.run("INSERT INTO t VALUES (7)")
            relay.dropReplies()
            return "done"
        }
        try await waited(for: "the server commits nothing") {
            try await direct.read("count") { try $0.run("SELECT id FROM t").count } == 1
        }
        await relay.cut()
        try await relay.heal()
        #expect(try await written == "done")
        let rows = try await direct.read("count") { try $0.run("SELECT id FROM t").count }
        #expect(rows == 1)
        await relay.stop()
    }

    @Test func `what a lost answer would have brought is read again where the commit happened`() async throws
    {
        let (direct, relay, pool) = try await rig()
        try await direct.write("make") { _ = try $0.runScript("CREATE TABLE t (id serial, what text)") }
        let insert = PostgresStatement("INSERT INTO t (what) VALUES ($1) RETURNING id", .text("one")).kept
        let again = PostgresStatement("SELECT id FROM t WHERE what = $1", .text("one")).kept
        async let written = pool.write("insert", reading: [PostgresStatement("SELECT count(*) FROM t").kept])
        {
            brought in
            relay.dropReplies()
            let before = brought[0].first?.int(0) ?? -1
            return .last(PostgresLast([insert], again: again) { (before, $0.map { $0.int(0) }) })
        }
        try await waited(for: "the server commits nothing") {
            try await direct.read("count") { try $0.run("SELECT id FROM t").count } == 1
        }
        await relay.cut()
        try await relay.heal()
        let (before, ids) = try await written
        #expect(before == 0)
        #expect(ids == [1])
        await relay.stop()
    }

    @Test func `what is decided by what was read is written whole or not at all`() async throws {
        let (direct, relay, pool) = try await rig()
        try await direct.write("make") { _ = try $0.runScript("CREATE TABLE t (id int PRIMARY KEY)") }
        func write(_ ids: [Int64], isOver: Bool = false) async throws -> Int {
            let count = PostgresStatement("SELECT count(*) FROM t").kept
            let inserts = ids.map {
                PostgresStatement("INSERT INTO t VALUES ($1) RETURNING id", .int($0)).kept
            }
            return try await pool.write("insert", reading: [count]) { brought in
                let before = brought[0].first?.int(0) ?? -1
                return isOver
                    ? .over(before) : .last(PostgresLast(inserts, again: count) { before + $0.count })
            }
        }
        #expect(try await write([1]) == 1)
        let error = await #expect(throws: StoreError.self) { _ = try await write([2, 1]) }
        #expect(error?.code == .conflict)
        #expect(try await write([], isOver: true) == 1)
        #expect(try await write([2, 3]) == 2)
        #expect(try await write([], isOver: true) == 3)
        await relay.stop()
    }

    @Test func `a commit that never reached the server did not happen, and that is told`() async throws {
        let (direct, relay, pool) = try await rig()
        try await direct.write("make") { _ = try $0.runScript("CREATE TABLE t (id bigint)") }
        async let written = pool.write("insert") { link in
            _ = try link.run("INSERT INTO t VALUES (7)")
            relay.freeze()
        }
        try await waited(for: "nobody is in a transaction") {
            let sql =
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
                + " AND datname = current_database()"
            return try await direct.read("look") { try $0.run(sql).first?.int(0) } == 1
        }
        await relay.cut()
        try await relay.heal()
        do {
            try await written
            Issue.record("it says that it happened")
        } catch let error as StoreError { #expect(error.code == .unavailable) }
        let rows = try await direct.read("count") { try $0.run("SELECT id FROM t").count }
        #expect(rows == 0)
        await relay.stop()
    }

    @Test func `who finds no connection free to ask what became of a commit goes on asking`() async throws {
        let (direct, relay, pool) = try await rig {
            $0.connections = 1
            $0.patience = .seconds(1)
        }
        try await direct.write("make") { _ = try $0.runScript("CREATE TABLE t (id bigint, writer int)") }
        async let written = pool.write("insert") { link in
            _ = try link.run("INSERT INTO t VALUES (7, pg_backend_pid())")
            relay.dropReplies()
            return "done"
        }
        try await waited(for: "the server commits nothing") {
            try await direct.read("count") { try $0.run("SELECT id FROM t").count } == 1
        }
        try await relay.heal()
        // Whoever stands in line has the connection for longer than anybody waits for it.
        async let other: Void = pool.write("sleep") { _ = try $0.run("SELECT pg_sleep(2.5)") }
        try await direct.write("end") {
            _ = try $0.run("SELECT pg_sleep(0.3), pg_terminate_backend(writer) FROM t")
        }
        #expect(try await written == "done")
        try await other
        await relay.stop()
    }

    @Test func `nobody asks for long what became of a commit where nothing gets through`() async throws {
        let (direct, relay, pool) = try await rig {
            $0.statementLimit = .seconds(1)
            $0.patience = .seconds(2)
        }
        try await direct.write("make") { _ = try $0.runScript("CREATE TABLE t (id bigint)") }
        let begin = ContinuousClock.now
        let error = await #expect(throws: StoreError.self) {
            try await pool.write("insert") { link in
                _ = try link.run("INSERT INTO t VALUES (7)")
                relay.freeze()
            }
        }
        #expect(error?.code == .unavailable && error?.detail.contains("fate") == true)
        // Six seconds for the commit's answer, one for the question, and as much as one connection takes.
        #expect(ContinuousClock.now - begin < .seconds(12))
        await relay.stop()
    }

    @Test func `a connection that stands still is given up in time, and others go on`() async throws {
        let (_, relay, pool) = try await rig { $0.statementLimit = .seconds(1) }
        try await pool.write("ask") { _ = try $0.run("SELECT 1") }
        relay.freeze()
        let begin = ContinuousClock.now
        let error = await #expect(throws: StoreError.self) {
            try await pool.write("ask") { _ = try $0.run("SELECT 1") }
        }
        #expect(error?.code == .unavailable)
        // The limit of a statement, and five seconds for the way.
        #expect(ContinuousClock.now - begin < .seconds(9))
        try await relay.heal()
        try await pool.write("ask") { _ = try $0.run("SELECT 1") }
        await relay.stop()
    }

    /// A pool that comes to an empty database through a relay, and one that comes to it directly.
    private func rig(
        _ change: (inout PostgresSettings) -> Void = { _ in }
    ) async throws -> (direct: PostgresPool, relay: TCPRelay, pool: PostgresPool) {
        let (_, server) = try await TestPostgres.shared.value
        let address = try await TestPostgres.database()
        let relay = try await TCPRelay(to: server.port)
        var settings = try PostgresSettings(
            address: address.replacing(":\(server.port)/", with: ":\(relay.port)/")
        )
        settings.connections = 2
        change(&settings)
        return (PostgresPool(try PostgresSettings(address: address)), relay, PostgresPool(settings))
    }
}
