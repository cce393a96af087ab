import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Dispatches while `body` runs.
func dispatching(
    _ rig: SchedulerRig,
    _ lease: Lease,
    _ rules: DispatchRules = DispatchRules(),
    _ body: () async throws -> Void
) async throws {
    let dispatcher = Dispatcher(rig.parts, rules: rules)
    try await withThrowingTaskGroup(of: Void.self) { loops in
        loops.addTask { try await dispatcher.run(under: lease) }
        try await body()
        loops.cancelAll()
    }
}

/// Lets a little time pass whenever the dispatcher waits for it.
func pass(
    _ rig: SchedulerRig,
    until what: Comment,
    _ condition: () async throws -> Bool
) async throws {
    try await eventually(what) {
        if try await condition() { return true }
        await rig.clock.sleepers()
        rig.clock.advance(by: .milliseconds(20))
        return false
    }
}
