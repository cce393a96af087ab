import Groundwork
import Scheduler
import Synchronization

/// What whoever handles a request tells the audit trail of it, beyond what its address says.
final class AuditNote: Sendable {
    private struct Contents {
        var isDropped = false
        var id: String?
        var facts = WireObject()
    }

    private let contents = Mutex(Contents())

    /// Nothing was done: it was a rehearsal, a look, or has been done before.
    func drop() {
        contents.withLock { $0.isDropped = true }
    }

    /// What was made, where the answer does not lead to it.
    func made(_ id: some CustomStringConvertible) {
        contents.withLock { $0.id = "\(id)" }
    }

    /// Something about the act that no look at its subject would show; never a secret.
    func tell(_ name: String, _ value: WireValue) {
        contents.withLock { $0.facts.append(name, value) }
    }

    var isDropped: Bool { contents.withLock { $0.isDropped } }
    var id: String? { contents.withLock { $0.id } }
    var facts: WireObject { contents.withLock { $0.facts } }
}

extension AuditNote {
    /// Tells which runs were removed, and how many.
    func tell(_ clearing: RunClearing, _ count: Int) {
        switch clearing.scope {
        case .all: break
        case .group(let group): tell("group", .text(group))
        case .job(let job): tell("job", .id(job))
        }
        switch clearing.rule {
        case .olderThan(let days): tell("olderThanDays", .integer(Int64(days)))
        case .allButNewest(let newest): tell("keepNewest", .integer(Int64(newest)))
        }
        tell("runs", .integer(Int64(count)))
    }

    /// Tells which runs a trigger has added, and with what.
    func tell(_ runs: [JobRun]) {
        tell("runs", .list(runs.map { .id($0.id) }))
        if let terms = runs.first?.plan.terms {
            tell("params", .text(terms.params))
            if let target = terms.target { tell("address", .text(target.url)) }
        }
    }

    /// Tells which span was made up for, and how many runs that added.
    func tell(_ backfill: Backfill, _ outcome: BackfillOutcome) {
        tell("from", .instant(backfill.from))
        tell("to", .instant(backfill.until))
        if let params = backfill.params { tell("params", .text(params)) }
        tell("runs", .integer(Int64(outcome.runs.count)))
    }

    /// Tells how many entries a list gained; whose they are is in the list, and not kept here too.
    func tellAdded(_ count: Int) { tell("added", .number(count)) }

    /// Tells that a password was set; never which.
    func tellPasswordIsSet() { tell("password", .text("set")) }
}
