import Console
import CurlDriver
import Foundation
import Logging
import PushEngine
import ServiceLifecycle
import UnixSignals

/// All roles in this process and the simulator in one beside it, for as long as something is shown on them.
struct DemoStage {
    let settings: ServeSettings
    /// What the simulator is told beside where it listens.
    let simulator: [String]
    /// Whether it ends with standard input.
    var stopsWithInput = false
    /// Whether it goes on after what was shown, until it is told to end.
    var keepsServing = false

    /// Starts everything, shows something, and ends.
    ///
    /// - Parameter perform: what is shown: by the roles, at the simulator, with the base URL of the console.
    /// - Returns: what `perform` returns.
    /// - Throws: `DemoError`, or what stands in the way of starting.
    func run(
        _ perform: @escaping @Sendable (Composition, SimulatorControl, String) async throws -> Bool
    ) async throws -> Bool {
        try DemoFolder.empty(settings.data)
        let logger = ServeLog.start(level: settings.logLevel)
        let composition = try await Composition(settings, logger: logger)
        let process = try SimulatorProcess(simulator)
        defer { try? process.stop() }
        try await composition.applyDefinitions()
        let services = ServiceGroup(
            configuration: .init(
                services: try composition.services().map { .init(service: $0) }
                    + (stopsWithInput ? [InputWatch.member] : []),
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        let isExact = try await withThrowingTaskGroup(of: Bool?.self) { group in
            group.addTask {
                try await services.run()
                return nil
            }
            group.addTask {
                let door = try await announce(composition, process)
                let control = SimulatorControl(process, http: composition.engine.http)
                return try await perform(composition, control, door)
            }
            guard let isExact = try await group.next() ?? nil else {
                throw DemoError("stopped before its end")
            }
            if keepsServing {
                Terminal.out("\nStill serving; stop with Ctrl-C.\n")
            } else {
                await services.triggerGracefulShutdown()
            }
            try await group.waitForAll()
            return isExact
        }
        composition.engine.http.shutdown()
        return isExact
    }

    /// Tells where everything is, once it is there.
    ///
    /// - Returns: the base URL of the console.
    private func announce(_ composition: Composition, _ simulator: SimulatorProcess) async throws -> String {
        guard let port = await composition.console.port else {
            throw DemoError(
                "the console cannot listen on port \(settings.webPort); choose another with --web-port"
            )
        }
        let door = "http://127.0.0.1:\(port)"
        Terminal.out(
            """
            Console:   \(door)
            API token: \(composition.folder.file("api-token"))
            Simulator: \(simulator.url)/_sim/stats

            """
        )
        return door
    }
}

extension ServeSettings {
    /// All roles with the embedded store, at home in Shanghai.
    static func demo(data: String, webPort: Int, logLevel: String) -> ServeSettings {
        var settings = ServeSettings()
        settings.data = data
        settings.webPort = webPort
        settings.executorPort = 0
        settings.zone = TimeZone(identifier: "Asia/Shanghai") ?? .gmt
        settings.logLevel = logLevel
        // The simulator knows by then; suppliers may take minutes.
        settings.receipts.resultsAfter = .seconds(10)
        return settings
    }
}

/// The demo's data folder, which is known by a file in it: no other folder is ever emptied.
enum DemoFolder {
    private static let mark = "made-by-kpush-demo"

    static func empty(_ path: String) throws {
        let files = FileManager.default
        if files.fileExists(atPath: path) {
            let content = try files.contentsOfDirectory(atPath: path)
            guard content.isEmpty || content.contains(mark) else {
                throw DemoError("\(path) is not a folder of the demo; choose another with --data")
            }
            for name in content where name != mark { try files.removeItem(atPath: path + "/" + name) }
        }
        try DataFolder.make(path)
        try Data().write(to: URL(fileURLWithPath: path + "/" + mark))
    }
}
