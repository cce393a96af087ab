import Executor
import Groundwork
import PushEngine

/// `nightRelease`: gives the messages whose morning has come back to the queue, oldest first.
struct NightReleaseHandler: JobHandler {
    /// Batches released by one transaction.
    private static let step = 100

    private let shelf: any NightShelf
    private let queue: any SendQueue
    private let clock: any WallClock

    init(_ parts: JobParts) {
        shelf = parts.shelf
        queue = parts.queue
        clock = parts.clock
    }

    func run(_ context: JobContext) async throws -> String? {
        var count = 0
        var released: [QueueMessage]
        repeat {
            try Task.checkCancellation()
            released = try await shelf.releaseDue(at: clock.now, limit: Self.step)
            // Should this never happen, the sweeper finds them waiting in the ledger.
            try await queue.append(released)
            count += released.count
        } while !released.isEmpty
        return "\(count) batches released"
    }
}
