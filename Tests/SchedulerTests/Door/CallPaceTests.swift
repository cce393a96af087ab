import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// How often a caller may call.
@Suite struct CallPaceTests {
    @Test func `a burst goes at once, then each waits its turn, and no longer than patience lasts`() {
        let pace = CallPace(perSecond: 10, patience: .seconds(1))
        let waits = (0..<21).map { _ in pace.takeTurn(of: "a", at: .seconds(50)) }
        #expect(waits.prefix(10).allSatisfy { $0 == .zero })
        #expect(waits[10..<20].map { $0 ?? .zero } == (1...10).map { .milliseconds($0 * 100) })
        #expect(waits[20] == .some(nil))
        // Others have their own turns.
        #expect(pace.takeTurn(of: "b", at: .seconds(50)) == .zero)
    }

    @Test func `a refused call costs no turn, and a rest brings the burst back`() {
        let pace = CallPace(perSecond: 10, patience: .zero)
        for _ in 0..<10 { #expect(pace.takeTurn(of: "a", at: .zero) == .zero) }
        for _ in 0..<5 { #expect(pace.takeTurn(of: "a", at: .zero) == nil) }
        #expect(pace.takeTurn(of: "a", at: .milliseconds(100)) == .zero)
        #expect(pace.takeTurn(of: "a", at: .milliseconds(100)) == nil)
        let rested = (0..<11).map { _ in pace.takeTurn(of: "a", at: .seconds(60)) }
        #expect(rested.count { $0 == .zero } == 10)
    }

    @Test(.timeLimit(.minutes(1)))
    func `who calls the job API too often waits at most a second, and others do not`() async throws {
        let rig = try SchedulerRig()
        let made = try await rig.groups.create("reports", title: "", registration: .automatic, hasToken: true)
        let body = Array(#"{"id":7}"#.utf8)
        let unknown = Envelope.failure("job 7 is not known")
        for _ in 0..<100 { #expect(await rig.door.answer("stopJob", body, from: rig.caller) == unknown) }
        try await withThrowingTaskGroup(of: Envelope.self) { group in
            for _ in 0..<101 { group.addTask { await rig.door.answer("stopJob", body, from: rig.caller) } }
            // The clock stands still: a hundred wait their turn, and only one is answered.
            let refused = try #require(try await group.next())
            #expect(refused.code == 502)
            #expect(refused.message?.hasPrefix("Too many requests") == true)
            let other = ExecutorDoor.Caller(accessToken: made.token?.reveal(), appName: "reports")
            #expect(await rig.door.answer("stopJob", body, from: other) == unknown)
            await rig.clock.sleepers(100)
            rig.clock.advance(by: .seconds(1))
            for try await answer in group { #expect(answer == unknown) }
        }
    }
}
