import Foundation

/// A PostgreSQL server of our own on a spare port, with an empty data folder.
package actor PostgresServer {
    package nonisolated let port: Int
    private let folder: ServerFolder
    private let home: URL
    private var process: LocalProcess?

    /// Whom it runs as when we are root, which it refuses to be; our own account otherwise.
    private static let user = "postgres"

    /// Makes the data folder and starts the server on it.
    ///
    /// - Parameters:
    ///   - folder: takes the data folder, which `name` names.
    ///   - name: names it among the servers of the folder.
    ///   - port: where it listens; nil takes a free one.
    ///   - settings: parameters of the server beside those that tests need.
    ///   - isPowerSafe: whether commits wait for the disk, as in production.
    /// - Throws: `LocalServerError` when it does not come up.
    package init(
        in folder: ServerFolder,
        name: String = "postgres",
        port: Int? = nil,
        settings: [String: String] = [:],
        isPowerSafe: Bool = true
    ) async throws {
        self.folder = folder
        self.port = try port ?? FreePort.find()
        home = try folder.part(name, of: Self.user)
        let data = home.appendingPathComponent("data").path
        let maker = try LocalProcess(
            try Self.binary("initdb"),
            ["-D", data, "-U", "kpush", "-A", "trust", "-E", "UTF8", "--no-sync"],
            name: "initdb",
            in: home,
            user: Self.user
        )
        try await waited(for: "no data folder of PostgreSQL", atMost: .seconds(60)) {
            FileManager.default.fileExists(atPath: "\(data)/postgresql.conf")
                && FileManager.default.fileExists(atPath: "\(data)/global/pg_control")
                && maker.pid.map { Foundation.kill($0, 0) != 0 } == true
        }
        await maker.stop()
        var all = [
            "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "100",
            "fsync": isPowerSafe ? "on" : "off", "log_min_messages": "warning",
        ]
        all.merge(settings) { $1 }
        let text = all.map { "\($0) = '\($1)'" }.sorted().joined(separator: "\n")
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(data)/postgresql.conf"))
        try file.seekToEnd()
        try file.write(contentsOf: Data("\n\(text)\n".utf8))
        try file.close()
        try await start()
    }

    /// Where a database of it is, as libpq is told.
    package nonisolated func address(_ database: String = "postgres") -> String {
        "postgresql://kpush@127.0.0.1:\(port)/\(database)"
    }

    /// Starts it on its data folder and waits until it answers.
    package func start() async throws {
        // What a killed one left says that it runs.
        try? FileManager.default.removeItem(at: home.appendingPathComponent("data/postmaster.pid"))
        process = try LocalProcess(
            try Self.binary("postgres"),
            ["-D", home.appendingPathComponent("data").path, "-p", "\(port)"],
            name: "postgres",
            in: home,
            user: Self.user,
            farewell: .interrupt
        )
        let port = port
        let probe = try Self.binary("pg_isready")
        try await waited(for: "PostgreSQL does not answer on port \(port)") {
            try await Answer(of: probe, ["-q", "-h", "127.0.0.1", "-p", "\(port)"]).isSuccess
        }
    }

    /// Ends it as a power cut would, all its processes.
    package func kill() async {
        guard let process, let pid = process.pid else { return }
        // Its children end with it as soon as they notice, which a stopped group would not.
        process.signal(SIGKILL)
        await process.stop()
        self.process = nil
        let port = port
        // A port that stays taken shows up when it is started again.
        try? await waited(for: "port \(port) stays taken") {
            Foundation.kill(pid, 0) != 0 && !FreePort.isTaken(port)
        }
    }

    /// Has it end by itself.
    package func stop() async {
        await process?.stop()
        process = nil
    }

    /// Sends the server's main process a signal.
    package func signal(_ number: Int32) {
        process?.signal(number)
    }

    /// Whether its log has a line with this text, such as an error that it answered with.
    package func hasLogged(_ text: String) throws -> Bool {
        try String(contentsOf: home.appendingPathComponent("postgres.log"), encoding: .utf8).contains(text)
    }

    /// Runs a statement, such as one that makes a database.
    package func run(_ sql: String, in database: String = "postgres") async throws {
        let arguments = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", address(database), "-c", sql]
        guard try await Answer(of: try Self.binary("psql"), arguments).isSuccess else {
            throw LocalServerError("PostgreSQL refuses: \(sql)")
        }
    }

    /// Asks for rows: a line each, its columns split by `|`.
    ///
    /// - Throws: `LocalServerError` when the server does not answer or refuses.
    package func query(_ sql: String, in database: String) async throws -> [String] {
        let file = home.deletingLastPathComponent().appendingPathComponent("rows-\(UUID().uuidString)")
        // Nobody else knows of the file.
        defer { try? FileManager.default.removeItem(at: file) }
        let arguments = [
            "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", address(database), "-o", file.path, "-c",
            sql,
        ]
        guard try await Answer(of: try Self.binary("psql"), arguments).isSuccess else {
            throw LocalServerError("PostgreSQL refuses: \(sql)")
        }
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// Makes an empty database and tells its address.
    package func makeDatabase(_ name: String) async throws -> String {
        try await run("CREATE DATABASE \(name)")
        return address(name)
    }

    /// Finds a program of the newest PostgreSQL that is installed.
    private static func binary(_ name: String) throws -> String {
        let root = "/usr/lib/postgresql"
        // No folder means that it is not installed there.
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [])
            .sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
        let places =
            versions.map { "\(root)/\($0)/bin/\(name)" } + ["/usr/bin/\(name)", "/usr/local/bin/\(name)"]
        guard let found = places.first(where: FileManager.default.isExecutableFile) else {
            throw LocalServerError("\(name) of PostgreSQL is not installed; `make setup` installs it")
        }
        return found
    }
}
