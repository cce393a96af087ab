import Foundation
import Groundwork
import LocalServers

extension FaultScenario {
    static let postgresRestart = FaultScenario(
        name: "postgres-restart",
        promise: "PostgreSQL is killed and comes back",
        span: .seconds(30),
        // The next run of a serial job waits for the last one's result, which executors bring again ever less often.
        limits: FaultLimits(stall: .seconds(15), lateness: .seconds(30), unknown: 8_000)
    ) { stage in
        for _ in 1...2 {
            try await stage.pause(.seconds(3))
            await stage.note("PostgreSQL killed for 3 s")
            let before = stage.sender.notes.accepted.count
            await stage.cluster.postgres.kill()
            try await stage.pause(.seconds(3))
            try await stage.cluster.postgres.start()
            await stage.expect("the API takes messages again", within: .seconds(10)) {
                stage.sender.notes.accepted.count > before + stage.scenario.sendsPerSecond
            }
        }
        await stage.expect("the API said 503 meanwhile", stage.sender.notes.putOff > 0)
    }

    static let postgresCut = FaultScenario(
        name: "postgres-cut",
        promise: "all connections to PostgreSQL are ended, again and again",
        span: .seconds(25),
        limits: FaultLimits(stall: .seconds(11), unknown: 8_000)
    ) { stage in
        for _ in 1...8 {
            try await stage.pause(.seconds(2))
            await stage.note("connections ended")
            try await stage.cluster.postgres.run(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = 'kpush' AND pid <> pg_backend_pid()
                """,
                in: "kpush"
            )
        }
    }

    static let postgresLocked = FaultScenario(
        name: "postgres-locked",
        promise: "statements hang until every connection is busy",
        span: .seconds(25),
        sendsPerSecond: 40,
        limits: FaultLimits(stall: .seconds(25), lateness: .seconds(25), unknown: 8_000)
    ) { stage in
        try await stage.pause(.seconds(3))
        await stage.note("tables locked for 12 s")
        try await stage.cluster.postgres.run(
            """
            BEGIN; LOCK TABLE batch, record IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(12); COMMIT
            """,
            in: "kpush"
        )
        let before = stage.sender.notes.accepted.count
        await stage.expect("the API takes messages again", within: .seconds(10)) {
            stage.sender.notes.accepted.count > before + stage.scenario.sendsPerSecond
        }
        await stage.expect("the API said 503 meanwhile", stage.sender.notes.putOff > 0)
    }
}
