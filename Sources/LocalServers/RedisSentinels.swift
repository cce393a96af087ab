import Foundation

/// A Redis that survives the loss of a server: a master, a replica of it, and three sentinels of which two decide.
package actor RedisSentinels {
    /// What the sentinels call whoever is the master.
    package nonisolated static let masterName = "main"
    /// The two servers; the first is the master to begin with.
    package nonisolated let servers: [RedisServer]
    private let sentinels: [RedisSentinel]

    /// Starts them and waits until every sentinel knows the replica and the other sentinels.
    ///
    /// - Parameters:
    ///   - folder: takes their folders.
    ///   - settings: directives of both servers' configuration.
    ///   - patience: how long the master may be silent before it counts as gone.
    /// - Throws: `LocalServerError` when they do not come up.
    package init(
        in folder: ServerFolder,
        settings: [String: String] = [:],
        patience: Duration = .milliseconds(1_500)
    ) async throws {
        let first = try await RedisServer(in: folder, name: "redis-1", settings: settings)
        let following = settings.merging(["replicaof": "127.0.0.1 \(first.port)"]) { $1 }
        let second = try await RedisServer(in: folder, name: "redis-2", settings: following)
        // What a sentinel does not see when it first looks, it sees ten seconds later.
        try await waited(for: "the replica does not follow") {
            try await first.run(["ROLE"]).contains("\(second.port)")
        }
        var sentinels: [RedisSentinel] = []
        for number in 1...3 {
            sentinels.append(
                try await RedisSentinel(
                    in: folder,
                    name: "sentinel-\(number)",
                    watching: first.port,
                    as: Self.masterName,
                    quorum: 2,
                    patience: patience
                )
            )
        }
        servers = [first, second]
        self.sentinels = sentinels
        for sentinel in sentinels {
            try await waited(for: "a sentinel does not know the others") {
                let replicas = try await sentinel.known("REPLICAS", of: Self.masterName)
                let others = try await sentinel.known("SENTINELS", of: Self.masterName)
                return replicas.first?["master-link-status"] == "ok" && others.count == 2
            }
        }
    }

    /// Where they are, as our settings spell it.
    package nonisolated var address: String {
        let hosts = sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        return "redis-sentinel://\(hosts)/\(Self.masterName)"
    }

    /// Whoever the sentinels call the master now, and the other.
    package func roles() async throws -> (master: RedisServer, replica: RedisServer) {
        let question = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self.masterName]
        for sentinel in sentinels {
            // One that is not there is not asked; another is.
            guard let answer = try? await RedisServer.run(question, on: sentinel.port) else { continue }
            if answer.last == "\(servers[0].port)" { return (servers[0], servers[1]) }
            if answer.last == "\(servers[1].port)" { return (servers[1], servers[0]) }
        }
        throw LocalServerError("no sentinel knows a master")
    }

    /// Ends the master as a power cut would; the replica takes over when the sentinels have missed it.
    ///
    /// - Returns: the server that was the master, to be started again at will: it becomes a replica.
    @discardableResult
    package func killMaster() async throws -> RedisServer {
        let master = try await roles().master
        await master.kill()
        return master
    }

    /// Has the replica hear nothing of what the master does from now on; when the master is killed before
    /// `catchUp`, that is lost.
    package func lag() async throws {
        let (master, replica) = try await roles()
        await replica.signal(SIGSTOP)
        // What is sent to one that is stopped would wait for it.
        try await master.run(["CLIENT", "KILL", "TYPE", "replica"])
    }

    /// Has servers that lag go on.
    package func catchUp() async {
        for server in servers { await server.signal(SIGCONT) }
    }

    /// Ends one of the sentinels; the two that are left decide alone.
    package func stopOneSentinel() async {
        await sentinels[0].stop()
    }

    /// Has all of them end by themselves.
    package func stop() async {
        for sentinel in sentinels { await sentinel.stop() }
        for server in servers { await server.stop() }
    }
}
