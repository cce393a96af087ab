package import Groundwork

/// What operators and programs ask about runs and executors.
package struct RunService: Sendable {
    let runs: any RunBooks
    private let registry: any RegistryStore
    private let executors: ExecutorClient
    private let closer: RunCloser
    private let pulls: PullHub
    let wall: any WallClock
    private let clock: any Clock<Duration>
    let calendar: RunCalendar

    /// How long after its instant a run has come to its executor, nearly always.
    private static let journey = Duration.milliseconds(200)

    package init(_ parts: SchedulerParts) {
        runs = parts.runs
        registry = parts.registry
        executors = parts.executors
        closer = RunCloser(parts)
        pulls = parts.pulls
        wall = parts.wall
        clock = parts.clock
        calendar = parts.calendar
    }

    /// The newest runs that pass the filter, from `after` on.
    package func list(
        _ filter: RunFilter = RunFilter(),
        after: RunID? = nil,
        limit: Int = 50
    ) async throws(SchedulerError) -> Page<JobRun, RunID> {
        do {
            return try await runs.runs(filter, after: after, limit: min(max(1, limit), 500))
        } catch {
            throw SchedulerError(error)
        }
    }

    /// The run.
    ///
    /// - Throws: `SchedulerError.notFound` when there is none, or no more.
    package func run(_ id: RunID) async throws(SchedulerError) -> JobRun {
        let found: JobRun?
        do {
            found = try await runs.runs([id]).first
        } catch {
            throw SchedulerError(error)
        }
        guard let found else { throw .notFound("run \(id)") }
        return found
    }

    /// The executors that are known, living or not, with their group.
    package func executors() async throws(SchedulerError) -> [ExecutorInstance] {
        do {
            return try await registry.instances()
        } catch {
            throw SchedulerError(error)
        }
    }

    /// What asking for the end of a run came to.
    package enum Kill: Hashable, Sendable {
        /// It and every other open run of its job on that executor ended; these did.
        case ended([RunID])
        /// It had ended by itself.
        case alreadyEnded
        /// The executor did not confirm: the run stays open, marked, until it ends, is lost, or is asked
        /// again.
        case requested(String)
    }

    /// Ends a run: at once when no executor has it, else by asking its executor.
    ///
    /// The wire ends runs by job and executor, so an executor that says yes has ended all of them there, also
    /// those in its queue, of which some executors never call back. All of them are asked to end, and none of them is
    /// retried.
    package func kill(_ id: RunID) async throws(SchedulerError) -> Kill {
        do {
            return try await end(id)
        } catch let error as SchedulerError {
            throw error
        } catch let error as StoreError {
            throw SchedulerError(error)
        } catch {
            throw .executor("\(error)")
        }
    }

    private func end(_ id: RunID) async throws -> Kill {
        let found = try await mark(id)
        guard let run = found else { return .alreadyEnded }
        guard let address = run.executor?.address else {
            let end = RunEnd(.killed, message: "before it was sent", at: wall.now)
            return .ended(try await closer.close(run, end, token: nil).map(\.id))
        }
        guard !address.isPulled else {
            // It is told of this run alone, and says how it ended.
            pulls.ring(address)
            return .requested("the executor fetches its runs, and is told when it calls")
        }
        let groups = ExecutorGroups(try await registry.instances())
        guard let executor = groups.instance(at: address, in: run.plan.terms.group) else {
            return .requested("the executor at \(address) is not registered any more")
        }
        // They end with it, and may call back before the executor has answered: that is not a failure of theirs.
        for other in try await held(run.plan.job, at: address) where other.id != id {
            _ = try await mark(other.id)
        }
        try await arrival(of: run)
        switch await executors.kill(run.plan.job, on: executor) {
        case .unknown(let message): return .requested(message)
        case .confirmed: return try await close(run, at: address)
        case .refused(let message):
            // Go executors refuse to end what does not run; then there is nothing left to wait for.
            guard await executors.isIdle(run.plan.job, on: executor) == true else {
                return .requested(message)
            }
            return try await close(run, at: address)
        }
    }

    /// Notes that the run is to end; nil when it has ended.
    private func mark(_ id: RunID) async throws -> JobRun? {
        while true {
            let run = try await run(id)
            guard let marked = run.killRequested(at: wall.now) else { return nil }
            // Nothing came back when the run changed in between: look again.
            if let written = try await runs.advance([marked], token: nil).first { return written }
        }
    }

    /// Waits until a run has been sent that was written as sent ahead of its instant: an executor that does not have it yet would
    /// say that it has nothing to end, and then be given it.
    private func arrival(of run: JobRun) async throws {
        guard let left = run.dispatchedAt.map({ $0 - wall.now }), left > .zero else { return }
        try await clock.sleep(for: left + Self.journey)
    }

    private func close(_ run: JobRun, at address: ExecutorAddress) async throws -> Kill {
        let end = RunEnd(.killed, message: "by an operator", at: wall.now)
        // What came to it meanwhile nobody asked it to end.
        let ends = try await held(run.plan.job, at: address)
            .filter { $0.killRequestedAt != nil }
            .map { (run: $0, end: end) }
        let ended = try await closer.close(ends, token: nil).map(\.id)
        return ended.isEmpty ? .alreadyEnded : .ended(ended)
    }

    /// The open runs of a job that an executor has or may have: no more than it takes at a time.
    private func held(_ job: JobID, at address: ExecutorAddress) async throws -> [JobRun] {
        let filter = RunFilter(job: job, states: [.dispatching, .running], address: address)
        var found: [JobRun] = []
        var after: RunID?
        repeat {
            let page = try await runs.runs(filter, after: after, limit: 500)
            found += page.elements
            after = page.next
        } while after != nil
        return found
    }
}
