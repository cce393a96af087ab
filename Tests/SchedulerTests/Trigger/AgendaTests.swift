import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// What the trigger loop knows between two looks into the store.
@Suite struct AgendaTests {
    @Test func `due jobs are taken once, the soonest first`() {
        var agenda = Agenda([job(1, 10), job(2, 20), job(3, 30)], limit: 10, readAt: .zero)
        #expect(agenda.takeDue(at: at(20), limit: 10).map(\.id.rawValue) == [1, 2])
        #expect(agenda.takeDue(at: at(20), limit: 10).isEmpty)
        #expect(agenda.idle(at: at(25)) == .milliseconds(5))
    }

    @Test func `no more are taken than are planned at once`() {
        var agenda = Agenda([job(1, 10), job(2, 10), job(3, 10)], limit: 10, readAt: .zero)
        #expect(agenda.takeDue(at: at(10), limit: 2).map(\.id.rawValue) == [1, 2])
        #expect(agenda.idle(at: at(11)) == .zero)
    }

    @Test func `a job that was planned comes again at its place`() {
        var agenda = Agenda([job(1, 10), job(2, 20), job(3, 30)], limit: 10, readAt: .zero)
        for job in agenda.takeDue(at: at(10), limit: 1) { agenda.put(job, next: at(20)) }
        #expect(agenda.takeDue(at: at(30), limit: 10).map(\.id.rawValue) == [2, 1, 3])
    }

    @Test func `a job that is never due again is gone`() {
        var agenda = Agenda([job(1, 10)], limit: 10, readAt: .zero)
        for job in agenda.takeDue(at: at(10), limit: 1) { agenda.put(job, next: nil) }
        #expect(agenda.idle(at: at(10)) == nil)
    }

    @Test func `beyond what was read nothing is known, and it says so in time`() {
        var agenda = Agenda([job(1, 10), job(2, 20)], limit: 2, readAt: .zero)
        #expect(!agenda.isShort(at: at(19)))
        // Those that are due are planned first.
        #expect(!agenda.isShort(at: at(20)))
        for job in agenda.takeDue(at: at(20), limit: 10) { agenda.put(job, next: at(40)) }
        #expect(agenda.isShort(at: at(20)))
        #expect(agenda.takeDue(at: at(50), limit: 10).isEmpty)
    }

    @Test func `where all was read nothing lies beyond it`() {
        let agenda = Agenda([job(1, 10)], limit: 2, readAt: .zero)
        #expect(!agenda.isShort(at: at(1_000)))
    }

    private func at(_ milliseconds: Int64) -> Moment { .noon + .milliseconds(milliseconds) }

    private func job(_ id: Int64, _ due: Int64) -> Job {
        Job(
            id: JobID(rawValue: id),
            spec: .sample(schedule: .manual),
            isEnabled: true,
            createdAt: .noon,
            nextTriggerAt: at(due)
        )
    }
}

/// Specs that were read before.
@Suite struct SpecShelfTests {
    @Test func `a version is read once, another one anew`() {
        let shelf = SpecShelf()
        let id = JobID(rawValue: 7)
        var reads = 0
        for version in [1, 1, 2, 2, 1] as [Int64] {
            let spec = shelf.spec(of: id, version: version) {
                reads += 1
                var spec = JobSpec.sample(schedule: .manual)
                spec.params = "\(version)"
                return spec
            }
            #expect(spec.params == "\(version)")
        }
        #expect(reads == 3)
    }
}
