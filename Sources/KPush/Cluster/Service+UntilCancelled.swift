import Logging
import ServiceLifecycle

extension Service {
    /// Runs until the task is cancelled, and then lets it finish what is open.
    ///
    /// A server that is itself cancelled drops a connection that has just come, and NIO ends the process for that.
    ///
    /// - Parameter logger: takes what a group of services has to say.
    /// - Throws: what the service throws.
    func runUntilCancelled(_ logger: Logger) async throws {
        let services = ServiceGroup(configuration: .init(services: [self], logger: logger))
        // A task of its own, waited for here: this one is cancelled.
        let running = Task { try await services.run() }
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            Task { await services.triggerGracefulShutdown() }
        }
    }
}
