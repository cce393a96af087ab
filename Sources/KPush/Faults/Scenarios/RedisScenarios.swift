import Foundation
import Groundwork
import LocalServers

extension FaultScenario {
    static let redisRestart = FaultScenario(
        name: "redis-restart",
        promise: "Redis is killed and comes back with its append-only file",
        span: .seconds(25)
    ) { stage in
        for _ in 1...2 {
            try await stage.pause(.seconds(3))
            try await restart(stage, "Redis killed for 3 s", isEmptied: false)
        }
    }

    static let redisEmpty = FaultScenario(
        name: "redis-empty",
        promise: "Redis is killed and comes back with nothing",
        span: .seconds(25),
        redis: ["appendonly": "no"]
    ) { stage in
        for _ in 1...2 {
            try await stage.pause(.seconds(3))
            try await restart(stage, "Redis killed for 3 s and emptied", isEmptied: true)
        }
    }

    static let redisFlushed = FaultScenario(
        name: "redis-flushed",
        promise: "somebody tells Redis FLUSHALL",
        span: .seconds(25)
    ) { stage in
        for _ in 1...3 {
            try await stage.pause(.seconds(4))
            await stage.note("FLUSHALL")
            try await stage.cluster.redis.run(["FLUSHALL"])
            await stage.expect("somebody leads with the lock", within: .seconds(11)) {
                try await hasLock(stage.cluster.redis)
            }
        }
    }

    static let sentinel = FaultScenario(
        name: "redis-failover",
        promise: "Redis's master is killed and a replica that lags takes over",
        span: .seconds(25),
        nodes: { stage in
            let folder = try ServerFolder("kpush-sentinels")
            let servers = try await RedisSentinels(in: folder, settings: ["appendonly": "yes"])
            await stage.atEnd {
                await servers.stop()
                withExtendedLifetime(folder) {}
            }
            await stage.keep { $0.sentinels = servers }
            return [ClusterNode].usual.map { $0.with("KPUSH_REDIS_ADDRESS", servers.address) }
        },
        faults: { stage in
            guard let servers = await stage.props.sentinels else { return }
            try await stage.pause(.seconds(3))
            await stage.note("replica lags for 2 s, then the master is killed")
            try await servers.lag()
            try await stage.pause(.seconds(2))
            let old = try await servers.killMaster()
            await servers.catchUp()
            await stage.expect("somebody leads with the lock", within: .seconds(11)) {
                try await hasLock(try await servers.roles().master)
            }
            try await old.start()
        }
    )

    private static func restart(_ stage: FaultStage, _ fault: String, isEmptied: Bool) async throws {
        await stage.note(fault)
        let redis = stage.cluster.redis
        await redis.kill()
        if isEmptied { try await redis.wipe() }
        try await stage.pause(.seconds(3))
        try await redis.start()
        await stage.expect("somebody leads with the lock", within: .seconds(11)) { try await hasLock(redis) }
    }

    /// Whether somebody holds the lock of the election.
    private static func hasLock(_ redis: RedisServer) async throws -> Bool {
        try await redis.run(["EXISTS", "kpush:kpush:lease:scheduler"]).first == "1"
    }
}
