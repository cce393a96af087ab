import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Four processes that lead and stand for election as a `LeaderTerm` has them, among faults that come as they like.
struct LeaseInterleavingTests {
    @Test(arguments: 0..<40)
    func `whatever fails, tokens grow, one writes, and when all is well somebody leads`(
        seed: UInt64
    ) async throws {
        var random = SeededGenerator(seed: seed)
        let stage = LeaseStage()
        var processes = ["a", "b", "c", "d"].map { Process(host: $0, start: 0, stage) }
        var starts = 0
        var newest = FencingToken(rawValue: 0)
        for round in 0..<30 {
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                fail(stage, using: &random)
                if Int.random(in: 0..<20, using: &random) == 0 {
                    // It dies without a word, and another is started in its place.
                    let index = Int.random(in: 0..<4, using: &random)
                    starts += 1
                    processes[index] = Process(host: processes[index].host, start: starts, stage)
                }
                stage.clock.advance(by: .milliseconds(Int64.random(in: 100...1_500, using: &random)))
                for index in processes.indices.shuffled(using: &random)
                where Int.random(in: 0..<10, using: &random) > 0 {
                    let token = await processes[index].step(stage)
                    // Nobody gets a token that was there before, whoever has forgotten what.
                    if let token { #expect(token > newest) }
                    newest = max(newest, token ?? newest)
                }
                #expect(processes.count { $0.lease.map(stage.accepts) ?? false } <= 1)
            }
            heal(stage)
            // The slowest way is a dead holder whose lock never runs out.
            for _ in 0..<60 {
                stage.clock.advance(by: .milliseconds(500))
                for index in processes.indices {
                    newest = max(newest, await processes[index].step(stage) ?? newest)
                }
            }
            let leaders = processes.filter { $0.lease != nil }
            #expect(leaders.count == 1, "round \(round)")
            #expect(leaders.first.flatMap(\.lease).map(stage.accepts) == true)
            #expect(stage.lock.holder(of: "l") == leaders.first?.holder)
        }
    }

    private func fail(_ stage: LeaseStage, using random: inout SeededGenerator) {
        let process = ["a", "b", "c", "d"][Int.random(in: 0..<4, using: &random)]
        switch Int.random(in: 0..<30, using: &random) {
        case 0: stage.lock.forget()
        case 1: stage.lock.jump(by: .seconds(60))
        case 2: stage.lock.jump(by: .seconds(-3_600))
        case 3: stage.lock.stop()
        case 4: stage.lock.start()
        case 5: stage.lock.cut(process)
        case 6: stage.lock.mend(process)
        case 7: stage.register.stop()
        case 8, 9: stage.register.start()
        case 10: stage.register.cut(process)
        case 11, 12: stage.register.mend(process)
        case 13: stage.register.loseAnswers(true)
        case 14, 15: stage.register.loseAnswers(false)
        default: break
        }
    }

    private func heal(_ stage: LeaseStage) {
        stage.lock.start()
        stage.register.start()
        stage.register.loseAnswers(false)
        for process in ["a", "b", "c", "d"] {
            stage.lock.mend(process)
            stage.register.mend(process)
        }
    }

    /// One process; it takes a step when it is given the time, which may be late.
    private struct Process {
        let host: String
        let holder: String
        private let keeper: FencedLeaseKeeper
        private(set) var lease: Lease?
        private var trusted = Duration.zero
        private var renewal = Duration.zero

        init(host: String, start: Int, _ stage: LeaseStage) {
            self.host = host
            holder = "\(host)/\(start)"
            keeper = stage.keeper(host)
        }

        /// Renews or stands for election; brings the token of a term that it began.
        mutating func step(_ stage: LeaseStage) async -> FencingToken? {
            let now = stage.clock.now.sinceStart
            guard let lease else {
                // Who cannot stand tries again.
                self.lease = try? await keeper.acquire("l", holder: holder, for: stage.lease)
                (trusted, renewal) = (now + .seconds(5), now + .seconds(2))
                return self.lease?.token
            }
            if now < trusted, now < renewal { return nil }
            do throws(LeaseError) {
                guard now < trusted else { throw .lost }
                try await keeper.renew("l", lease)
                trusted = now + .seconds(5)
            } catch {
                if error == .lost {
                    await keeper.release("l", lease)
                    self.lease = nil
                }
            }
            renewal = now + .seconds(2)
            return nil
        }
    }
}
