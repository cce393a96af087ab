import Groundwork
import HTTPTypes
import Scheduler

/// Making up for triggers of the past: first what is missing, then the button that has it run.
struct BackfillPages: PageDesk {
    let jobs: JobService

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/jobs/:id/backfill") { visit in
                .page(Page("backfill", .jobs, title: visit.say("backfill-title"), try await view(visit)))
            }
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/jobs/:id/backfill") { visit in
                let id: JobID = try visit.id()
                guard let backfill = try BackfillForm(visit).backfill(visit.say) else {
                    throw Trouble(.badRequest, "from, to")
                }
                visit.note.tell(backfill, try await jobs.backfill(id, backfill))
                return ButtonAnswer("/runs", ["job": "\(id)"], done: "job-backfill")
            }
        ]
    }

    private func view(_ visit: Visit) async throws -> BackfillView {
        let job = try await jobs.job(visit.id())
        let form = BackfillForm(visit)
        var outcome: BackfillOutcome?
        var fault: String?
        do throws(SchedulerError) {
            outcome = try await look(job.id, form, visit.say)
        } catch {
            fault = try Self.words(error)
        }
        return BackfillView(job, form, outcome, fault: fault, visit.say)
    }

    /// What is missing; nil before somebody asked.
    private func look(
        _ job: JobID,
        _ form: BackfillForm,
        _ say: Voice
    ) async throws(SchedulerError) -> BackfillOutcome? {
        guard let backfill = try form.backfill(say) else { return nil }
        return try await jobs.backfillable(job, backfill)
    }

    /// What is wrong with what was typed; other errors are passed on.
    private static func words(_ error: SchedulerError) throws(SchedulerError) -> String {
        guard case .invalid(let faults) = error else { throw error }
        return faults.map(\.description).joined(separator: "; ")
    }
}

/// What the address says is to be made up for.
struct BackfillForm: Sendable {
    let from: String
    let to: String
    let params: String
    let spacing: String

    init(_ visit: Visit) {
        from = visit.text("from") ?? ""
        to = visit.text("to") ?? ""
        params = visit.query["params"]?.replacing("\r\n", with: "\n") ?? ""
        spacing = visit.text("spacing") ?? ""
    }

    /// What is asked for; nil before somebody did.
    ///
    /// - Throws: `SchedulerError.invalid` for an instant or a number that is none.
    func backfill(_ say: Voice) throws(SchedulerError) -> Backfill? {
        guard !from.isEmpty || !to.isEmpty else { return nil }
        let rules = ZoneRules(of: say.zone)
        guard let start = InstantText.moment(from, in: rules) else {
            throw .invalid([FieldFault("from", say("not-an-instant"))])
        }
        guard let end = InstantText.moment(to, in: rules) else {
            throw .invalid([FieldFault("to", say("not-an-instant"))])
        }
        var backfill = Backfill(from: start, until: end)
        if !params.isEmpty { backfill.params = params }
        if !spacing.isEmpty {
            guard let seconds = Double(spacing), (1...86_400).contains(seconds) else {
                throw .invalid([FieldFault("spacing", "1–86400")])
            }
            backfill.spacing = .seconds(seconds)
        }
        return backfill
    }

    /// The same as a part of an address.
    var query: [String: String] {
        ["from": from, "to": to, "params": params, "spacing": spacing].filter { !$0.value.isEmpty }
    }
}

/// The page on which triggers of the past are made up for.
struct BackfillView: Sendable {
    let job: String
    let path: String
    let form: String
    let from: String
    let to: String
    let params: String
    let spacing: String
    let fault: String?
    /// What there is; nil before somebody asked.
    let found: String?
    /// How fast it would go; nil where nothing is missing.
    let pace: String?
    let instants: [Stamp]
    let more: String?
    let action: Action?

    /// How many instants are shown.
    private static let shown = 20

    init(
        _ job: Job,
        _ form: BackfillForm,
        _ outcome: BackfillOutcome?,
        fault: String?,
        _ say: Voice
    ) {
        self.job = "\(job.spec.fullName)"
        path = "/jobs/\(job.id)"
        self.form = "/jobs/\(job.id)/backfill"
        from = form.from
        to = form.to
        params = form.params
        spacing = form.spacing
        self.fault = fault
        let missing = outcome?.missing ?? []
        let count = say.number(missing.count)
        found = outcome.map { say("backfill-found", ["due": say.number($0.due), "n": count]) }
        pace = outcome.flatMap { outcome in
            outcome.lastDue.map { last in
                say(
                    "backfill-until",
                    ["span": say.duration(outcome.spacing), "time": say.stamp(last).text]
                )
            }
        }
        instants = missing.prefix(Self.shown).map { say.stamp($0) }
        more = missing.count > Self.shown ? "+ \(say.number(missing.count - Self.shown))" : nil
        action =
            missing.isEmpty
            ? nil
            : Action(
                "\(self.form)" + Visit.text(form.query),
                say("backfill-now"),
                .good,
                question: say("backfill-question", ["n": count])
            )
    }
}
