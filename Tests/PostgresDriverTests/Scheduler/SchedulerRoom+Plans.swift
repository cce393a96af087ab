import Groundwork
import Scheduler
import TestKit

@testable import PostgresDriver

extension SchedulerRoom {
    /// Adds 10 000 runs that wait in 50 lines after 20 000 that ended; the server's estimates are from when so many
    /// waited as are `known`.
    func addLines(known: Int) async throws {
        try await addRuns(-20_000..<known)
        try await pool.single("analyze") { _ = try $0.runScript("ANALYZE") }
        try await addRuns(known..<10_000)
    }

    /// Those with a negative number have ended.
    private func addRuns(_ numbers: Range<Int>) async throws {
        let values = PostgresValue.ints(numbers.map(Int64.init))
        try await pool.write("fill") { link in
            _ = try link.run(
                """
                INSERT INTO runs (
                    job, planned_at, shard_index, shard_total, attempt, trigger_kind, app, handler, params,
                    overlap, route, timeout_ms, retry, state, due_at, ended_at, sends, version)
                SELECT abs(n) % 50, n * 1000, 0, 1, 1, 'schedule', 'app', 'handle', '', 'SERIAL_EXECUTION', 'FIRST',
                    0, '0 0 0 1 0', CASE WHEN n < 0 THEN 'ended' ELSE 'planned' END,
                    CASE WHEN n >= 0 THEN n * 1000 END, CASE WHEN n < 0 THEN n * 1000 END, 0, 1
                FROM unnest($1::bigint[]) AS n
                """,
                [values]
            )
        }
    }

    /// Plans for as many jobs, which the server knows nothing of.
    func jobs(_ count: Int) async throws -> [TriggerPlan] {
        try await pool.write("fill") { link in
            _ = try link.run(
                """
                INSERT INTO jobs (app, name, spec, summary, handler, schedule_kind, enabled, created_at, next_at, version)
                SELECT 'app', 'job ' || n, '{}', '', 'handle', 'CRON', true, 0, n, 1
                FROM generate_series(1, $1::bigint) AS n
                """,
                .int(count)
            )
        }
        return (1...count)
            .map { number in
                let job = JobID(rawValue: Int64(number))
                return TriggerPlan(
                    job: job,
                    version: 1,
                    expected: .noon,
                    runs: [.sample(of: job)],
                    next: .noon + .seconds(10)
                )
            }
    }

    /// How the server would run a statement, as it says.
    func plan(
        of statement: PostgresStatement,
        under settings: PostgresStatement? = nil,
        _ options: String = ""
    ) async throws -> String {
        let explain = "EXPLAIN (\(options)COSTS OFF)"
        var statements = settings.map { [$0] } ?? []
        if statement.isKept {
            // As the server compiles it once for all: for any value, and not knowing how long tables are.
            let types = statement.values.map(\.typeName).joined(separator: ", ")
            let values = statement.values.map(\.literal).joined(separator: ", ")
            let isBare = statement.values.isEmpty
            statements += [
                PostgresStatement("SELECT \(PostgresLink.forever)"),
                PostgresStatement("PREPARE probe \(isBare ? "" : "(\(types))") AS \(statement.sql)"),
                PostgresStatement("\(explain) EXECUTE probe \(isBare ? "" : "(\(values))")"),
            ]
        } else {
            if statement.joinsMany {
                statements += [PostgresStatement("SELECT \(PostgresLink.byIndex)"), PostgresLink.forMany]
            }
            statements.append(PostgresStatement("\(explain) \(statement.sql)", statement.values))
        }
        return try await pool.single("explain") { [statements] link in
            let plan = try link.runAll(statements).last?.map { $0.text(0) } ?? []
            if statement.isKept { try link.run("DEALLOCATE probe") }
            return plan.joined(separator: "\n") + "\n"
        }
    }
}

extension PostgresValue {
    var typeName: String {
        switch self {
        case .null: "unknown"
        case .int: "bigint"
        case .bool: "boolean"
        case .text: "text"
        case .bytes: "bytea"
        case .ints, .optionalInts: "bigint[]"
        case .texts, .optionalTexts: "text[]"
        case .byteStrings: "bytea[]"
        }
    }

    /// The value as a text of SQL; none of ours has a quote in it.
    var literal: String {
        switch self {
        case .null, .bytes, .byteStrings: "NULL"
        case .int(let number): "\(number)"
        case .bool(let value): "\(value)"
        case .text(let text): "'\(text)'"
        case .ints(let numbers): array(numbers.map { "\($0)" })
        case .optionalInts(let numbers): array(numbers.map { $0?.description ?? "NULL" })
        case .texts(let texts): array(texts.map { "'\($0)'" })
        case .optionalTexts(let texts): array(texts.map { $0.map { "'\($0)'" } ?? "NULL" })
        }
    }

    private func array(_ elements: [String]) -> String {
        "ARRAY[\(elements.joined(separator: ", "))]::\(typeName)"
    }
}
