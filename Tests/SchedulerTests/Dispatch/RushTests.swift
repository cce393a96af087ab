import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// How long before their instant runs are taken up.
struct RushTests {
    private let rush = Rush()
    private let headStart = Duration.milliseconds(100)
    private let due = Moment.noon + .seconds(10)

    @Test func `what is due alone is taken up a head start before`() {
        note(1, due: due)
        let early = look(at: due - .milliseconds(130))
        #expect(early.until < due)
        #expect(early.next.map { $0 > .zero && $0 < .milliseconds(100) } == true)
        #expect(look(at: due - .milliseconds(90)).until >= due)
    }

    @Test func `runs that become due one after the other are taken up together, and in time`() {
        for step in 0..<100 as Range<Int64> { note(1, due: due + .milliseconds(10 * step)) }
        var now = due - .seconds(1)
        var (looks, taken) = (0, Moment.noon)
        while taken < due + .milliseconds(990) {
            let look = look(at: now)
            // What was not taken up before this look has some time left.
            #expect(max(taken, due) - now >= headStart / 4)
            (looks, taken) = (looks + 1, look.until)
            now = now + (look.next ?? .milliseconds(10))
        }
        #expect(looks <= 30)
    }

    @Test func `the more are due at once, the earlier they are taken up`() {
        note(5_000, due: due)
        let moment = due - .milliseconds(600)
        #expect(look(at: moment).until >= due)
        let rushless = Rush().horizon(at: moment, headStart: headStart)
        #expect(rushless.until == moment + headStart)
        #expect(rushless.next == nil)
    }

    @Test func `what is due before counts, as it has to be written first`() {
        note(5_000, due: due)
        note(1, due: due + .milliseconds(400))
        #expect(look(at: due - .milliseconds(100)).until >= due + .milliseconds(400))
    }

    @Test func `however many are due, nothing is taken up longer before than is promised`() {
        note(1_000_000, due: due)
        #expect(look(at: due - Rush.longest - .milliseconds(20)).until < due)
        #expect(look(at: due - Rush.longest + .milliseconds(20)).until >= due)
    }

    @Test func `what was due is forgotten`() {
        note(5_000, due: due)
        let after = look(at: due + .milliseconds(20))
        #expect(after.until == due + .milliseconds(20) + headStart)
        #expect(after.next == nil)
    }

    @Test func `what is spread over a day is not counted`() {
        note(5_000, due: due + .seconds(3_600))
        #expect(look(at: due).next == nil)
    }

    private func look(at now: Moment) -> (until: Moment, next: Duration?) {
        rush.horizon(at: now, headStart: headStart)
    }

    private func note(_ count: Int, due: Moment) {
        let plan = RunPlan(
            job: JobID(rawValue: 1),
            plannedAt: due,
            trigger: .schedule,
            terms: RunTerms(.sample())
        )
        let run = JobRun(id: RunID(rawValue: 1), plan: plan, state: .planned(due: due))
        rush.note(Array(repeating: run, count: count), at: self.due - .seconds(2))
    }
}
