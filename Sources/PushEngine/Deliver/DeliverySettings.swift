package import Groundwork

/// How hard delivery tries.
package struct DeliverySettings: Sendable {
    /// How long recipients may wait for a supplier that takes them before they are given up.
    package var patience = Duration.seconds(24 * 3_600)
    /// How often a batch is tried before that all the same: its time may have gone by while nobody was to send
    /// it, because its campaign was paused or nothing was running.
    package var attempts = 240
    /// The wait between tries when a supplier cannot take messages now.
    package var backoff = Backoff(first: .seconds(1), ceiling: .seconds(60))
    /// The most calls of one batch at a time.
    package var callsAtOnce = 8
    /// How long after it was written down a call may still begin.
    ///
    /// One that was held up for longer, because this process stood still, is not made: others may take it for lost.
    package var callWindow = Duration.seconds(10)
    /// How long a supplier's adapter may be about one call, with all that belongs to it: what it waits for before, such
    /// as an access token, and what it does again after (`Supplier.send`).
    package static let sendLimit = Duration.seconds(25)
    /// How long after it was written down a call without outcome may still be out: what was left to begin it, what its
    /// adapter may take, and some more.
    package static let callLimit = Duration.seconds(40)

    package init() {}
}
