import ServiceLifecycle

/// Tells the other processes when something here may be handed over, and wakes who leads here when they tell.
///
/// While one word is on its way further ones gather into one.
package struct WakeCourier: Service {
    private let bells: SchedulerBells
    private let line: any WakeLine

    package init(_ parts: SchedulerParts, line: any WakeLine) {
        bells = parts.bells
        self.line = line
    }

    /// Runs until cancelled or told to shut down.
    package func run() async throws {
        line.listen { [bells] in bells.dispatch.ring() }
        await cancelWhenGracefulShutdown {
            while await bells.afar.wait() { await line.tell() }
        }
    }
}
