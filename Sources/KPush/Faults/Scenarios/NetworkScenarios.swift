import Foundation
import Groundwork
import LocalServers

/// A network of its own between one process and the servers.
struct NodeNetwork: Sendable {
    let node: String
    let postgres: TCPRelay
    let redis: TCPRelay

    /// Puts relays before the first process of each role.
    static func ofFirst(_ stage: FaultStage) async throws -> [ClusterNode] {
        try await nodes(stage) { $0.name.hasSuffix("-1") }
    }

    /// Puts relays before the schedulers.
    static func ofSchedulers(_ stage: FaultStage) async throws -> [ClusterNode] {
        try await nodes(stage) { $0.roles == [.scheduler] }
    }

    private static func nodes(
        _ stage: FaultStage,
        _ hasRelays: (ClusterNode) -> Bool
    ) async throws -> [ClusterNode] {
        let servers = (stage.cluster.postgres.port, stage.cluster.redis.port)
        var nodes: [ClusterNode] = []
        for node in [ClusterNode].usual {
            guard hasRelays(node) else {
                nodes.append(node)
                continue
            }
            let network = NodeNetwork(
                node: node.name,
                postgres: try await TCPRelay(to: servers.0),
                redis: try await TCPRelay(to: servers.1)
            )
            await stage.keep { $0.networks.append(network) }
            await stage.atEnd {
                await network.postgres.stop()
                await network.redis.stop()
            }
            nodes.append(
                node.with(
                    "KPUSH_POSTGRES_ADDRESS",
                    "postgresql://kpush@127.0.0.1:\(network.postgres.port)/kpush"
                )
                .with("KPUSH_REDIS_ADDRESS", "redis://127.0.0.1:\(network.redis.port)")
            )
        }
        return nodes
    }
}

extension FaultScenario {
    static let networkCut = network(
        "network-cut",
        "one process after the other is cut off from PostgreSQL, then from Redis",
        "cut off",
        for: .seconds(4)
    ) { await $0.cut() }

    static let networkSlow = network(
        "network-slow",
        "what one process after the other says to PostgreSQL or Redis takes 500 ms each way",
        "delayed by 500 ms",
        for: .seconds(4)
    ) { $0.delay(.milliseconds(500)) }

    static let networkHalfOpen = network(
        "network-half-open",
        "connections of one process after the other to PostgreSQL or Redis stay open and carry nothing",
        "half open",
        for: .seconds(6)
    ) { $0.freeze() }

    private static func network(
        _ name: String,
        _ promise: String,
        _ fault: String,
        for length: Duration,
        _ spoil: @escaping @Sendable (TCPRelay) async -> Void
    ) -> FaultScenario {
        FaultScenario(
            name: name,
            promise: promise,
            span: length * 8,
            limits: FaultLimits(stall: .seconds(35), lateness: .seconds(35), unknown: 8_000),
            nodes: NodeNetwork.ofFirst
        ) { stage in
            let before = await vitals(stage)
            for network in await stage.props.networks {
                for (server, relay) in [("PostgreSQL", network.postgres), ("Redis", network.redis)] {
                    await stage.note("process and \(server): \(fault) for \(length.inSeconds.tenths) s")
                    await spoil(relay)
                    try await stage.pause(length)
                    try await relay.heal()
                }
            }
            await expectNoLeak(stage, since: before)
        }
    }

    private static func vitals(_ stage: FaultStage) async -> [String: (threads: Int, files: Int)] {
        var all: [String: (threads: Int, files: Int)] = [:]
        for name in await stage.cluster.names { all[name] = await stage.vitals(of: name) }
        return all
    }

    /// What leaks grows with each fault; what is only in use is bounded: a thread for each of eight connections to
    /// PostgreSQL, and connections to two suppliers that are kept for a while.
    private static func expectNoLeak(
        _ stage: FaultStage,
        since before: [String: (threads: Int, files: Int)]
    ) async {
        for (name, old) in before.sorted(by: { $0.key < $1.key }) {
            await stage.expect(
                "threads and files of \(name) are about as many as before",
                within: .seconds(30)
            ) {
                guard let now = await stage.vitals(of: name) else { return false }
                return now.threads <= old.threads + 16 && now.files <= old.files + 160
            }
        }
    }
}
