import Groundwork
import HTTPTypes
import Hummingbird
import People
import Scheduler

/// The scheduler's jobs: what should run, when and where.
struct JobRoutes {
    let jobs: JobService
    let keyed: KeyedCalls

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/jobs", list)
        api.route(.post, "api/v1/jobs", keyed.once(create))
        api.route(.get, "api/v1/jobs/:id") { call in Answer(try await jobs.job(call.id()).json) }
        api.route(.put, "api/v1/jobs/:id", keyed.once(update))
        api.route(.delete, "api/v1/jobs/:id") { call in
            try await jobs.remove(call.id())
            return NoContent()
        }
        api.route(
            .post,
            "api/v1/jobs/:id/enable",
            keyed.once { call in Answer(try await jobs.setEnabled(call.id(), true).json) }
        )
        api.route(
            .post,
            "api/v1/jobs/:id/disable",
            keyed.once { call in Answer(try await jobs.setEnabled(call.id(), false).json) }
        )
        api.route(.post, "api/v1/jobs/:id/trigger", keyed.once(trigger))
        api.route(.post, "api/v1/jobs/:id/backfill", keyed.once(backfill))
        api.route(.get, "api/v1/jobs/:id/next", next)
        api.route(.post, "api/v1/schedules/preview", preview)
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        var (filter, before, limit) = try call.query { query in
            (
                JobFilter(
                    group: try query.optional("group"),
                    name: try query.optional("name"),
                    text: try query.optional("text"),
                    isEnabled: try query.optional("enabled")
                ),
                try query.optional("before") as JobID?,
                try query.limit()
            )
        }
        filter.permitted = try call.caller.groups.names
        let page = try await jobs.list(filter, after: before, limit: limit)
        return .page(page.elements.map(\.json), next: .id(page.next))
    }

    @Sendable private func create(_ call: Call) async throws -> Answer {
        let (spec, isEnabled) = try await call.body { body in
            (try JobSpec(&body), try body.optional("enabled") ?? true)
        }
        try call.caller.check(spec)
        let job = try await jobs.create(spec, isEnabled: isEnabled)
        return .created(try jobs.saved(job), at: "/api/v1/jobs/\(job.id)")
    }

    @Sendable private func update(_ call: Call) async throws -> Answer {
        let (version, spec) = try await call.body { body in
            (try body.required("version") as Int64, try JobSpec(&body))
        }
        let id: JobID = try call.id()
        try call.caller.check(spec, over: try await jobs.job(id).spec)
        return Answer(try jobs.saved(try await jobs.update(id, version: version, to: spec)))
    }

    @Sendable private func trigger(_ call: Call) async throws -> Answer {
        let (params, address) = try await call.bodyIfAny { body in
            (try body.optional("params") as String?, try body.optional("address") as String?)
        }
        let runs = try await jobs.trigger(
            call.id(),
            params: params,
            at: address,
            by: .api,
            key: call.idempotencyKey
        )
        call.context.note.tell(runs)
        return Answer(["items": .objects(runs.map(\.json))], status: .accepted)
    }

    @Sendable private func backfill(_ call: Call) async throws -> Answer {
        let (backfill, isTrial) = try await call.body { body in
            let backfill = Backfill(
                from: try body.required("from"),
                until: try body.required("to"),
                params: try body.optional("params"),
                spacing: try body.duration("spacing", in: 1...86_400)
            )
            return (backfill, try body.optional("dryRun") ?? false)
        }
        guard !isTrial else {
            call.context.note.drop()
            return Answer(try await jobs.backfillable(call.id(), backfill).json)
        }
        let outcome = try await jobs.backfill(call.id(), backfill)
        call.context.note.tell(backfill, outcome)
        return Answer(outcome.json, status: .accepted)
    }

    @Sendable private func next(_ call: Call) async throws -> Answer {
        let count = try call.query { query in try query.optional("count", in: 1...100) ?? 5 }
        let job = try await jobs.job(call.id())
        return Answer(try jobs.preview(job.spec.schedule, count: count).json)
    }

    @Sendable private func preview(_ call: Call) async throws -> Answer {
        let (schedule, from, count) = try await call.body { body in
            (
                try ScheduleText(&body),
                try body.optional("from") as Moment?,
                try body.optional("count", in: 1...100) ?? 5
            )
        }
        return Answer(try jobs.preview(schedule, from: from, count: count).json)
    }
}

