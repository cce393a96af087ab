import Groundwork
import Scheduler

/// What a simulation came to.
struct SimulationReport {
    /// What the jobs that it is compared with came to.
    struct Earlier {
        let forecast: Forecast
        let differences: [ScheduleDifference]
    }

    let forecast: Forecast
    /// Nil where nothing was to be compared.
    let earlier: Earlier?
    /// The zone of hours and days.
    let rules: ZoneRules

    /// How many rows of a table people are shown.
    private static let rows = 30
    /// How many names people are shown of many.
    private static let names = 4

    /// For people.
    var text: String {
        [facts, herds, overlaps, surprises, differences].compactMap(\.self).joined(separator: "\n")
    }

    private var facts: String {
        var facts = Table(indent: 0)
        let zone = rules.identifier
        facts.add("span", "\(time(forecast.from)) to \(time(forecast.until)), hours and days of \(zone)")
        facts.add("jobs", "\(forecast.scheduled) with a schedule, \(forecast.manual) without")
        facts.add("triggers", compared { "\($0.triggers)" })
        facts.add("busiest day", compared { $0.busiestDay.map { "\($0.triggers) on \($0.date)" } ?? "-" })
        facts.add(
            "busiest hour",
            compared { $0.busiestHour.map { "\($0.triggers) from \(time($0.start))" } ?? "-" }
        )
        return facts.text
    }

    /// One fact of the forecast, and what it was before where that is another.
    private func compared(_ fact: (Forecast) -> String) -> String {
        let now = fact(forecast)
        guard let was = earlier.map({ fact($0.forecast) }), was != now else { return now }
        return "\(now) (before: \(was))"
    }

    private var herds: String? {
        guard !forecast.herds.isEmpty else { return nil }
        var table = Table("TIME", "TRIGGERS", "DAYS", "FIRST", "JOBS", right: ["TRIGGERS", "DAYS"])
        for herd in forecast.herds {
            let first = time(herd.second).split(separator: "T")
            let clock = first.last.map { String($0.prefix(8)) } ?? ""
            table.add(
                clock,
                "\(herd.triggers)",
                "\(herd.times)",
                first.first.map(String.init) ?? "",
                list(herd.jobs)
            )
        }
        return "at once\n" + table.text
    }

    private var overlaps: String? {
        guard !forecast.overlaps.isEmpty else { return nil }
        var table = Table(
            "JOB",
            "OVERLAPS",
            "OF",
            "EACH TAKES",
            "WAITS UP TO",
            "FIRST",
            "POLICY",
            right: ["OVERLAPS", "OF", "EACH TAKES", "WAITS UP TO"]
        )
        for overlap in forecast.overlaps.prefix(Self.rows) {
            table.add(
                "\(overlap.job)",
                "\(overlap.count)",
                "\(overlap.triggers)",
                seconds(overlap.duration),
                overlap.longestWait > .zero ? seconds(overlap.longestWait) : "-",
                time(overlap.first),
                overlap.policy.rawValue
            )
        }
        return "due while an earlier run goes on\n" + table.text + rest(forecast.overlaps.count)
    }

    private var surprises: String? {
        guard !forecast.surprises.isEmpty else { return nil }
        var table = Table("WHEN", "WHAT", "JOBS")
        for surprise in forecast.surprises.prefix(Self.rows) {
            table.add(surprise.moment.map(time) ?? "-", surprise.sentence, list(surprise.jobs))
        }
        return "may surprise\n" + table.text + rest(forecast.surprises.count)
    }

    private var differences: String? {
        guard let differences = earlier?.differences else { return nil }
        guard !differences.isEmpty else { return "changed\nnothing: all are due as before\n" }
        var table = Table("JOB", "BEFORE", "NOW", "FIRST DIFFERENCE", right: ["BEFORE", "NOW"])
        for change in differences.prefix(Self.rows) {
            table.add(
                "\(change.job)",
                change.before.map(String.init) ?? "-",
                change.after.map(String.init) ?? "-",
                change.first.map(time) ?? "-"
            )
        }
        return "changed\n" + table.text + rest(differences.count)
    }

    private func rest(_ count: Int) -> String {
        count > Self.rows ? "and \(count - Self.rows) more; --json has all\n" : ""
    }

    private func list(_ names: Forecast.Names) -> String {
        let shown = names.first.prefix(Self.names).map(\.description).joined(separator: ", ")
        return names.count > Self.names ? "\(shown) and \(names.count - Self.names) more" : shown
    }

    func time(_ moment: Moment) -> String { InstantText.local(moment, in: rules) }

    private func seconds(_ duration: Duration) -> String {
        "\((duration.inSeconds * 10).rounded() / 10) s"
    }
}
