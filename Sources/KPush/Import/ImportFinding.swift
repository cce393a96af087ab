/// What a definition does not say of a job of xxl-job as it was there.
enum ImportFinding: Hashable, Sendable {
    /// The name was taken, empty, or no name for us.
    case renamed(from: String)
    /// The job's group is not in the dump.
    case groupMissing(Int)
    /// The schedule is none for us, and why.
    case scheduleRefused(String, reason: String)
    /// A route strategy that does not exist here; the usual one stands in.
    case routeUnknown(String)
    /// A block strategy that does not exist here; the usual one stands in.
    case overlapUnknown(String)
    /// A misfire strategy that does not exist here; the usual one stands in.
    case misfireUnknown(String)
    /// The job names no handler.
    case handlerMissing
    /// The job's code came along: executors run it once their own configuration lets them.
    case script
    /// The job's code is kept by xxl-job itself, in a language that is not run here.
    case glue(type: String, source: String)
    /// Jobs that would be triggered when this one has succeeded, by their numbers: the dump does not have them.
    case childrenMissing([Int])
    /// A job that would be triggered when this one has succeeded, and in the end leads back to it.
    case childCycle(String)
    /// Addresses that are told when a run fails.
    case alarmMails([String])
    /// The group's executors show a token of their own.
    case groupToken
    /// What the definition would be refused for, by field.
    case refused(field: String, reason: String)

    /// Whether the job cannot run here until somebody has seen to it; its definition is switched off then.
    var stopsTheJob: Bool {
        switch self {
        case .groupMissing, .scheduleRefused, .handlerMissing, .glue, .refused: true
        case .script, .renamed, .routeUnknown, .overlapUnknown, .misfireUnknown, .childrenMissing,
            .childCycle, .alarmMails, .groupToken:
            false
        }
    }

    /// One phrase for the table of an import.
    var words: String {
        switch self {
        case .renamed(let name): "name was '\(name)'"
        case .groupMissing(let id): "group \(id) is not in the dump"
        case .scheduleRefused(let schedule, let reason): "schedule '\(schedule)': \(reason)"
        case .routeUnknown(let route): "route \(route) does not exist here"
        case .overlapUnknown(let overlap): "block strategy \(overlap) does not exist here"
        case .misfireUnknown(let misfire): "misfire strategy \(misfire) does not exist here"
        case .handlerMissing: "no handler"
        case .script: "a script: its executors need executor.scripts.enabled"
        case .glue(let type, _): "code of type \(type) is not run here"
        case .childrenMissing(let jobs):
            "child jobs \(jobs.map(String.init).joined(separator: ", ")) are not in the dump"
        case .childCycle(let job): "child job \(job) leads back to it: left out"
        case .alarmMails(let mails): mails.count == 1 ? "1 alarm mail" : "\(mails.count) alarm mails"
        case .groupToken: "the group has a token of its own"
        case .refused(let field, let reason): "\(field) \(reason)"
        }
    }
}