extension JobSpec {
    /// Reads what an operator may decide; what makes sense is the service's business.
    fileprivate init(_ body: inout Input) throws {
        let schedule = try body.object("schedule") { try ScheduleText(&$0) } ?? .manual
        let script = try body.object("script") { try JobScript(&$0) }
        self.init(
            name: try body.required("name"),
            group: try body.required("group"),
            summary: try body.optional("summary") ?? "",
            schedule: schedule,
            misfire: try body.optional("misfire") ?? .usual(for: schedule),
            overlap: try body.optional("overlap") ?? .serial,
            route: try body.optional("route") ?? .round,
            handler: try script == nil ? body.required("handler") : body.optional("handler") ?? "",
            script: script,
            params: try body.optional("params") ?? "",
            timeout: try body.duration("timeout") ?? .zero,
            retry: try body.object("retry", Self.retry) ?? .never
        )
        children = (try body.objects("children") { try ChildJob(&$0) } ?? []).map { $0.within(group) }
        alarm = try body.object("alarm") { try AlarmPolicy(&$0) }
        lateness = try body.object("lateness") { target in
            LatenessTarget(
                try target.duration("target") ?? .zero,
                percent: try target.optional("percent") ?? LatenessTarget.usualPercent
            )
        }
        hashKey = try body.optional("hashKey")
        keep = try body.optional("keepDays", in: 1.0...3_650).flatMap { Duration(written: $0 * 86_400) }
    }

    private static func retry(_ input: inout Input) throws -> RetryPolicy {
        let usual = RetryPolicy.usualBackoff
        let backoff = try input.object("backoff") { backoff in
            Backoff(
                first: try backoff.duration("first") ?? usual.first,
                ceiling: try backoff.duration("ceiling") ?? usual.ceiling,
                factor: try backoff.optional("factor", in: 1...100) ?? usual.factor,
                jitter: try backoff.optional("jitter", in: 0...1) ?? usual.jitter
            )
        }
        let reasons = try input.values("reasons") as [RunReason]?
        return RetryPolicy(
            limit: try input.required("limit"),
            backoff: backoff ?? usual,
            reasons: reasons.map(Set.init)
        )
    }
}

extension JobScript {
    fileprivate init(_ input: inout Input) throws {
        self.init(
            try input.required("language"),
            try input.required("source"),
            remark: try input.optional("remark") ?? ""
        )
    }
}

extension AlarmPolicy {
    fileprivate init(_ input: inout Input) throws {
        let targets = try input.objects("to") { target in
            AlarmTarget(
                template: try target.required("template"),
                receivers: try target.values("receivers") ?? []
            )
        }
        self.init(
            targets ?? [],
            window: try input.duration("window") ?? Self.usualWindow,
            tellsRecovery: try input.optional("recovery") ?? true
        )
    }
}

extension ChildJob {
    fileprivate init(_ input: inout Input) throws {
        self.init(
            JobName(try input.required("job")),
            on: try input.optional("when") ?? .success,
            params: try input.optional("params") ?? .own,
            isPerShard: try input.optional("perShard") ?? false
        )
    }
}

extension ScheduleText {
    fileprivate init(_ input: inout Input) throws {
        self.init(
            type: try input.required("type"),
            conf: try input.optional("conf") ?? "",
            zone: try input.optional("zone") ?? "UTC",
            daylight: try input.optional("daylight") ?? DaylightPolicy.vixie.rawValue,
            limits: ScheduleLimits(
                calendar: try CalendarChoice.read(&input),
                except: try input.values("except") ?? [],
                from: try input.optional("from"),
                until: try input.optional("until"),
                jitter: try input.duration("jitter", in: 0...86_400) ?? .zero
            )
        )
    }
}

extension Input {
    /// The duration under `name`, in seconds and to the nearest millisecond; nil when it is missing or null.
    fileprivate mutating func duration(
        _ name: String,
        in range: ClosedRange<Double> = 0...1e9
    ) throws(InputFault) -> Duration? {
        try optional(name, in: range).flatMap(Duration.init(written:))
    }
}
