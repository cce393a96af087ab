import Foundation
import Groundwork
import Scheduler

/// A job of xxl-job together with the definition made of it.
struct ImportedJob: Hashable, Sendable {
    let theirs: XXLJob
    fileprivate(set) var definition: JobDefinition
    fileprivate(set) var findings: [ImportFinding]
}

/// Makes job definitions of what a dump of xxl-job says.
///
/// A definition means what the job meant there. What cannot be said is a finding; where the job could not run
/// because of it, or would run otherwise than it did, its definition is switched off.
struct JobImport {
    /// The zone of cron expressions; there it is that of the server's process.
    let zone: String
    /// What cron expressions do when clocks change; `quartz` is what they did there.
    let daylight: DaylightPolicy

    /// xxl-job looks for failed runs every 10 s and tries them again at once.
    private static let theirBackoff = Backoff(
        first: .seconds(10),
        ceiling: .seconds(10),
        factor: 1,
        jitter: 0
    )

    /// The definitions in the order of the dump.
    func jobs(of dump: XXLJobDump) -> [ImportedJob] {
        var taken: Set<String> = []
        let jobs = dump.jobs.map { job(of: $0, in: dump.groups[$0.group], &taken) }
        let names = Dictionary(jobs.map { ($0.theirs.id, $0.definition.spec.fullName) }) { first, _ in first }
        return Self.withoutCycles(jobs.map { withChildren($0, names) }).map(checked)
    }

    /// The jobs without the children through which they would trigger themselves: there, nobody looks for such.
    private static func withoutCycles(_ jobs: [ImportedJob]) -> [ImportedJob] {
        var jobs = jobs
        var children = Dictionary(
            jobs.map { ($0.definition.spec.fullName, $0.definition.spec.children.map(\.job)) }
        ) { first, _ in first }
        while let way = ChildCycle.find(in: children), let child = way.last, let parent = way.dropLast().last
        {
            children[parent]?.removeAll { $0 == child }
            guard let place = jobs.firstIndex(where: { $0.definition.spec.fullName == parent }) else { break }
            jobs[place].definition.spec.children.removeAll { $0.job == child }
            jobs[place].findings.append(.childCycle(child.description))
        }
        return jobs
    }

    /// The job with what its definition would be refused for, and switched off where it could not run as it did.
    private func checked(_ job: ImportedJob) -> ImportedJob {
        var job = job
        job.findings += job.definition.spec.faults.map { .refused(field: $0.field, reason: $0.reason) }
        job.definition.isEnabled = job.theirs.isRunning && !job.findings.contains(where: \.stopsTheJob)
        return job
    }

    /// The job with its children, which have their names only now.
    private func withChildren(_ job: ImportedJob, _ names: [Int: JobName]) -> ImportedJob {
        var definition = job.definition
        // There, a job that names itself as its child is passed over, and each shard triggers by itself.
        for id in job.theirs.children where id != job.theirs.id {
            guard let name = names[id] else { continue }
            let child = ChildJob(name, isPerShard: true)
            if !definition.spec.children.contains(child) { definition.spec.children.append(child) }
        }
        let missing = job.theirs.children.filter { names[$0] == nil }
        let findings = missing.isEmpty ? [] : [ImportFinding.childrenMissing(missing)]
        return ImportedJob(theirs: job.theirs, definition: definition, findings: job.findings + findings)
    }

    private func job(of job: XXLJob, in group: XXLJobGroup?, _ taken: inout Set<String>) -> ImportedJob {
        var findings: [ImportFinding] = []
        var spec = JobSpec(
            name: job.name,
            group: group?.appName ?? "group-\(job.group)",
            summary: job.author.isEmpty ? "job \(job.id)" : "job \(job.id), author \(job.author)",
            schedule: schedule(of: job, &findings),
            handler: job.handler,
            params: job.params,
            timeout: .seconds(max(0, job.timeoutSeconds)),
            retry: job.retries > 0 ? RetryPolicy(limit: job.retries, backoff: Self.theirBackoff) : .never
        )
        if group == nil { findings.append(.groupMissing(job.group)) }
        name(&spec, job, &taken, &findings)
        setStrategies(&spec, job, &findings)
        setHandler(&spec, job, &findings)
        if !job.alarmMails.isEmpty { findings.append(.alarmMails(job.alarmMails)) }
        if group?.hasToken == true { findings.append(.groupToken) }
        return ImportedJob(theirs: job, definition: JobDefinition(spec), findings: findings)
    }

    // MARK: Parts

    /// Gives the job a name that no other of its group has; there, names need not differ.
    private func name(
        _ spec: inout JobSpec,
        _ job: XXLJob,
        _ taken: inout Set<String>,
        _ findings: inout [ImportFinding]
    ) {
        let plain = job.name.map { $0.isNewline ? " " : $0 }.prefix(100)
        spec.name = String(plain).trimmingCharacters(in: .whitespacesAndNewlines)
        if spec.name.isEmpty || taken.contains("\(spec.group)/\(spec.name)") {
            spec.name = spec.name.isEmpty ? "job \(job.id)" : "\(spec.name) (\(job.id))"
        }
        taken.insert("\(spec.group)/\(spec.name)")
        if spec.name != job.name { findings.append(.renamed(from: job.name)) }
    }

    private func schedule(of job: XXLJob, _ findings: inout [ImportFinding]) -> ScheduleText {
        let text = ScheduleText(
            type: job.scheduleType,
            conf: job.scheduleConf,
            zone: zone,
            daylight: daylight.rawValue
        )
        do {
            // Only what the type needs: there, the text of an earlier type may have stayed.
            switch try Schedule(text) {
            case .cron: return text
            case .none: return .manual
            case .fixedRate, .fixedDelay, .once: return ScheduleText(type: text.type, conf: text.conf)
            }
        } catch {
            let shown = "\(job.scheduleType) \(job.scheduleConf)"
            findings.append(.scheduleRefused(shown, reason: error.reason))
            return .manual
        }
    }

    private func setStrategies(_ spec: inout JobSpec, _ job: XXLJob, _ findings: inout [ImportFinding]) {
        switch job.misfire {
        case "DO_NOTHING": spec.misfire = .skip
        case "FIRE_ONCE_NOW": spec.misfire = .fireOnce
        default: findings.append(.misfireUnknown(job.misfire))
        }
        if let route = RouteStrategy(rawValue: job.route) {
            spec.route = route
            // Their ring goes by the number that the job had there.
            if route == .consistentHash { spec.hashKey = "\(job.id)" }
        } else {
            findings.append(.routeUnknown(job.route))
        }
        if let overlap = BlockStrategy(rawValue: job.overlap) {
            spec.overlap = overlap
        } else {
            findings.append(.overlapUnknown(job.overlap))
        }
    }

    /// A definition needs a handler: where there is none it gets a name that no executor knows.
    private func setHandler(_ spec: inout JobSpec, _ job: XXLJob, _ findings: inout [ImportFinding]) {
        let isCode = job.glueType != RunRequest.bean
        if let language = JobScript.Language(glueType: job.glueType) {
            spec.handler = ""
            // An interpreter takes a carriage return for a part of the line.
            spec.script = JobScript(language, job.glueSource.replacing("\r\n", with: "\n"))
            findings.append(.script)
            return
        }
        if isCode { findings.append(.glue(type: job.glueType, source: job.glueSource)) }
        guard spec.handler.isEmpty else { return }
        spec.handler = "import-\(job.id)"
        if !isCode { findings.append(.handlerMissing) }
    }
}
