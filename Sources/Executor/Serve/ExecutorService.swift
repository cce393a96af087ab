import Foundation
public import Groundwork
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle

/// An executor: gets runs from schedulers, carries them out, and says how they ended.
///
/// Register it in a `ServiceGroup`. On graceful shutdown it takes no new runs, lets the running ones end
/// within the drain limit, stops the others, delivers what is left, signs off, and only then stops serving.
public struct ExecutorService: Service {
    private let settings: ExecutorSettings
    private let handlers: HandlerCatalogue
    private let http: any HTTPClient
    private let clock: any Clock<Duration>
    private let calendar: any WallClock
    private let logger: Logger
    private let bound = BoundPort()
    private let instance: String

    /// Makes an executor that offers `handlers`.
    ///
    /// - Parameters:
    ///   - settings: how to serve, register and keep files.
    ///   - handlers: what can be run.
    ///   - http: makes the calls to schedulers.
    ///   - clock: waits.
    ///   - calendar: tells the time of log lines.
    ///   - logger: the executor's own log.
    /// - Throws: `ExecutorError` when a setting is out of range.
    public init(
        settings: ExecutorSettings,
        handlers: HandlerCatalogue,
        http: any HTTPClient,
        clock: any Clock<Duration> = ContinuousClock(),
        calendar: any WallClock = SystemClock(),
        logger: Logger
    ) throws(ExecutorError) {
        try settings.validate()
        self.settings = settings
        self.handlers = handlers
        self.http = http
        self.clock = clock
        self.calendar = calendar
        self.logger = logger
        // 128 random bits from the system's generator: unguessable, and new at each start.
        self.instance = [UInt64.random(in: 0...UInt64.max), UInt64.random(in: 0...UInt64.max)]
            .map { String($0, radix: 16) }
            .joined()
    }

    /// The port that is listened on, once it is; nil when the executor ended before, or fetches its runs.
    public var port: Int? {
        get async { await bound.value }
    }

    /// Serves until graceful shutdown has ended everything in order, or the task is cancelled.
    ///
    /// - Throws: `ExecutorError` when the folder is in use or cannot be written; what the server throws when
    ///   it cannot listen.
    public func run() async throws {
        defer { bound.announce(nil) }
        let logs = RunLogFolder(path: settings.folder, zone: settings.logZone, limit: settings.logLimit)
        let reader = RunLogReader(logs)
        let runner = try await runner(logs)
        let client = SchedulerClient(
            addresses: settings.schedulers,
            appName: settings.appName,
            token: settings.token,
            http: http
        )
        let spool = spool(runner, client)
        let source: [any Service]
        switch settings.mode {
        case .push:
            let door = ExecutorDoor(runner: runner, logs: reader, token: settings.token)
            source = [server(door), registration(client, after: spool)]
        case .pull:
            bound.announce(nil)
            source = [try pullLoop(client, runner, reader, after: spool)]
        }
        // Shutdown goes from the last to the first, each waiting for the one before: the runner drains, then
        // the spool flushes, then the instance signs off, then the server stops.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    part(
                        LogPruner(
                            reader: reader,
                            runner: runner,
                            settings: settings,
                            clock: clock,
                            calendar: calendar,
                            logger: logger
                        )
                    )
                ] + source.map(part) + [part(spool), part(runner)],
                logger: logger
            )
        )
        try await group.run()
    }

    /// Opens the runner on a thread of its own: it reads a journal, and ends what another process left behind.
    private func runner(_ logs: RunLogFolder) async throws(ExecutorError) -> JobRunner {
        let opened = await withCheckedContinuation { opened in
            Thread.detachNewThread {
                opened.resume(
                    returning: Result { () throws(ExecutorError) in
                        try JobRunner(
                            settings: JobRunner.Settings(
                                queueLength: settings.queueLength,
                                drainLimit: settings.drainLimit,
                                stopGrace: settings.stopGrace
                            ),
                            handlers: handlers,
                            logs: logs,
                            journalFolder: settings.folder + "/journal",
                            clock: clock,
                            calendar: calendar,
                            logger: logger
                        )
                    }
                )
            }
        }
        return try opened.get()
    }

    private func part(_ service: any Service) -> ServiceGroupConfiguration.ServiceConfiguration {
        .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)
    }

    private func server(_ door: ExecutorDoor) -> any Service {
        AnnouncedServer(
            application: Application(
                responder: ExecutorRoutes(door: door),
                // As long as other executors keep idle connections.
                server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(90))),
                configuration: ApplicationConfiguration(
                    address: .hostname(settings.host, port: settings.port)
                ),
                onServerRunning: { [bound] channel in bound.announce(channel.localAddress?.port) },
                logger: logger
            ),
            bound: bound
        )
    }

    /// What fetches runs; the runner has the folder locked.
    private func pullLoop(
        _ client: SchedulerClient,
        _ runner: JobRunner,
        _ reader: RunLogReader,
        after spool: CallbackSpool
    ) throws(ExecutorError) -> PullLoop {
        let name = try ExecutorName.load(from: settings.folder)
        return PullLoop(
            settings: PullLoop.Settings(
                appName: settings.appName,
                address: "kpush-pull://\(name)",
                instance: instance,
                seats: settings.seats,
                wait: settings.pullWait,
                backoff: settings.backoff
            ),
            runner: runner,
            logs: reader,
            client: client,
            begin: { await spool.waitForFirstRound() },
            clock: clock,
            logger: logger
        )
    }

    private func registration(_ client: SchedulerClient, after spool: CallbackSpool) -> Registration {
        Registration(
            client: client,
            request: { [bound, settings, instance] in
                await spool.waitForFirstRound()
                guard let port = await bound.value else { return nil }
                let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
                return RegistryRequest(
                    appName: settings.appName,
                    address: settings.advertisedAddress ?? "http://\(host):\(port)/",
                    instance: instance
                )
            },
            period: settings.heartbeat,
            clock: clock,
            backoff: settings.backoff,
            logger: logger
        )
    }

    private func spool(_ runner: JobRunner, _ client: SchedulerClient) -> CallbackSpool {
        CallbackSpool(
            runner: runner,
            client: client,
            clock: clock,
            backoff: settings.backoff,
            flushLimit: settings.flushLimit,
            most: settings.mode == .pull ? CallbackSpool.largeBatch : CallbackSpool.batch,
            logger: logger
        )
    }
}

/// A server that tells those who wait for its port when there will be none.
private struct AnnouncedServer: Service {
    let application: any Service
    let bound: BoundPort

    func run() async throws {
        defer { bound.announce(nil) }
        try await application.run()
    }
}

/// Removes run logs that are too old, at the start and once an hour.
private struct LogPruner: Service {
    let reader: RunLogReader
    let runner: JobRunner
    let settings: ExecutorSettings
    let clock: any Clock<Duration>
    let calendar: any WallClock
    let logger: Logger

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await prune()
                // Cancelled: the loop ends.
                try? await clock.sleep(for: .seconds(3_600), tolerance: nil)
            }
        }
    }

    private func prune() async {
        do {
            let days = try await reader.prune(
                keeping: settings.logRetentionDays,
                now: calendar.now,
                openSince: await runner.openSince
            )
            if !days.isEmpty { logger.info("run logs pruned", metadata: [LogKey.count: "\(days.count)"]) }
        } catch {
            logger.warning("run logs cannot be pruned", metadata: [LogKey.error: "\(error)"])
        }
    }
}
