import Groundwork

/// Gathers what may surprise, each once with all jobs that it concerns.
struct SurpriseList {
    private struct Key: Hashable {
        let kind: Forecast.Surprise.Kind
        let moment: Moment?
        let sentence: String
    }

    private let from: Moment
    private let until: Moment
    private var jobs: [Key: [JobName]] = [:]

    init(from: Moment, until: Moment) {
        self.from = from
        self.until = until
    }

    /// In the order of time; first those that have none.
    var inOrder: [Forecast.Surprise] {
        jobs.map { key, names in
            Forecast.Surprise(
                kind: key.kind,
                moment: key.moment,
                sentence: key.sentence,
                jobs: Forecast.Names(names)
            )
        }
        .sorted { ($0.moment ?? .distantPast, $0.sentence) < ($1.moment ?? .distantPast, $1.sentence) }
    }

    /// Adds what is known of a walk that has not begun: whether it ever will, and the clock changes that touch it.
    mutating func addBeforehand(_ walk: ForecastWalk, _ names: [JobName]) {
        guard walk.rhythm.schedule != .none else { return }
        guard let first = walk.next else { return add(.never, nil, "never fires", names) }
        guard first < until else { return add(.notYet, first, "does not fire before", names) }
        guard case .cron(let expression, let zone, let daylight) = walk.rhythm.schedule else { return }
        let changes = ClockChanges(expression: expression, rules: ZoneRules(of: zone), daylight: daylight)
        addAll(.gap, names) { changes.nextGap(after: $0) }
        addAll(.overlap, names) { changes.nextOverlap(after: $0) }
    }

    /// Adds what turned out while the walk went on.
    mutating func addAfterwards(_ walk: ForecastWalk, _ names: [JobName]) {
        guard let doubt = walk.firstDoubt else { return }
        add(.unknownDay, doubt.moment, doubt.reason, names)
    }

    private mutating func addAll(
        _ kind: Forecast.Surprise.Kind,
        _ names: [JobName],
        _ next: (Moment) -> ClockChanges.Change?
    ) {
        var last = from
        while let change = next(last), change.moment < until {
            add(kind, change.moment, change.sentence, names)
            last = change.moment
        }
    }

    private mutating func add(
        _ kind: Forecast.Surprise.Kind,
        _ moment: Moment?,
        _ sentence: String,
        _ names: [JobName]
    ) {
        jobs[Key(kind: kind, moment: moment, sentence: sentence), default: []] += names
    }
}

extension Moment {
    /// Before everything that has a date.
    fileprivate static let distantPast = Moment(millisecondsSinceEpoch: .min)
}
