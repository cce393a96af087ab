import Foundation
import Groundwork
import HTTPTypes
import People
import PushEngine
import Scheduler

/// The form of a job: making, changing and copying one.
///
/// What was typed is checked as a call of the API is, and shown again with every fault at its field.
struct JobFormPages: PageDesk {
    let parts: ConsoleParts

    /// How many jobs and templates are proposed.
    private static let proposals = 500

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/jobs/new") { visit in
                let new = JobSpec(
                    name: "",
                    group: visit.text("group") ?? "",
                    schedule: .cron("0 0 2 * * ?", zone: visit.say.zone.identifier),
                    handler: ""
                )
                var input = JobInput(new)
                input.tick("enabled")
                return .page(try await page(input, newFrame(visit), visit))
            },
            PageRoute("/jobs/:id/copy") { visit in
                var spec = try await parts.jobs.job(visit.id()).spec
                spec.name = visit.say("job-copy-name", ["name": spec.name])
                return .page(try await page(JobInput(spec), newFrame(visit), visit))
            },
            PageRoute("/jobs/:id/edit") { visit in
                let job = try await parts.jobs.job(visit.id())
                return .page(try await page(JobInput(job.spec), frame(of: job, job.version, visit), visit))
            },
            PageRoute("/jobs/schedule") { visit in
                .part("schedule-glance", GlanceView(glance: glance(JobInput(visit.query), visit)))
            },
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/jobs/new") { visit in try await make(visit) },
            PageRoute("/jobs/:id/edit") { visit in try await change(visit) },
        ]
    }

    private func make(_ visit: Visit) async throws -> ButtonAnswer {
        let input = JobInput(visit.form)
        let (spec, faults) = input.spec(of: nil)
        let frame = newFrame(visit)
        guard visit.form["look"] == nil else {
            return ButtonAnswer(showing: try await page(input, frame, visit))
        }
        guard faults.isEmpty else { return try await again(input, frame, faults, visit) }
        try visit.known().check(spec)
        do throws(SchedulerError) {
            let job = try await parts.jobs.create(spec, isEnabled: input.isTicked("enabled"))
            return ButtonAnswer("/jobs/\(job.id)", done: "job-make")
        } catch {
            return try await again(input, frame, Self.faults(error), visit)
        }
    }

    private func change(_ visit: Visit) async throws -> ButtonAnswer {
        let input = JobInput(visit.form)
        let job = try await parts.jobs.job(visit.id())
        guard let version = Int64(visit.form["over"] ?? visit.form["version"] ?? "") else {
            throw Trouble(.badRequest, "version")
        }
        let (spec, faults) = input.spec(of: job.spec)
        let frame = frame(of: job, version, visit)
        guard visit.form["look"] == nil else {
            return ButtonAnswer(showing: try await page(input, frame, visit))
        }
        guard faults.isEmpty else { return try await again(input, frame, faults, visit) }
        try visit.known().check(spec, over: job.spec)
        do throws(SchedulerError) {
            let stored = try await parts.jobs.update(job.id, version: version, to: spec)
            return ButtonAnswer("/jobs/\(stored.id)", done: "job-edit")
        } catch {
            let now = try await parts.jobs.job(job.id)
            guard now.version != version else {
                return try await again(input, frame, Self.faults(error), visit)
            }
            var form = try await form(input, frame, visit)
            let stored = JobInput(now.spec)
            let names = JobInput(spec).differences(from: stored)
            form.show(changed: names, in: stored, version: now.version, visit.say)
            return ButtonAnswer(showing: Self.page(form, .conflict))
        }
    }

    /// What an error says about fields.
    ///
    /// - Throws: the error itself, where it is about none.
    private static func faults(_ error: SchedulerError) throws(SchedulerError) -> [FieldFault] {
        switch error {
        case .invalid(let faults): faults
        case .conflict(let why): [FieldFault("name", why)]
        case .notFound, .executor, .store: throw error
        }
    }

    private func again(
        _ input: JobInput,
        _ frame: JobForm.Frame,
        _ faults: [FieldFault],
        _ visit: Visit
    ) async throws -> ButtonAnswer {
        var form = try await form(input, frame, visit)
        form.show(faults, visit.say)
        return ButtonAnswer(showing: Self.page(form, .badRequest))
    }

    private func page(_ input: JobInput, _ frame: JobForm.Frame, _ visit: Visit) async throws -> Page {
        Self.page(try await form(input, frame, visit), .ok)
    }

    private static func page(_ form: JobForm, _ status: Page.Status) -> Page {
        var page = Page("job-form", .jobs, title: form.heading, form)
        page.status = status
        return page
    }

    private func form(_ input: JobInput, _ frame: JobForm.Frame, _ visit: Visit) async throws -> JobForm {
        let jobs = try await parts.newestJobs(Self.proposals, visit.groups)
        let templates = try await parts.templates.templates(after: nil, limit: Self.proposals)
        let supplies = JobForm.Supplies(
            groups: try await parts.groups(of: jobs, in: visit.groups),
            jobs: jobs.map { "\($0.spec.fullName)" }.sorted(),
            templates: templates.map { template in
                FormField.Option(
                    value: "\(template.id.rawValue)",
                    name: template.latest.draft.name,
                    isCurrent: false
                )
            }
        )
        return JobForm(input, frame, supplies, glance(input, visit), visit.say)
    }

    private func glance(_ input: JobInput, _ visit: Visit) -> ScheduleGlance {
        let (schedule, faults) = input.schedule()
        guard faults.isEmpty else {
            return ScheduleGlance(fault: faults.map(\.description).joined(separator: "; "))
        }
        return ScheduleGlance(schedule, by: parts.jobs, visit.say)
    }

    private func newFrame(_ visit: Visit) -> JobForm.Frame {
        JobForm.Frame(
            heading: visit.say("job-new"),
            path: "/jobs/new",
            back: "/jobs",
            backName: visit.say("nav-jobs"),
            version: nil
        )
    }

    private func frame(of job: Job, _ version: Int64, _ visit: Visit) -> JobForm.Frame {
        JobForm.Frame(
            heading: visit.say("job-edit-title", ["name": job.spec.name]),
            path: "/jobs/\(job.id)/edit",
            back: "/jobs/\(job.id)",
            backName: job.spec.name,
            version: version,
            warning: job.definition == nil ? nil : visit.say("job-from-definition")
        )
    }
}

/// The part of a page that looks ahead.
struct GlanceView: Sendable {
    let glance: ScheduleGlance
}

extension ConsoleParts {
    /// The executors that are known, of some groups.
    func executors(of groups: GroupScope) async throws -> [ExecutorInstance] {
        try await runs.executors().filter { groups.contains($0.group) }
    }

    /// So many of the newest jobs of some groups.
    func newestJobs(_ count: Int, _ groups: GroupScope) async throws -> [Job] {
        var filter = JobFilter()
        filter.permitted = groups.names
        return try await jobs.list(filter, limit: count).elements
    }

    /// Which of some executor groups are known by their executors or by these jobs, in the order of the alphabet.
    func groups(of jobs: [Job], in groups: GroupScope) async throws -> [String] {
        Set(try await executors(of: groups).map(\.group)).union(jobs.map(\.spec.group)).sorted()
    }
}
