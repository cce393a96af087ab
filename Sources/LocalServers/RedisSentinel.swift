import Foundation

/// A sentinel of our own on a spare port, which makes a replica the master when the master is gone.
package actor RedisSentinel {
    package nonisolated let port: Int
    private let process: LocalProcess

    /// Starts it; alone it decides alone.
    ///
    /// - Parameters:
    ///   - folder: takes its folder, which `name` names.
    ///   - name: names it among the servers of the folder.
    ///   - master: the port of the server that is the master now.
    ///   - masterName: what it calls whoever is the master.
    /// - Throws: `LocalServerError` when it does not come up.
    package init(
        in folder: ServerFolder,
        name: String = "sentinel",
        watching master: Int,
        as masterName: String = "main"
    ) async throws {
        port = try FreePort.find()
        let home = try folder.part(name)
        let file = home.appendingPathComponent("sentinel.conf")
        try """
        port \(port)
        bind 127.0.0.1
        dir \(home.path)
        sentinel monitor \(masterName) 127.0.0.1 \(master) 1
        sentinel down-after-milliseconds \(masterName) 500
        sentinel failover-timeout \(masterName) 3000

        """
        .write(to: file, atomically: true, encoding: .utf8)
        process = try LocalProcess("redis-server", [file.path, "--sentinel"], name: "sentinel", in: home)
        let port = port
        try await waited(for: "the sentinel does not answer on port \(port)") { FreePort.isTaken(port) }
    }

    /// Has it end by itself.
    package func stop() async {
        await process.stop()
    }
}
