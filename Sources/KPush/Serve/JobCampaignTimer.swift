import Foundation
import Groundwork
import PushEngine
import Scheduler
import Yams

/// Fires campaigns by jobs of the scheduler: one job a campaign, made from one definition.
struct JobCampaignTimer: CampaignTimer {
    private let jobs: JobService
    private let pattern: JobSpec
    private let clock: any WallClock

    init(jobs: JobService, pattern: JobDefinition, clock: any WallClock) {
        self.jobs = jobs
        self.pattern = pattern.spec
        self.clock = clock
    }

    func check(_ schedule: CampaignSchedule) throws(CampaignFault) {
        guard schedule != .manual else { return }
        let preview: SchedulePreview
        do { preview = try jobs.preview(ScheduleText(schedule), count: 1) } catch {
            throw CampaignFault(error)
        }
        guard !preview.instants.isEmpty else { throw .invalid(field: "schedule", reason: "never comes") }
    }

    func arm(_ campaign: Campaign) async throws(CampaignFault) -> Int64 {
        var spec = pattern
        spec.name = "campaign-\(campaign.id.rawValue)"
        spec.summary = campaign.draft.name
        spec.schedule = ScheduleText(campaign.draft.schedule)
        spec.params = try text(CampaignOrder(campaign: campaign.id))
        do {
            return try await job(spec).id.rawValue
        } catch {
            throw CampaignFault(error)
        }
    }

    /// The job of a campaign, made where it is missing: a crash may have come after the job and before the campaign knew
    /// it, or another process arms the campaign at this moment.
    private func job(_ spec: JobSpec) async throws(SchedulerError) -> Job {
        let filter = JobFilter(group: spec.group, name: spec.name)
        if let known = try await jobs.list(filter, limit: 1).elements.first { return known }
        do { return try await jobs.create(spec) } catch {
            guard case .conflict = error, let other = try await jobs.list(filter, limit: 1).elements.first
            else { throw error }
            return other
        }
    }

    func setArmed(_ armed: Bool, job: Int64) async throws(CampaignFault) {
        do {
            let found = try await jobs.job(JobID(rawValue: job))
            guard found.isEnabled != armed, !armed || isAhead(found.spec.schedule) else { return }
            _ = try await jobs.setEnabled(found.id, armed)
        } catch {
            throw CampaignFault(error)
        }
    }

    /// Whether the schedule has an instant left.
    private func isAhead(_ schedule: ScheduleText) -> Bool {
        guard schedule.type != ScheduleText.manual.type else { return true }
        let preview = try? jobs.preview(schedule, from: clock.now, count: 1)
        return preview?.instants.isEmpty == false
    }

    func fire(_ job: Int64, _ order: CampaignOrder) async throws(CampaignFault) {
        let params = try text(order)
        do { _ = try await jobs.trigger(JobID(rawValue: job), params: params) } catch {
            throw CampaignFault(error)
        }
    }

    func nextInstant(of job: Int64) async throws(CampaignFault) -> Moment? {
        do {
            let job = try await jobs.job(JobID(rawValue: job))
            return job.isEnabled ? job.nextTriggerAt : nil
        } catch {
            throw CampaignFault(error)
        }
    }

    private func text(_ order: CampaignOrder) throws(CampaignFault) -> String {
        do { return String(decoding: try JSONEncoder().encode(order), as: UTF8.self) } catch {
            throw .unavailable("\(error)")
        }
    }
}

extension ScheduleText {
    /// A campaign's schedule in the scheduler's words.
    fileprivate init(_ schedule: CampaignSchedule) {
        switch schedule {
        case .manual: self = .manual
        case .once(let instant):
            self.init(type: ScheduleType.once.rawValue, conf: "\(instant.millisecondsSinceEpoch)")
        case .cron(let expression, let zone):
            self.init(type: ScheduleType.cron.rawValue, conf: expression, zone: zone)
        }
    }
}

extension CampaignFault {
    /// What the scheduler's refusal means to who steers a campaign.
    fileprivate init(_ error: SchedulerError) {
        switch error {
        case .invalid(let faults):
            self = .invalid(
                field: faults.first?.field ?? "schedule",
                reason: faults.map(\.reason).joined(separator: "; ")
            )
        case .notFound(let what): self = .notFound(what)
        case .conflict(let why): self = .conflict(why)
        case .executor(let why): self = .unavailable(why)
        case .store(let error): self = .init(error)
        }
    }
}
