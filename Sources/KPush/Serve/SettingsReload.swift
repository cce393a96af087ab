import Groundwork
import Logging
import PushEngine
import ServiceLifecycle
import UnixSignals

/// Reads the settings again when the process gets a SIGHUP, and applies those that may change while it runs.
///
/// These are the numbers of batches that are worked on at the same time, lane by lane.
struct SettingsReload: Service {
    let groups: [ConsumerGroup]
    let read: @Sendable () async throws -> ServeSettings
    let logger: Logger

    func run() async {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() { await reload() }
    }

    private func reload() async {
        do {
            apply(try await read())
        } catch {
            logger.error(
                "settings cannot be read again; those from before hold",
                metadata: [LogKey.error: "\(error)"]
            )
        }
    }

    /// Gives every pool its number of seats; those that are taken beyond it go when their work is done.
    private func apply(_ settings: ServeSettings) {
        logger.notice("settings read again")
        for group in groups where group.pool.width != settings.width(of: group.lane) {
            let width = settings.width(of: group.lane)
            logger.notice(
                "lane has another width",
                metadata: [
                    LogKey.lane: "\(group.lane)", "width": "\(width)", "before": "\(group.pool.width)",
                ]
            )
            group.pool.width = width
        }
    }
}
