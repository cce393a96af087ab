import TestKit
import Testing

@testable import Scheduler

@Suite(.timeLimit(.minutes(1)))
struct BellTests {
    private let bell = Bell()
    private let clock = ManualClock(.noon)

    @Test func `a ring wakes who waits`() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await bell.wait(atMost: .seconds(60), on: clock) }
            await clock.sleepers()
            bell.ring()
            await group.waitForAll()
        }
    }

    @Test func `rings that nobody waits for wake the next once`() async {
        bell.ring()
        bell.ring()
        await bell.wait(atMost: .seconds(60), on: clock)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await bell.wait(atMost: .seconds(60), on: clock) }
            await clock.sleepers()
            clock.advance(by: .seconds(60))
            await group.waitForAll()
        }
    }

    @Test func `cancellation ends the wait and breaks nothing`() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await bell.wait(atMost: .seconds(60), on: clock) }
            await clock.sleepers()
            group.cancelAll()
            await group.waitForAll()
        }
        bell.ring()
        await bell.wait(atMost: .seconds(60), on: clock)
    }
}
