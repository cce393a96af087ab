import Groundwork
import People
import Scheduler

/// What a job was before: its versions, what changed between two of them, and the button that restores one.
struct JobHistoryPages: PageDesk {
    let jobs: JobService

    private static let pageSize = 50

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/jobs/:id/history") { visit in
                let history = try await history(visit)
                return .page(Page("job-history", .jobs, title: history.title, history))
            }
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/jobs/:id/history/:number/restore") { visit in
                let id: JobID = try visit.id()
                guard let number = Int64(visit.part("number")),
                    let seen = visit.number("from")
                else { throw Trouble.notFound(visit.part("number")) }
                try await visit.known().check(restoring: number, of: id, jobs)
                _ = try await jobs.restore(number, of: id, version: seen)
                return ButtonAnswer("/jobs/\(id)", done: "job-restore")
            }
        ]
    }

    private func history(_ visit: Visit) async throws -> JobHistoryView {
        let id: JobID = try visit.id()
        let page = try await jobs.versions(of: id, after: visit.number("after"), limit: Self.pageSize)
        let newest = try await jobs.versions(of: id, limit: 1).elements.first?.version
        var comparison: VersionComparison?
        if let from = visit.number("from"), let to = visit.number("to") {
            let before = try await jobs.version(from, of: id, seenBy: visit.groups)
            let after = try await jobs.version(to, of: id, seenBy: visit.groups)
            comparison = VersionComparison(from: before, to: after, visit.say)
        }
        return JobHistoryView(
            id,
            page.elements.filter { visit.groups.contains($0.version.spec.group) },
            newest: newest,
            comparison: comparison,
            chosen: (visit.number("from"), visit.number("to")),
            older: page.next.map { visit.address(with: "after", "\($0)") },
            visit.say
        )
    }
}
