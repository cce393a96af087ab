import Foundation
import Groundwork

/// A sentinel of our own on a spare port; enough of them make a replica the master when the master is gone.
actor RedisSentinel {
    nonisolated let port: Int
    private let process: LocalProcess

    /// Starts it.
    ///
    /// - Parameters:
    ///   - folder: takes its folder, which `name` names.
    ///   - name: names it among the servers of the folder.
    ///   - master: the port of the server that is the master now.
    ///   - masterName: what it calls whoever is the master.
    ///   - quorum: how many must miss the master before it counts as gone.
    ///   - patience: how long it may be silent.
    /// - Throws: `LocalServerError` when it does not come up.
    init(
        in folder: ServerFolder,
        name: String,
        watching master: Int,
        as masterName: String,
        quorum: Int,
        patience: Duration
    ) async throws {
        port = try FreePort.find()
        let home = try folder.part(name)
        let file = home.appendingPathComponent("sentinel.conf")
        try """
        port \(port)
        bind 127.0.0.1
        dir \(home.path)
        sentinel monitor \(masterName) 127.0.0.1 \(master) \(quorum)
        sentinel down-after-milliseconds \(masterName) \(Int(patience.inSeconds * 1_000))
        sentinel failover-timeout \(masterName) 3000

        """
        .write(to: file, atomically: true, encoding: .utf8)
        process = try LocalProcess("redis-server", [file.path, "--sentinel"], name: "sentinel", in: home)
        let port = port
        try await waited(for: "the sentinel does not answer on port \(port)") { FreePort.isTaken(port) }
    }

    /// The values that it answers to `SENTINEL word NAME` for each that it knows, by their names.
    nonisolated func known(_ word: String, of masterName: String) async throws -> [[String: String]] {
        let lines = try await RedisServer.run(["SENTINEL", word, masterName], on: port)
        let starts = lines.indices.filter { $0 % 2 == 0 && lines[$0] == "name" }
        return zip(starts, starts.dropFirst() + [lines.count])
            .map { start, end in
                let places = stride(from: start, to: end - 1, by: 2)
                return Dictionary(places.map { (lines[$0], lines[$0 + 1]) }) { $1 }
            }
    }

    /// Has it end by itself.
    func stop() async {
        await process.stop()
    }
}
