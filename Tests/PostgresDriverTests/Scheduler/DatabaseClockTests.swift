import Groundwork
import Logging
import ServiceLifecycle
import TestKit
import Testing

@testable import PostgresDriver

/// A clock that goes by a real database, whose own clock a test sets.
struct DatabaseClockTests {
    private let host = ManualClock(.noon)

    @Test func `it tells the database's time, whatever the host's clock shows`() async throws {
        let database = try await SteppedDatabase(at: .noon + .seconds(5 * 3_600))
        let clock = try await database.clock(host)
        #expect(clock.now == .noon + .seconds(5 * 3_600))
        host.setCalendar(to: .noon - .seconds(86_400))
        #expect(clock.now == .noon + .seconds(5 * 3_600))
        host.advance(by: .milliseconds(1_500))
        #expect(clock.now == .noon + .seconds(5 * 3_600) + .milliseconds(1_500))
    }

    @Test func `it is right by a real server's clock`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        let clock = try await DatabaseClock(pool, logger: .none)
        for _ in 0..<3 {
            let asked = try await pool.single("ask") { link in
                let before = clock.now
                let row = try link.run("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").first
                return (before, row?.moment(0) ?? before, clock.now)
            }
            #expect(asked.0 - .milliseconds(20) <= asked.1)
            #expect(asked.1 <= asked.2 + .milliseconds(20))
            try await clock.adjust()
        }
    }

    @Test func `it does not start without the database`() async throws {
        let pool = PostgresPool(try PostgresSettings(address: "host=127.0.0.1 port=1 dbname=none"))
        await #expect(throws: StoreError.self) { try await DatabaseClock(pool, logger: .none) }
    }

    @Test func `it jumps to where the database is ahead`() async throws {
        let database = try await SteppedDatabase(at: .noon)
        let clock = try await database.clock(host)
        try await database.set(.noon + .seconds(3_600))
        try await clock.adjust()
        #expect(clock.now == .noon + .seconds(3_600))
    }

    @Test func `it follows a database whose clock was put back far`() async throws {
        let database = try await SteppedDatabase(at: .noon)
        let clock = try await database.clock(host)
        try await database.set(.noon - .seconds(3_600))
        try await clock.adjust()
        #expect(clock.now == .noon - .seconds(3_600))
    }

    @Test func `it never goes back for a little, and meets the database at half the pace`() async throws {
        let database = try await SteppedDatabase(at: .noon)
        let clock = try await database.clock(host)
        try await database.set(.noon - .seconds(3))
        try await clock.adjust()
        var latest = clock.now
        #expect(latest == .noon)
        for second in 1...8 {
            host.advance(by: .seconds(1))
            try await database.set(.noon - .seconds(3) + .seconds(second))
            if second.isMultiple(of: 2) { try await clock.adjust() }
            let step = clock.now - latest
            #expect(step == (second <= 6 ? .milliseconds(500) : .seconds(1)))
            latest = clock.now
        }
        #expect(latest == .noon + .seconds(5))
    }

    @Test func `it asks again and again, also after the database was gone for a while`() async throws {
        let database = try await SteppedDatabase(at: .noon)
        let clock = try await database.clock(host)
        let group = ServiceGroup(services: [clock], logger: .none)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await host.sleepers()
            try await database.breakDown()
            host.advance(by: DatabaseClock.period)
            await host.sleepers()
            #expect(clock.now == .noon + DatabaseClock.period)
            try await database.repair()
            try await database.set(.noon + .seconds(99))
            host.advance(by: DatabaseClock.period)
            await host.sleepers()
            #expect(clock.now == .noon + .seconds(99))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}

extension Logger {
    fileprivate static var none: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// A database in which `clock_timestamp()` is what a test says.
private struct SteppedDatabase {
    let pool: PostgresPool
    private let settings: PostgresPool

    init(at moment: Moment) async throws {
        let address = try await TestPostgres.database()
        let name = try #require(address.split(separator: "/").last)
        settings = PostgresPool(try PostgresSettings(address: address))
        try await settings.write("set up") { link in
            _ = try link.runScript(
                """
                CREATE SCHEMA stepped;
                CREATE TABLE stepped.clock (ms bigint NOT NULL);
                INSERT INTO stepped.clock VALUES (\(moment.millisecondsSinceEpoch));
                CREATE FUNCTION stepped.clock_timestamp() RETURNS timestamptz LANGUAGE sql
                    AS 'SELECT to_timestamp(ms / 1000.0) FROM stepped.clock';
                ALTER DATABASE \(name) SET search_path = stepped, pg_catalog, public
                """
            )
        }
        pool = PostgresPool(try PostgresSettings(address: address))
    }

    func clock(_ host: ManualClock) async throws -> DatabaseClock {
        try await DatabaseClock(pool, clock: host, logger: .none)
    }

    func set(_ moment: Moment) async throws {
        try await settings.write("set") { link in
            _ = try link.run("UPDATE stepped.clock SET ms = $1", .int(moment.millisecondsSinceEpoch))
        }
    }

    /// Lets every question about the time fail.
    func breakDown() async throws {
        try await settings.write("break") { _ = try $0.runScript("ALTER TABLE stepped.clock RENAME TO gone") }
    }

    func repair() async throws {
        try await settings.write("mend") { _ = try $0.runScript("ALTER TABLE stepped.gone RENAME TO clock") }
    }
}
