import Groundwork
import Logging
import ServiceLifecycle

/// Fetches runs from the scheduler, for an executor that nobody can call: one call is always open, and is answered when
/// there is something to do.
struct PullLoop: Service {
    /// How it behaves; see `ExecutorSettings`.
    struct Settings: Sendable {
        /// The executor group's name.
        var appName: String
        /// Under which name runs are kept for this executor.
        var address: String
        /// New at each start.
        var instance: String
        /// How many runs it holds at most.
        var seats: Int
        /// How long a call may stay open.
        var wait: Duration
        var backoff: Backoff
    }

    let settings: Settings
    let runner: JobRunner
    let logs: RunLogReader
    let client: SchedulerClient
    /// Returns once what an earlier process left behind was delivered: who hears of the new process takes its runs for lost.
    let begin: @Sendable () async -> Void
    let clock: any Clock<Duration>
    let logger: Logger

    /// How often it says which runs it has, and for how long a call stays open at most while it has some: who ended
    /// without it is found by that.
    private static let holdsPace = Duration.seconds(5)

    /// Fetches until graceful shutdown, then signs off.
    ///
    /// By then the runner has drained: services stop in the reverse of the order in which they were started.
    func run() async {
        var debt = await cancelWhenGracefulShutdown {
            await begin()
            return await fetchUntilCancelled()
        }
        var farewell = request(seats: 0, capacity: 0)
        farewell.isLeaving = true
        farewell.holds = await runner.unsettled
        debt.write(into: &farewell, await runner.stages(of: debt.taken.keys), at: nil)
        do {
            _ = try await client.pull(farewell)
            logger.info("executor signed off")
        } catch {
            logger.warning("executor could not sign off", metadata: [LogKey.error: "\(error)"])
        }
    }

    /// What is still owed at the end.
    private func fetchUntilCancelled() async -> PullDebt {
        var debt = PullDebt()
        var failures = 0
        var isRegistered = false
        let watch = Stopwatch(clock)
        var nextHolds = Duration.zero
        /// The last answer with runs.
        var heard: String?
        while !Task.isCancelled {
            let saysHolds = watch.elapsed >= nextHolds
            var request = await nextRequest(&debt, saysHolds: saysHolds, at: watch.elapsed)
            request.heard = heard
            do {
                let answer = try await client.pull(request)
                if !isRegistered {
                    logger.notice("executor registered", metadata: [LogKey.address: "\(request.address)"])
                }
                if request.holds != nil { nextHolds = watch.elapsed + Self.holdsPace / 2 }
                (isRegistered, failures) = (true, 0)
                debt.settle()
                await carryOut(answer, &debt, watch)
                heard = answer.name ?? heard
            } catch {
                if Task.isCancelled { break }
                if isRegistered || failures == 0 {
                    logger.warning("executor fetches no runs", metadata: [LogKey.error: "\(error)"])
                }
                failures += 1
                (isRegistered, nextHolds) = (false, .zero)
                debt.keep()
                // Cancelled: the loop ends.
                try? await clock.sleep(for: settings.backoff.wait(afterAttempt: failures), tolerance: nil)
            }
        }
        return debt
    }

    /// The next call; it says which runs are here where there are some, and it is to.
    private func nextRequest(
        _ debt: inout PullDebt,
        saysHolds: Bool,
        at elapsed: Duration
    ) async -> PullRequest {
        let standing = await runner.standing
        let capacity = standing.isOpen ? settings.seats : 0
        var request = request(seats: max(0, capacity - standing.held), capacity: capacity)
        var wait = settings.wait
        if standing.held > 0 {
            wait = min(wait, Self.holdsPace)
            if saysHolds { request.holds = await runner.unsettled }
        }
        if !debt.isEmpty {
            let stages = await runner.stages(of: debt.taken.keys)
            if let more = debt.write(into: &request, stages, at: elapsed) { wait = min(wait, more) }
        }
        request.waitMilliseconds = Int(wait.wholeMilliseconds)
        return request
    }

    private func request(seats: Int, capacity: Int) -> PullRequest {
        PullRequest(
            appName: settings.appName,
            address: settings.address,
            instance: settings.instance,
            capacity: capacity,
            seats: seats
        )
    }

    private func carryOut(_ answer: PullAnswer, _ debt: inout PullDebt, _ watch: Stopwatch) async {
        if !answer.runs.isEmpty {
            let answers = await runner.accept(answer.runs)
            for (run, answer) in zip(answer.runs, answers) {
                debt.note(answer, of: run.run, at: watch.elapsed)
            }
        }
        for kill in answer.kills { await runner.kill(kill.run, plannedAt: kill.plannedAt) }
        for question in answer.questions { debt.note(await page(question)) }
    }

    private func page(_ question: PullQuestion) async -> PulledPage {
        // Asked before reading: what is over then stays over, so the end cannot be announced too early.
        let isOver = await runner.showLog(of: question.request.run)
        do {
            let page = try await logs.page(
                question.request.run,
                plannedAt: question.request.plannedAt,
                fromLine: question.request.fromLine,
                isOver: isOver
            )
            return PulledPage(id: question.id, page: page)
        } catch {
            return PulledPage(id: question.id, page: nil, message: "\(error)")
        }
    }
}
