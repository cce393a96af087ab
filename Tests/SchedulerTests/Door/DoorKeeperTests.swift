import Groundwork
import ServiceLifecycle
import TestKit
import Testing

@testable import Scheduler

struct DoorKeeperTests {
    @Test func `while it runs, somebody listens`() async throws {
        let rig = try SchedulerRig()
        let keeper = DoorKeeper(rig.parts)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await keeper.run() }
            for _ in 0..<5 {
                await rig.clock.sleepers()
                rig.clock.advance(by: Listening.pace)
            }
            await rig.clock.sleepers()
            let listening = try #require(try await rig.parts.registry.heard().listening)
            #expect(listening.since == .noon)
            #expect(rig.now - listening.until <= Listening.pace)
            #expect(listening.start(at: rig.now) == .noon)
            group.cancelAll()
        }
        let later = rig.now + .seconds(60)
        #expect(try await rig.parts.registry.heard().listening?.start(at: later) == later)
    }
}
