import Groundwork
import People
import Scheduler

/// Who runs jobs.
struct ExecutorPages: PageDesk {
    let parts: ConsoleParts

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/executors") { visit in
                let executors = try await parts.runs.executors().filter { visit.groups.contains($0.group) }
                let model = ExecutorList(executors, visit.say)
                return .page(Page("executors", .executors, title: visit.say("nav-executors"), model))
            }
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] { [] }
}

/// All executors that are not forgotten.
struct ExecutorList: Sendable {
    /// One process.
    struct Row: Sendable {
        let group: String
        let address: String
        let instance: String?
        let chip: Chip
        let since: Stamp
        let seen: Stamp
        let silence: String
        let dialect: String
    }

    let executors: [Row]
    let isEmpty: Bool

    init(_ executors: [ExecutorInstance], _ say: Voice) {
        self.executors = executors.map { executor in
            Row(
                group: executor.group,
                address: executor.address.url,
                instance: executor.instance,
                chip: Chip(executor, say),
                since: say.stamp(executor.since),
                seen: say.stamp(executor.lastSeenAt),
                silence: say("ago", ["span": say.duration(say.now - executor.lastSeenAt)]),
                dialect: "/\(executor.dialect.rawValue)"
            )
        }
        isEmpty = executors.isEmpty
    }
}

extension Chip {
    init(_ executor: ExecutorInstance, _ say: Voice) {
        if executor.isAlive(at: say.now) {
            self.init(.good, say("executor-alive"))
        } else if executor.hasLeft {
            self.init(.idle, say("executor-left"))
        } else {
            self.init(.bad, say("executor-silent"))
        }
    }
}
