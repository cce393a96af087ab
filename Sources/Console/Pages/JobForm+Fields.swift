import Groundwork
import Scheduler

/// The fields of the form that are one text or one choice each.
extension JobForm {
    static func about(_ input: JobInput, _ say: Voice) -> [FormField] {
        [
            FormField("name", say("job-name"), in: input, note: say("job-name-hint")).needed,
            FormField("group", say("group"), in: input, note: say("group-hint")).needed
                .proposing("known-groups"),
            FormField("summary", say("job-summary"), in: input).wide,
        ]
    }

    static func schedule(_ input: JobInput, _ say: Voice) -> [FormField] {
        let types = ScheduleType.allCases.map { ($0.rawValue, say("schedule-type-\($0.rawValue)")) }
        let policies = DaylightPolicy.allCases.map { ($0.rawValue, say("daylight-\($0.rawValue)")) }
        return [
            FormField("schedule.type", say("schedule-type"), among: types, in: input),
            FormField("schedule.conf", say("schedule-conf"), in: input, note: say("schedule-conf-hint")),
            FormField("schedule.zone", say("zone"), in: input, note: say("zone-hint"))
                .proposing("known-zones"),
            FormField(
                "schedule.daylight",
                say("daylight"),
                among: policies,
                in: input,
                note: say("daylight-hint")
            ),
        ]
    }

    static func limits(_ input: JobInput, _ say: Voice) -> [FormField] {
        var calendars =
            [("", say("calendar-none"))] + JobCalendar.builtIn.map { ($0.name, $0.name) }
        // One of the job's own is kept or given up here; its days are changed where they are defined.
        let own = input.text("schedule.calendar")
        if case .own(let calendar)? = try? CalendarChoice(formText: own) {
            calendars.append((own, calendar.name))
        }
        return [
            FormField("schedule.calendar", say("calendar"), among: calendars, in: input),
            FormField("schedule.except", say("except"), in: input, note: say("except-hint")),
            FormField("schedule.from", say("from"), in: input, note: say("from-hint")),
            FormField("schedule.until", say("until"), in: input),
            FormField("schedule.jitter", say("jitter"), .number, in: input, note: say("jitter-hint")),
        ]
    }

    static func work(_ input: JobInput, _ say: Voice) -> [FormField] {
        let routes = RouteStrategy.allCases.map { ($0.rawValue, say("route-\($0.rawValue)")) }
        let overlaps = BlockStrategy.allCases.map { ($0.rawValue, say("overlap-\($0.rawValue)")) }
        let misfires = MisfirePolicy.allCases.map { ($0.rawValue, say("misfire-\($0.rawValue)")) }
        return [
            FormField("handler", say("handler"), in: input, note: say("handler-hint")),
            FormField("timeout", say("timeout"), .number, in: input, note: say("timeout-hint")),
            FormField("params", say("params"), .area, in: input, note: say("params-hint")).wide,
            FormField("route", say("route"), among: routes, in: input),
            FormField("hashKey", say("hash-key"), in: input, note: say("hash-key-hint")),
            FormField("overlap", say("overlap"), among: overlaps, in: input, note: say("overlap-hint")),
            FormField("misfire", say("misfire"), among: misfires, in: input, note: say("misfire-hint")),
            FormField("keep", say("keep-days"), .number, in: input, note: say("keep-days-hint")),
            FormField(
                "lateness.target",
                say("late-target"),
                .number,
                in: input,
                note: say("late-target-hint")
            ),
            FormField(
                "lateness.percent",
                say("late-percent"),
                .number,
                in: input,
                note: say("late-percent-hint")
            ),
        ]
    }

    static func script(_ input: JobInput, _ say: Voice) -> [FormField] {
        let languages =
            [("", say("script-none"))]
            + JobScript.Language.allCases.map { ($0.rawValue, say("script-\($0.rawValue)")) }
        return [
            FormField("script.language", say("script-language"), among: languages, in: input),
            FormField("script.remark", say("script-remark"), in: input, note: say("script-remark-hint")),
            FormField("script.source", say("script"), .area, in: input, note: say("script-hint")).code,
        ]
    }

    static func retry(_ input: JobInput, _ say: Voice) -> [FormField] {
        [
            FormField("retry.limit", say("retry-limit"), .number, in: input, note: say("retry-limit-hint")),
            FormField("retry.first", say("retry-first"), .number, in: input),
            FormField("retry.ceiling", say("retry-ceiling"), .number, in: input),
            FormField("retry.factor", say("retry-factor"), .number, in: input),
            FormField("retry.jitter", say("retry-jitter"), .number, in: input),
        ]
    }
}
