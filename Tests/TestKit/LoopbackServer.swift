package import Hummingbird
import Logging
import ServiceLifecycle

/// Serves an application on a spare loopback port for as long as a test needs it.
package enum LoopbackServer {
    /// Serves `responder` while `body` runs, then lets open connections finish and stops.
    ///
    /// Stopping gracefully matters: a server that is merely cancelled may drop a connection it has accepted and
    /// not yet looked at, which NIO treats as a programming error.
    package static func serve<Responder: HTTPResponder, Result: Sendable>(
        _ responder: Responder,
        _ body: @Sendable (_ port: Int) async throws -> Result
    ) async throws -> Result
    where Responder.Context: RequestContext & InitializableFromSource<ApplicationRequestContextSource> {
        let logger = Logger(label: "loopback", factory: { _ in SwiftLogNoOpLogHandler() })
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            responder: responder,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in announce.yield(channel.localAddress?.port ?? 0) },
            logger: logger
        )
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [application], logger: logger)
        )
        async let serving: Void = services.run()
        var port = 0
        for await announced in ports {
            port = announced
            break
        }
        do {
            let result = try await body(port)
            await services.triggerGracefulShutdown()
            try await serving
            return result
        } catch {
            await services.triggerGracefulShutdown()
            try await serving
            throw error
        }
    }
}
