import Groundwork
import PushEngine

/// What is left of the time for one call and all that belongs to it.
struct CallTime: Sendable {
    private let stopwatch: Stopwatch

    /// A call that gets less than this would be cut off rather than answered, and nobody would know what it did.
    private static let least = Duration.seconds(5)

    /// The time of a call that begins now.
    init(_ tools: SupplierTools) {
        stopwatch = tools.tokens.startStopwatch()
    }

    var elapsed: Duration { stopwatch.elapsed }

    var left: Duration { DeliverySettings.sendLimit - elapsed }

    /// How long a call may still be put off.
    var toWait: Duration { left - Self.least }
}
