import Groundwork

extension JobSpec {
    /// Makes a job of what a program of xxl-job described.
    ///
    /// - Parameters:
    ///   - job: the description.
    ///   - group: the app name of its executor group.
    ///   - zone: the zone of cron expressions; there it is that of the server.
    /// - Throws: `SchedulerError.invalid` for words that nobody knows.
    init(_ job: JobDescription, group: String, zone: String) throws(SchedulerError) {
        self.init(name: job.name, group: group, handler: job.handler)
        try take(job, zone: zone)
        if let language = JobScript.Language(glueType: job.codeType) {
            // There a handler's name beside a script means nothing.
            handler = ""
            script = JobScript(
                language,
                job.codeSource.replacing("\r\n", with: "\n"),
                remark: job.codeRemark
            )
        } else if job.codeType != RunRequest.bean {
            let known = [RunRequest.bean] + JobScript.Language.allCases.map(\.glueType)
            throw .invalid([FieldFault("glueType", "must be one of \(known.joined(separator: ", "))")])
        }
    }

    /// Takes what a description says of a job; its group, its code, and all that the wire has no word for stay.
    ///
    /// - Parameters:
    ///   - job: the description.
    ///   - zone: the zone of a cron expression where the job had none.
    /// - Throws: `SchedulerError.invalid` for words that nobody knows.
    mutating func take(_ job: JobDescription, zone: String) throws(SchedulerError) {
        name = job.name
        let author = "author \(job.author)"
        summary = job.alarmMail.isEmpty ? author : "\(author), alarms to \(job.alarmMail)"
        take(type: job.scheduleType, conf: job.scheduleConf, zone: zone)
        misfire = try Self.misfire(job.misfire)
        route = try Self.word(job.route, "executorRouteStrategy")
        overlap = try Self.word(job.overlap, "executorBlockStrategy")
        if script == nil { handler = job.handler }
        params = job.params
        timeout = .seconds(job.timeout)
        retry.limit = Int(clamping: job.retries)
    }

    /// A schedule of the same type keeps what the wire has no word for, such as its zone and its calendar.
    private mutating func take(type: String, conf: String, zone: String) {
        if type == ScheduleType.none.rawValue {
            schedule = .manual
        } else if type == schedule.type {
            schedule.conf = conf
        } else {
            schedule = ScheduleText(type: type, conf: conf, zone: zone)
            // At clock changes their expressions do what Quartz does.
            if type == ScheduleType.cron.rawValue { schedule.daylight = DaylightPolicy.quartz.rawValue }
        }
    }

    private static func misfire(_ word: String) throws(SchedulerError) -> MisfirePolicy {
        switch word {
        case "DO_NOTHING": return .skip
        case "FIRE_ONCE_NOW": return .fireOnce
        default:
            throw .invalid([FieldFault("misfireStrategy", "must be DO_NOTHING or FIRE_ONCE_NOW")])
        }
    }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ text: String,
        _ field: String
    ) throws(SchedulerError) -> Word {
        guard let word = Word(rawValue: text) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid([FieldFault(field, "must be one of \(known)")])
        }
        return word
    }
}

extension FieldFault {
    /// The fault by the name that the wire has for its field.
    var onWire: String {
        let name =
            switch field {
            case "group": "jobGroup"
            case "handler": "executorHandler"
            case "params": "executorParam"
            case "timeout": "executorTimeout"
            case "retry.limit": "executorFailRetryCount"
            case "schedule.type": "scheduleType"
            case "schedule.conf": "scheduleConf"
            case "script.source": "glueSource"
            case "script.remark": "glueRemark"
            case "address": "addressList"
            default: field
            }
        return "\(name) \(reason)"
    }
}
