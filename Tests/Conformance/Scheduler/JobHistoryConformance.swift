import Groundwork
import Scheduler
import TestKit
import Testing

/// What every `JobHistory` must keep of what its `JobStore` writes.
package enum JobHistoryConformance {
    package static let clauses: [Clause<SchedulerStores>] = writing + reading

    private static let writing: [Clause<SchedulerStores>] = [
        Clause("a new job is its first version, which counts") { stores in
            var new = NewJob.sample()
            new.definition = "text"
            let job = try await stores.jobs.add(new)
            let versions = try await versions(of: job.id, stores)
            let version = try #require(versions.first)
            #expect(versions.count == 1)
            #expect(version.number == job.version)
            #expect(version.spec == job.spec)
            #expect(version.isEnabled)
            #expect(version.startedAt == job.startedAt)
            #expect(version.definition == "text")
            #expect(version.since == job.createdAt)
            #expect(version.firstTriggerAt == .noon)
            #expect(version.end == nil)
        },
        Clause("a changed job ends one version and begins the next at the same instant") { stores in
            var job = try await stores.jobs.add(.sample())
            job.spec.params = "b=2"
            job.startedAt = .noon + .seconds(1)
            let next = Moment.noon + .seconds(30)
            let change = Moment.noon + .seconds(1)
            let changed = try await stores.jobs.replace(job, nextTrigger: .set(next), at: change)
            let versions = try await versions(of: job.id, stores)
            try #require(versions.map(\.number) == [changed.version, job.version])
            #expect(versions[1].spec.params == "a=1")
            #expect(versions[1].end == JobVersion.End(at: change, nextTriggerAt: .noon))
            #expect(versions[0].spec == changed.spec)
            #expect(versions[0].since == change)
            #expect(versions[0].startedAt == change)
            #expect(versions[0].firstTriggerAt == next)
            #expect(versions[0].end == nil)
        },
        Clause("a version ends with the next trigger that planning has left") { stores in
            let token = try await stores.mint()
            let job = try await stores.jobs.add(.sample())
            _ = try await stores.jobs.plan([.sample(job)], token: token)
            let change = Moment.noon + .seconds(2)
            _ = try await stores.jobs.replace(job, nextTrigger: .keep, at: change)
            let versions = try await versions(of: job.id, stores)
            try #require(versions.count == 2)
            let next = Moment.noon + .seconds(10)
            #expect(versions[1].end == JobVersion.End(at: change, nextTriggerAt: next))
            #expect(versions[0].firstTriggerAt == next)
        },
        Clause("a version ends before what was planned ahead and is taken back") { stores in
            let token = try await stores.mint()
            var job = try await stores.jobs.add(.sample())
            let ahead = [NewRun.sample(of: job.id, trigger: .schedule)]
            _ = try await stores.jobs.plan([.sample(job, next: nil, runs: ahead)], token: token)
            let change = Moment.noon - .milliseconds(1)
            job = try await stores.jobs.replace(job, nextTrigger: .keep, at: change)
            var versions = try await versions(of: job.id, stores)
            #expect(versions.last?.end == JobVersion.End(at: change, nextTriggerAt: .noon))
            #expect(versions.first?.firstTriggerAt == .noon)
            _ = try await stores.jobs.plan([.sample(job, next: nil)], token: token)
            try await stores.jobs.remove(job.id, at: change)
            versions = try await Self.versions(of: job.id, stores)
            #expect(versions.first?.end == JobVersion.End(at: change, nextTriggerAt: .noon))
        },
        Clause("a version keeps the script of a job and the days of a calendar of its own") { stores in
            var job = try await stores.jobs.add(.sample())
            job.spec.handler = ""
            job.spec.script = JobScript(.shell, "echo 1\necho 2\n", remark: "counts to two")
            let days = try JobCalendar(name: "offices", excludesWeekends: true)
            job.spec.schedule.limits.calendar = .own(days)
            let changed = try await stores.jobs.replace(job, nextTrigger: .keep, at: .noon)
            #expect(try await stores.history.version(2, of: job.id)?.spec == changed.spec)
            #expect(changed.spec == job.spec)
        },
        Clause("a job that is switched off has a version without triggers") { stores in
            var job = try await stores.jobs.add(.sample())
            job.isEnabled = false
            _ = try await stores.jobs.replace(job, nextTrigger: .set(nil), at: .noon)
            let version = try #require(try await versions(of: job.id, stores).first)
            #expect(!version.isEnabled)
            #expect(version.firstTriggerAt == nil)
        },
        Clause("a change that is refused leaves the history alone") { stores in
            let job = try await stores.jobs.add(.sample())
            let newer = try await stores.jobs.replace(job, nextTrigger: .keep, at: .noon)
            let before = try await versions(of: job.id, stores)
            await expect(.conflict) {
                _ = try await stores.jobs.replace(job, nextTrigger: .set(nil), at: .noon + .seconds(1))
            }
            _ = try await stores.jobs.add(.sample(.sample("other")))
            var renamed = newer
            renamed.spec.name = "other"
            await expect(.conflict) { [renamed] in
                _ = try await stores.jobs.replace(renamed, nextTrigger: .keep, at: .noon + .seconds(1))
            }
            _ = try await stores.runs.add([.sample(of: job.id)])
            await expect(.conflict) { try await stores.jobs.remove(job.id, at: .noon + .seconds(1)) }
            #expect(try await versions(of: job.id, stores) == before)
        },
        Clause("a clock that went back lets no version begin before the one before it ended") { stores in
            let job = try await stores.jobs.add(.sample())
            let newer = try await stores.jobs.replace(job, nextTrigger: .keep, at: .noon)
            let early = Moment.noon - .seconds(30)
            _ = try await stores.jobs.replace(newer, nextTrigger: .keep, at: early)
            let versions = try await versions(of: job.id, stores)
            try #require(versions.count == 3)
            #expect(versions[1].since == .noon)
            #expect(versions[1].end?.at == .noon)
            #expect(versions[0].since == .noon)
        },
        Clause("the history of a job outlives it, and ends with it") { stores in
            let job = try await stores.jobs.add(.sample())
            try await stores.jobs.remove(job.id, at: .noon - .seconds(1))
            let versions = try await versions(of: job.id, stores)
            #expect(versions.count == 1)
            #expect(versions.first?.end == JobVersion.End(at: .noon - .seconds(1), nextTriggerAt: .noon))
            #expect(try await stores.history.version(1, of: job.id) == versions.first)
        },
    ]

    private static let reading: [Clause<SchedulerStores>] = [
        Clause("versions are read page by page, the newest first, without gap or repeat") { stores in
            var job = try await stores.jobs.add(.sample())
            for _ in 0..<4 { job = try await stores.jobs.replace(job, nextTrigger: .keep, at: .noon) }
            var seen: [Int64] = []
            var after: Int64?
            repeat {
                let page = try await stores.history.versions(of: job.id, after: after, limit: 2)
                seen += page.elements.map(\.number)
                after = page.next
            } while after != nil
            #expect(seen == [5, 4, 3, 2, 1])
            #expect(try await stores.history.version(3, of: job.id)?.number == 3)
            #expect(try await stores.history.version(6, of: job.id) == nil)
        },
        Clause("of a span there are the versions that counted in it, the oldest first") { stores in
            var job = try await stores.jobs.add(.sample())
            for second in [10, 20, 30] as [Int64] {
                job = try await stores.jobs.replace(job, nextTrigger: .keep, at: .noon + .seconds(second))
            }
            func numbers(_ from: Int64, _ to: Int64, after: Int64? = nil) async throws -> [Int64] {
                let span = Moment.noon + .seconds(from)..<Moment.noon + .seconds(to)
                return try await stores.history.versions(of: job.id, in: span, after: after, limit: 10)
                    .elements.map(\.number)
            }
            #expect(try await numbers(12, 18) == [2])
            #expect(try await numbers(5, 25) == [1, 2, 3])
            #expect(try await numbers(5, 25, after: 1) == [2, 3])
            #expect(try await numbers(31, 99) == [4])
            #expect(try await numbers(-99, -70).isEmpty)
        },
        Clause("of a span there are the jobs that were there, also those that are gone") { stores in
            let gone = try await stores.jobs.add(.sample(.sample("gone")))
            try await stores.jobs.remove(gone.id, at: .noon)
            let kept = try await stores.jobs.add(.sample(.sample("kept")))
            _ = try await stores.jobs.replace(kept, nextTrigger: .keep, at: .noon)
            func jobs(_ from: Int64, after: JobID? = nil, limit: Int = 10) async throws -> [JobID] {
                let span = Moment.noon + .seconds(from)..<Moment.noon + .seconds(99)
                return try await stores.history.jobs(in: span, after: after, limit: limit).elements
            }
            #expect(try await jobs(-30) == [gone.id, kept.id])
            #expect(try await jobs(-30, limit: 1) == [gone.id])
            #expect(try await jobs(-30, after: gone.id) == [kept.id])
            #expect(try await jobs(1) == [kept.id])
        },
    ]

    private static func versions(of job: JobID, _ stores: SchedulerStores) async throws -> [JobVersion] {
        try await stores.history.versions(of: job, after: nil, limit: 100).elements
    }
}
