import ArgumentParser
import Console
import CurlDriver
import Foundation
import Groundwork
import Logging
import ServiceLifecycle
import UnixSignals

/// `kpush serve`: runs the roles of one process until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the API and the console, fire jobs, run them, and send.",
        discussion: """
            Settings come from the file given with --config, from files such as web-token in the folder given with \
            --secrets, from environment variables such as KPUSH_WEB_PORT, and from flags; the later win. The keys of \
            the file:

            \(ServeSettings.keys.map { "  " + $0.key.padding(toLength: 28, withPad: " ", startingAt: 0) + $0.meaning }
                .joined(separator: "\n"))

            SIGHUP has the settings read again; worker.width and worker.widths change at once, the others with the \
            next start. Ctrl-C or SIGTERM ends it: what is in flight is finished, the rest waits in the data folder.
            """
    )

    @OptionGroup var options: ServeOptions

    @Flag(help: "Stop when standard input ends, such as with the process that started it.")
    var stopWithInput = false

    func run() async throws {
        let settings = try await options.settings()
        let logger = ServeLog.start(level: settings.logLevel)
        let composition = try await Composition(settings, logger: logger)
        if settings.roles.contains(.scheduler) { try await composition.applyDefinitions() }
        let members = try composition.services { [options] in try await options.settings() }
        let services = ServiceGroup(
            configuration: .init(
                services: members.map { .init(service: $0) } + (stopWithInput ? [InputWatch.member] : []),
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            if settings.roles.contains(.web), let port = await composition.console.port {
                Terminal.out(
                    """
                    Console and API: http://\(settings.webHost):\(port)
                    API token:       \(settings.apiToken == nil ? composition.folder.file("api-token") : "as set")
                    Stop with Ctrl-C.

                    """
                )
            }
            try await group.waitForAll()
        }
        composition.engine.http.shutdown()
    }
}

/// The flags that all commands with a server of their own take.
struct ServeOptions: ParsableArguments {
    @Option(help: "A YAML file with settings.", completion: .file())
    var config: String?

    @Option(
        help: "A folder with a file for each secret, such as cluster-secret and web-token.",
        completion: .directory
    )
    var secrets: String?

    @Option(help: "The parts to run, separated by commas: web, scheduler, executor, worker. (default: all)")
    var roles: String?

    @Option(help: "The data folder. (default: data)", completion: .directory)
    var data: String?

    @Option(help: "The address that the API and the console listen on. (default: 127.0.0.1)")
    var webHost: String?

    @Option(help: "Their port. (default: 8080)")
    var webPort: Int?

    @Option(help: "The executor's port. (default: 9999)")
    var executorPort: Int?

    @Option(help: "The zone of days and of the sending window. (default: GMT)")
    var zone: String?

    @Option(help: "What an accepted message survives the death of: power or process. (default: power)")
    var durability: String?

    @Option(help: "How much is logged. (default: info)")
    var logLevel: String?

    func settings() async throws -> ServeSettings {
        let flags: [String: String?] = [
            "roles": roles, "data": data, "web.host": webHost, "web.port": webPort.map(String.init),
            "executor.port": executorPort.map(String.init), "zone": zone, "durability": durability,
            "log.level": logLevel,
        ]
        return try await ServeSettings.read(
            file: config,
            secrets: secrets,
            environment: ProcessInfo.processInfo.environment,
            flags: flags.compactMapValues { $0 }
        )
    }
}

/// Where the program's log goes: to standard error, so that answers can be piped.
enum ServeLog {
    static func start(level: String) -> Logger {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "kpush")
        logger.logLevel = Logger.Level(rawValue: level) ?? .info
        return logger
    }
}
