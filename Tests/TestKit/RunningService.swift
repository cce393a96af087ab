import Logging
package import ServiceLifecycle

/// Runs a service while `body` does its work, then lets it finish what is open and stop.
///
/// - Parameters:
///   - service: what is to run.
///   - body: what needs it.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws, or what the service could not do.
package func whileRunning<Result>(
    _ service: some Service,
    _ body: () async throws -> Result
) async throws -> Result {
    let logger = Logger(label: "service", factory: { _ in SwiftLogNoOpLogHandler() })
    let services = ServiceGroup(configuration: ServiceGroupConfiguration(services: [service], logger: logger))
    async let running: Void = services.run()
    do {
        let result = try await body()
        await services.triggerGracefulShutdown()
        try await running
        return result
    } catch {
        await services.triggerGracefulShutdown()
        try await running
        throw error
    }
}
