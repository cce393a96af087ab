import Groundwork
import Logging

/// One run that is carried out: the handler, its time limit, and whoever may ask it to stop.
struct RunExecution: Sendable {
    let context: JobContext
    let handler: any JobHandler
    /// The handler's name; nil for code that came with the run and has nothing to get ready.
    let name: String?
    let hooks: HandlerHooks
    /// The time limit; nil for none.
    let limit: Duration?
    let clock: any Clock<Duration>
    let log: RunLog
    let vitals: RunVitals
    /// What brings the request to stop.
    let stops: AsyncStream<StopCause>

    private enum Event: Sendable {
        case returned(String?)
        case threw(any Error)
        case stop(StopCause)
        case quiet
    }

    /// Runs the handler to its end, whatever happens, and says how it ended.
    ///
    /// A request to stop cancels the handler's task. The run has ended when the handler has: one that ignores
    /// cancellation keeps its place, and its log says that it was asked.
    @concurrent
    func perform() async -> RunOutcome {
        log.note("run started")
        return await withTaskGroup(of: Event.self) { group in
            group.addTask { await runHandler() }
            group.addTask { await firstStop() }
            if let limit { group.addTask { await pass(limit) } }
            while let event = await group.next() {
                switch event {
                case .quiet: continue
                case .stop(let cause):
                    guard vitals.stopCause == nil else { continue }
                    vitals.note(cause)
                    log.write(.warning, "stop requested, waiting for the handler to end: \(cause)")
                    group.cancelAll()
                case .returned(let message):
                    group.cancelAll()
                    return outcome(returned: message)
                case .threw(let error):
                    group.cancelAll()
                    return outcome(threw: error)
                }
            }
            return .failed("the handler never ended")
        }
    }

    private func runHandler() async -> Event {
        do {
            if let name { try await hooks.prepare(name, handler) }
            return .returned(try await handler.run(context))
        } catch {
            return .threw(error)
        }
    }

    private func firstStop() async -> Event {
        for await cause in stops { return .stop(cause) }
        return .quiet
    }

    private func pass(_ limit: Duration) async -> Event {
        do {
            try await clock.sleep(for: limit, tolerance: nil)
            return .stop(.timeLimit(limit))
        } catch {
            // Cancelled, because the handler ended first.
            return .quiet
        }
    }

    private func outcome(returned message: String?) -> RunOutcome {
        switch vitals.stopCause {
        case nil, .shutdown: .succeeded(message)
        // Whoever set the limit or gave the order has been told that the run did not make it.
        case .timeLimit(let limit): .timedOut(RunExecution.timeOutText(limit))
        case .operatorKill: .killed("\(StopCause.operatorKill)")
        case .coveredBy(let run): .killed("\(StopCause.coveredBy(run))")
        }
    }

    private func outcome(threw error: any Error) -> RunOutcome {
        switch vitals.stopCause {
        case nil where error is CancellationError: .failed("the executor stopped before the run ended")
        case nil: .failed("\(error)")
        case .shutdown: .failed("the executor was shut down before the run ended")
        case .timeLimit(let limit): .timedOut(RunExecution.timeOutText(limit))
        case .operatorKill: .killed("\(StopCause.operatorKill)")
        case .coveredBy(let run): .killed("\(StopCause.coveredBy(run))")
        }
    }

    private static func timeOutText(_ limit: Duration) -> String {
        "timed out after \(limit.inSeconds) s"
    }
}
