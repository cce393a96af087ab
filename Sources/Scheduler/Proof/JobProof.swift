import Groundwork

/// Compares the runs of one job, as they are read in the order of their instants, with the triggers that its versions were to
/// have.
///
/// It keeps one trigger and a few instants of the runs before it, however many runs there are. Who drives it calls `advance`
/// until it is true, then `read`, for each run, and at the end `advance` to the end and `finish`.
struct JobProof {
    private(set) var counts = LedgerCounts()
    /// How often there was each kind of difference.
    private(set) var differences: [LedgerFinding.Kind: Int] = [:]
    /// The first differences.
    private(set) var findings: [LedgerFinding] = []

    private let most: Int
    private let job: JobID
    private let until: Moment
    private let limit: Duration
    private let now: Moment
    private var expected: ExpectedTriggers
    private var group: TriggerGroup?
    /// Until when triggers without runs are accounted for by what was recorded, or run, in their place.
    private var coveredUntil: Moment?
    private var isMadeUp = false
    private var busy = BusySpans()
    /// Runs that may have been held back by one that was planned after them, and spread to before them.
    private var spread: [(entry: LedgerEntry, stretch: ScheduleStretch)] = []
    private var delays: DelayProof

    /// Leaders' clocks may differ by so much: what is handed over by less before its time is not early.
    static let clockTolerance = Duration.milliseconds(250)
    /// The most triggers that one step accounts for.
    private static let stride = 10_000

    /// Begins a comparison.
    ///
    /// - Parameters:
    ///   - job: whose runs will be read.
    ///   - stretches: the versions that counted, in order.
    ///   - before: the latest trigger that a schedule made before those that will be read, and what came after it.
    ///   - until: the first instant that is not compared.
    ///   - limit: how late a run may be handed over.
    ///   - now: the present instant.
    ///   - most: how many differences are kept.
    init(
        _ job: JobID,
        _ stretches: [ScheduleStretch],
        after before: [LedgerEntry],
        until: Moment,
        limit: Duration,
        now: Moment,
        most: Int
    ) {
        self.most = most
        self.job = job
        self.until = until
        self.limit = limit
        self.now = now
        expected = ExpectedTriggers(stretches)
        delays = DelayProof(stretches)
        var groups: [TriggerGroup] = []
        for entry in before {
            if groups.last?.instant == entry.plannedAt {
                groups[groups.count - 1].add(entry)
            } else {
                groups.append(TriggerGroup(entry))
            }
        }
        for group in groups {
            for entry in group.firsts where entry.isOfSchedule { cover(entry) }
            for entry in group.entries { busy.note(entry, at: now) }
            delays.note(group)
        }
        // What the first run follows is not kept.
        if before.isEmpty, stretches.first?.isUnderWay == true { delays.noteMissing() }
    }

    /// Goes to the instant of the next run, a step at a time; true when it is there.
    mutating func advance(to instant: Moment) -> Bool {
        guard group?.instant != instant else { return true }
        closeGroup()
        return passTriggers(before: min(instant, until))
    }

    /// Reads the next run, to whose instant it has advanced.
    mutating func read(_ entry: LedgerEntry) {
        if group == nil { group = TriggerGroup(entry) } else { group?.add(entry) }
    }

    /// Ends the comparison: there are no more runs, and it has advanced to its end.
    mutating func finish() {
        closeGroup()
        for (entry, stretch) in spread { checkLateness(of: entry, stretch) }
        spread = []
        if let instant = delays.awaited, instant < until { reportLapse(at: instant) }
    }

    private mutating func reportLapse(at instant: Moment) {
        counts.expected += 1
        report(.missing, at: instant, "no run followed the end of the one before")
    }

    private mutating func closeGroup() {
        guard let group else { return }
        self.group = nil
        var stretch: ScheduleStretch?
        if let head = expected.head, head.instant == group.instant {
            stretch = head.stretch
            expected.drop()
            serve(group)
        } else if group.isOfSchedule {
            stretch = follow(group)
        } else {
            counts.asked += 1
        }
        check(group, stretch)
        for entry in group.firsts where entry.isOfSchedule { cover(entry) }
        delays.note(group)
    }

    /// Accounts for triggers of which there is no run; false when there may be more of them.
    private mutating func passTriggers(before instant: Moment) -> Bool {
        for lapse in delays.lapses(before: instant) { reportLapse(at: lapse) }
        var left = Self.stride
        while let head = expected.head, head.instant < instant {
            guard left > 0 else { return false }
            left -= 1
            expected.drop()
            counts.expected += 1
            if !isCovered(head.instant) {
                report(.missing, at: head.instant)
                if head.stretch.delay != nil { delays.noteMissing() }
            } else if isMadeUp {
                counts.madeUp += 1
            } else {
                counts.skipped += 1
            }
        }
        return true
    }

