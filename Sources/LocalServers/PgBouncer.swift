import Foundation

/// A PgBouncer of our own on a spare port, which pools by transaction as production does.
package actor PgBouncer {
    package nonisolated let port: Int
    private let folder: ServerFolder
    private let home: URL
    private var process: LocalProcess?

    /// Whom it runs as when we are root, which it refuses to be; our own account otherwise.
    private static let user = "postgres"

    /// Starts it in front of a server.
    ///
    /// - Parameters:
    ///   - server: whose databases it leads to, all of them.
    ///   - folder: takes its folder, which `name` names.
    ///   - name: names it among the servers of the folder.
    ///   - connections: how many it keeps to each database.
    /// - Throws: `LocalServerError` when it does not come up.
    package init(
        to server: PostgresServer,
        in folder: ServerFolder,
        name: String = "pgbouncer",
        connections: Int = 5
    ) async throws {
        self.folder = folder
        port = try FreePort.find()
        home = try folder.part(name, of: Self.user)
        let text = """
            [databases]
            * = host=127.0.0.1 port=\(server.port) user=kpush

            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = \(connections)
            max_client_conn = 500
            ignore_startup_parameters = extra_float_digits
            server_idle_timeout = 3
            """
        try text.write(to: home.appendingPathComponent("pgbouncer.ini"), atomically: false, encoding: .utf8)
        try await start()
    }

    /// Where a database is through it, as libpq is told.
    package nonisolated func address(_ database: String = "postgres") -> String {
        "postgresql://kpush@127.0.0.1:\(port)/\(database)"
    }

    /// Starts it and waits until it listens.
    package func start() async throws {
        let places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"]
        guard let program = places.first(where: FileManager.default.isExecutableFile) else {
            throw LocalServerError("pgbouncer is not installed; `make setup` installs it")
        }
        process = try LocalProcess(
            program,
            [home.appendingPathComponent("pgbouncer.ini").path],
            name: "pgbouncer",
            in: home,
            user: Self.user
        )
        let port = port
        try await waited(for: "PgBouncer does not answer on port \(port)") { FreePort.isTaken(port) }
    }

    /// Ends it as a power cut would.
    package func kill() async {
        process?.signal(SIGKILL)
        await process?.stop()
        process = nil
    }

    /// Has it end by itself.
    package func stop() async {
        await process?.stop()
        process = nil
    }

    /// Sends it a signal, such as `SIGSTOP`.
    package func signal(_ number: Int32) {
        process?.signal(number)
    }
}
