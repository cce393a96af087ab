import Groundwork
import Scheduler

/// What an import came to, for people.
struct ImportReport {
    private let jobs: [(job: ImportedJob, fires: FireComparison?)]
    private let groups: [ImportedGroup]

    /// Compares the fires of every cron expression.
    ///
    /// - Parameters:
    ///   - jobs: the jobs.
    ///   - groups: the groups.
    ///   - instant: where to begin.
    ///   - fires: how many fires of each to look at.
    init(_ jobs: [ImportedJob], _ groups: [ImportedGroup], after instant: Moment, fires: Int) {
        self.groups = groups
        self.jobs = jobs.map { job in
            (job, FireComparison(of: job.definition.spec.schedule, after: instant, count: fires))
        }
    }

    /// Whether a definition does not say all there was to say.
    var isIncomplete: Bool {
        jobs.contains { !$0.job.findings.isEmpty } || groups.contains { !$0.findings.isEmpty }
    }

    /// A table with a line for each job, one with a line for each group, and the totals.
    var text: String {
        var table = Table("JOB", "THEIRS", "OURS", "ON", "OTHER FIRES UNDER VIXIE", "NOT CARRIED OVER")
        for (job, fires) in jobs {
            let (theirs, spec) = (job.theirs, job.definition.spec)
            let conf = theirs.scheduleConf.isEmpty ? "" : " " + theirs.scheduleConf
            table.add(
                "\(theirs.id) \(spec.group)/\(spec.name)",
                theirs.scheduleType + conf,
                JobText.schedule(spec.schedule),
                job.definition.isEnabled ? "yes" : "no",
                fires.map(Self.words) ?? "-",
                job.findings.isEmpty ? "-" : job.findings.map(\.words).joined(separator: "; ")
            )
        }
        return table.text + "\n" + groupTable + "\n" + totals
    }

    private var groupTable: String {
        var table = Table("GROUP", "TITLE", "EXECUTORS", "NOT CARRIED OVER")
        for group in groups {
            let definition = group.definition
            table.add(
                "\(group.theirs.id) \(definition.name)",
                definition.title,
                definition.addresses.isEmpty ? "register" : definition.addresses.joined(separator: ", "),
                group.findings.isEmpty ? "-" : group.findings.joined(separator: "; ")
            )
        }
        return table.text
    }

    private var totals: String {
        let compared = jobs.compactMap(\.fires)
        let differing = compared.count { $0.differing > 0 }
        let incomplete = jobs.count { !$0.job.findings.isEmpty }
        let off = jobs.count { $0.job.theirs.isRunning && !$0.job.definition.isEnabled }
        return """
            \(jobs.count) jobs: \(jobs.count - incomplete) carried over whole, \(incomplete) in part, \
            \(off) switched off for it.
            \(compared.count) cron expressions: \(differing) would fire otherwise under vixie.

            """
    }

    private static func words(_ fires: FireComparison) -> String {
        guard let first = fires.first else { return "0 of \(fires.compared)" }
        return "\(fires.differing) of \(fires.compared), first \(APIInstant(first).local)"
    }
}