    private mutating func serve(_ group: TriggerGroup) {
        counts.expected += 1
        if group.first.isRecord { counts.skipped += 1 } else { counts.served += 1 }
        // What comes after a trigger that was planned in time is not made up for any more.
        if group.first.trigger == .schedule, isMadeUp { coveredUntil = nil }
    }

    /// A run that no calendar foresaw: right when it follows another by its fixed delay.
    private mutating func follow(_ group: TriggerGroup) -> ScheduleStretch? {
        switch delays.judge(group.instant) {
        case .follows(let stretch):
            serve(group)
            return stretch
        case .skips(let instant, let stretch):
            reportLapse(at: instant)
            serve(group)
            return stretch
        case .none where group.first.isRecord:
            // Nothing ran: it tells of a trigger of which nobody knew whether it was due.
            serve(group)
            return nil
        case .none:
            report(.unplanned, at: group.instant, run: group.first.run, "its schedule was not due")
            return nil
        }
    }

    /// Looks at how many runs there are for each part, and when they were handed over.
    private mutating func check(_ group: TriggerGroup, _ stretch: ScheduleStretch?) {
        for entry in group.doubled {
            let part = "shard \(entry.shard.index) of \(entry.shard.total), attempt \(entry.attempt)"
            report(.doubled, at: group.instant, run: entry.run, part)
        }
        if group.isOfSchedule {
            for shard in group.missingShards {
                report(.missing, at: group.instant, "shard \(shard) of \(group.first.shard.total)")
            }
        }
        checkSpread(before: group.instant)
        busy.forget(before: spread.first?.entry.plannedAt ?? group.instant)
        for entry in group.firsts {
            if let stretch, entry.trigger == .schedule { checkHandover(of: entry, stretch) }
        }
        for entry in group.entries { busy.note(entry, at: now) }
    }

    /// Looks at the runs that nothing planned at `instant` or later was handed over before.
    private mutating func checkSpread(before instant: Moment) {
        while let (entry, stretch) = spread.first, entry.plannedAt + stretch.jitter < instant {
            spread.removeFirst()
            checkLateness(of: entry, stretch)
        }
    }

    private mutating func checkHandover(of entry: LedgerEntry, _ stretch: ScheduleStretch) {
        let due = due(entry, stretch)
        if let handed = entry.dispatchedAt, due - handed > Self.clockTolerance {
            report(
                .early,
                at: entry.plannedAt,
                run: entry.run,
                "handed over \((due - handed).brief) before it was due"
            )
        } else if stretch.isSerial, stretch.jitter > .zero {
            spread.append((entry, stretch))
        } else {
            checkLateness(of: entry, stretch)
        }
    }

    private mutating func checkLateness(of entry: LedgerEntry, _ stretch: ScheduleStretch) {
        let due = due(entry, stretch)
        // What ended without being handed over says by its reason why.
        guard let handed = entry.dispatchedAt ?? (entry.endedAt == nil ? now : nil), handed - due > limit
        else {
            return
        }
        let ready = stretch.isSerial ? busy.free(from: due, shard: entry.shard.index, gap: limit) : due
        guard handed - ready > limit else { return }
        let way = entry.dispatchedAt == nil ? "not handed over for" : "handed over after"
        report(.late, at: entry.plannedAt, run: entry.run, "\(way) \((handed - due).brief)")
    }

    private func due(_ entry: LedgerEntry, _ stretch: ScheduleStretch) -> Moment {
        entry.plannedAt + TriggerPlanner.jitter(of: job, upTo: stretch.jitter, at: entry.plannedAt)
    }

    private func isCovered(_ instant: Moment) -> Bool {
        coveredUntil.map { instant <= $0 } ?? false
    }

    /// A run that stands for missed triggers accounts for all of them up to when it was planned.
    private mutating func cover(_ entry: LedgerEntry) {
        guard entry.trigger == .misfire else { return }
        let planned = entry.isRecord ? entry.endedAt : entry.dispatchedAt ?? entry.endedAt ?? now
        coveredUntil = max(coveredUntil ?? entry.plannedAt, planned ?? entry.plannedAt)
        isMadeUp = !entry.isRecord
    }

    private mutating func report(
        _ kind: LedgerFinding.Kind,
        at instant: Moment,
        run: RunID? = nil,
        _ detail: String = ""
    ) {
        differences[kind, default: 0] += 1
        if findings.count < most {
            findings.append(LedgerFinding(kind, of: job, at: instant, run: run, detail))
        }
    }
}

extension Duration {
    /// The duration to the millisecond, in seconds.
    fileprivate var brief: String {
        let milliseconds = wholeMilliseconds
        let fraction = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction) s"
    }
}
