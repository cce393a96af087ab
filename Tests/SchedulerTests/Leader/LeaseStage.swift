import Conformance
import Groundwork
import Logging
import TestKit
import Testing

@testable import Scheduler

/// A lock and a register in memory, on a clock that tests move.
struct LeaseStage: Sendable {
    let clock = ManualClock(.noon)
    let lock: MemoryElectionLock
    let register = MemoryTermRegister()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let lease = Duration.seconds(6)

    init() {
        lock = MemoryElectionLock(clock)
    }

    func keeper(
        _ process: String,
        _ settings: FencedLeaseSettings = FencedLeaseSettings()
    ) -> FencedLeaseKeeper {
        FencedLeaseKeeper(
            lock: lock.seen(by: process),
            register: register.seen(by: process),
            settings: settings,
            clock: clock,
            logger: logger
        )
    }

    /// Lets as many leases' time pass.
    func pass(_ leases: Double) { clock.advance(by: .milliseconds(Int64((leases * 6_000).rounded()))) }

    func accepts(_ lease: Lease) -> Bool { register.accepts(lease.token, of: "l") }
}

/// The forms in memory keep what real ones keep, or nothing that is told with them would mean anything.
struct MemoryLeaseFormTests {
    @Test(arguments: ElectionLockConformance.clauses)
    func `the lock in memory keeps`(clause: Clause<ElectionLocks>) async throws {
        let clock = ManualClock(.noon)
        let lock = MemoryElectionLock(clock)
        try await clause.check(
            ElectionLocks(one: lock.seen(by: "a"), other: lock.seen(by: "b")) { clock.advance(by: $0) }
        )
    }

    @Test(arguments: TermRegisterConformance.clauses)
    func `the register in memory keeps`(clause: Clause<TermRegisters>) async throws {
        let register = MemoryTermRegister()
        try await clause.check(TermRegisters(one: register.seen(by: "a"), other: register.seen(by: "b")))
    }

    @Test(arguments: LeaseConformance.clauses)
    func `the composed keeper keeps`(clause: Clause<LeaseKeepers>) async throws {
        let stage = LeaseStage()
        try await clause.check(
            LeaseKeepers(one: stage.keeper("a"), other: stage.keeper("b")) { stage.clock.advance(by: $0) }
        )
    }
}
