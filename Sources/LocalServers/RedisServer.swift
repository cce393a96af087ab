import Foundation

/// A Redis server of our own on a spare port, with an empty folder.
package actor RedisServer {
    package nonisolated let port: Int
    private let folder: ServerFolder
    private let home: URL
    private let settings: [String: String]
    private var process: LocalProcess?

    /// Starts it.
    ///
    /// - Parameters:
    ///   - folder: takes its folder, which `name` names.
    ///   - name: names it among the servers of the folder.
    ///   - port: where it listens; nil takes a free one.
    ///   - settings: directives of its configuration, such as `appendonly`; several words stand apart.
    /// - Throws: `LocalServerError` when it does not come up.
    package init(
        in folder: ServerFolder,
        name: String = "redis",
        port: Int? = nil,
        settings: [String: String] = [:]
    ) async throws {
        self.folder = folder
        self.port = try port ?? FreePort.find()
        self.settings = settings
        home = try folder.part(name)
        try await start()
    }

    /// Where it is, as our settings spell it.
    package nonisolated var address: String { "redis://127.0.0.1:\(port)" }

    /// Starts it on its folder and waits until it answers.
    package func start() async throws {
        var all = [
            "port": "\(port)", "bind": "127.0.0.1", "dir": home.path, "save": "", "appendonly": "no",
            "protected-mode": "no",
        ]
        all.merge(settings) { $1 }
        process = try LocalProcess(
            "redis-server",
            all.sorted { $0.key < $1.key }
                .flatMap {
                    ["--\($0.key)"]
                        + ($0.value.isEmpty ? [""] : $0.value.split(separator: " ").map(String.init))
                },
            name: "redis",
            in: home
        )
        let port = port
        try await waited(for: "Redis does not answer on port \(port)") { FreePort.isTaken(port) }
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

    /// Has it do a command, such as `["CLIENT", "KILL", "TYPE", "replica"]`.
    ///
    /// - Returns: the answer's lines, as `redis-cli` writes them when nobody looks.
    /// - Throws: `LocalServerError` when it does not answer.
    @discardableResult
    package nonisolated func run(_ words: [String]) async throws -> [String] {
        try await Self.run(words, on: port)
    }

    static func run(_ words: [String], on port: Int) async throws -> [String] {
        let answer = try await Answer(of: "redis-cli", ["-e", "-p", "\(port)"] + words)
        guard answer.isSuccess else { throw LocalServerError("Redis refuses: \(words) \(answer.text)") }
        return answer.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .map(String.init)
    }

    /// Forgets what it keeps on disk; to be called while it is stopped.
    package func wipe() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: home.path)
        where !name.hasSuffix(".log") {
            try FileManager.default.removeItem(at: home.appendingPathComponent(name))
        }
    }
}
