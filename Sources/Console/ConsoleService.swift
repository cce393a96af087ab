import Groundwork
import Hummingbird
import HummingbirdCore
import NIOCore
import ServiceLifecycle

/// The HTTP edge as one long-lived service: the API, the executors' doors, the pages.
package struct ConsoleService: Service {
    private let parts: ConsoleParts
    private let settings: ConsoleSettings
    private let bound = BoundPort()

    /// How long a connection may lie idle, or a request stop arriving; executors beat every 30 s.
    private static let idleLimit = TimeAmount.seconds(75)

    package init(_ parts: ConsoleParts, settings: ConsoleSettings) {
        self.parts = parts
        self.settings = settings
    }

    /// The port that is listened on, once it is; nil when the service ended before.
    package var port: Int? {
        get async { await bound.value }
    }

    /// Serves until graceful shutdown, which lets requests in flight end.
    ///
    /// - Throws: what the server throws when it cannot listen, or that a part of the pages is missing.
    package func run() async throws {
        defer { bound.announce(nil) }
        let application = Application(
            router: try ConsoleRouter.make(parts, settings),
            server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: Self.idleLimit)),
            configuration: ApplicationConfiguration(address: .hostname(settings.host, port: settings.port)),
            onServerRunning: { [bound] channel in bound.announce(channel.localAddress?.port) },
            logger: parts.logger
        )
        try await application.run()
    }
}
