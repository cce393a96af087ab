/// One field of a cron expression as the builder shows it; the page's script fills it from the text, and back.
struct CronRow: Sendable {
    /// One way in which a field can be said.
    struct Mode: Sendable {
        let name: String
        let label: String
    }

    let part: String
    let label: String
    let least: String
    let most: String
    let modes: [Mode]
    /// The days to choose from, in the numbers of the parser: 1 is Sunday.
    let days: [FormField.Option]
    let hasDays: Bool

    static func all(_ say: Voice) -> [CronRow] {
        let common = [
            Mode(name: "every", label: say("cron-every")), Mode(name: "range", label: say("cron-range")),
            Mode(name: "step", label: say("cron-step")), Mode(name: "list", label: say("cron-list")),
        ]
        let own = [Mode(name: "own", label: say("cron-own"))]
        let none = [Mode(name: "none", label: say("cron-none"))]
        let ofMonth = [
            Mode(name: "last", label: say("cron-last")),
            Mode(name: "lastWork", label: say("cron-last-work")),
            Mode(name: "near", label: say("cron-near")),
        ]
        let ofWeek = [
            Mode(name: "lastOf", label: say("cron-last-of")), Mode(name: "nth", label: say("cron-nth")),
        ]
        let days = (1...7)
            .map { day in
                FormField.Option(value: "\(day)", name: say("weekday-\(day)"), isCurrent: false)
            }
        return [
            CronRow("0", say("cron-second"), 0...59, common + own),
            CronRow("1", say("cron-minute"), 0...59, common + own),
            CronRow("2", say("cron-hour"), 0...23, common + own),
            CronRow("3", say("cron-day"), 1...31, common + ofMonth + none + own),
            CronRow("4", say("cron-month"), 1...12, common + own),
            CronRow("5", say("cron-weekday"), 1...7, common + ofWeek + none + own, days),
            CronRow("6", say("cron-year"), 1970...2199, common + own),
        ]
    }

    private init(
        _ part: String,
        _ label: String,
        _ range: ClosedRange<Int>,
        _ modes: [Mode],
        _ days: [FormField.Option] = []
    ) {
        self.part = part
        self.label = label
        least = "\(range.lowerBound)"
        most = "\(range.upperBound)"
        self.modes = modes
        self.days = days
        hasDays = !days.isEmpty
    }
}
