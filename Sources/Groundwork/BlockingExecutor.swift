import Dispatch

/// Runs one actor's work on a queue of its own, so that a blocking call to the disk stalls nobody else.
package final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    /// Makes a queue.
    ///
    /// - Parameter label: names it for whoever looks at the process's threads.
    package init(label: String) {
        queue = DispatchQueue(label: label)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
