package import Groundwork
import Hummingbird
import HummingbirdCore
package import Logging
import ServiceLifecycle

/// A running simulator of suppliers, each below its name, such as `/tencent`, and of a mail server.
///
/// It checks every request as strictly as the suppliers do and keeps a ledger of everything it accepted, which is
/// the oracle for "exactly once". `/_sim/` changes how it behaves and tells what it saw.
package struct SimulatorService: Service {
    private let simulation: Simulation
    private let http: any HTTPClient
    private let waiting: any Clock<Duration>
    private let logger: Logger
    private let port = BoundPort()

    /// Makes a simulator; it listens once it runs.
    ///
    /// - Parameters:
    ///   - settings: how it behaves at first.
    ///   - http: what carries the posts of receipts.
    ///   - clock: what its own clock starts from.
    ///   - waiting: what its delays are measured by.
    ///   - logger: where it tells what it does.
    package init(
        settings: SimulatorSettings = SimulatorSettings(),
        http: any HTTPClient,
        clock: any WallClock = SystemClock(),
        waiting: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        simulation = Simulation(settings: settings, clock: clock)
        self.http = http
        self.waiting = waiting
        self.logger = logger
    }

    /// The port that it listens on, as soon as it does; nil when it ended before.
    package var boundPort: Int? {
        get async { await port.value }
    }

    /// Its address, as soon as it listens; nil when it ended before.
    package var url: String? {
        get async { await port.value.map { "http://\(simulation.settings.host):\($0)" } }
    }

    /// Where it takes mail, as soon as it does; nil when it ended before.
    package var mailURL: String? {
        get async { await simulation.mailPort.value.map { "smtp://\(simulation.settings.host):\($0)" } }
    }

    /// Serves until it is told to stop.
    ///
    /// - Throws: what stands in the way of listening.
    package func run() async throws {
        defer {
            port.announce(nil)
            simulation.mailPort.announce(nil)
        }
        var quiet = logger
        quiet.logLevel = max(quiet.logLevel, .warning)
        let application = Application(
            router: SimulatorRoutes(simulation, waiting: waiting).router(),
            server: .eitherHTTP(),
            configuration: .init(
                address: .hostname(simulation.settings.host, port: simulation.settings.port),
                serverName: nil
            ),
            onServerRunning: { channel in port.announce(channel.localAddress?.port) },
            logger: quiet
        )
        let poster = CallbackPoster(simulation: simulation, http: http, waiting: waiting, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask { await poster.run() }
            if simulation.settings.mailPort != nil {
                let door = SMTPDoor(
                    simulation: simulation,
                    port: simulation.mailPort,
                    waiting: waiting,
                    logger: logger
                )
                group.addTask { try await door.run() }
            }
            try await group.next()
            group.cancelAll()
        }
    }
}
