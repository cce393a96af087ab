import Foundation
import Groundwork
import PushEngine
import Scheduler

/// Fires campaigns through jobs of group `app`; thinner than the program's own form, which tests of its own hold.
struct BenchTimer: CampaignTimer {
    let jobs: JobService

    func check(_ schedule: CampaignSchedule) throws(CampaignFault) {
        do { _ = try jobs.preview(text(schedule), count: 1) } catch { throw fault(error) }
    }

    func arm(_ campaign: Campaign) async throws(CampaignFault) -> Int64 {
        let spec = JobSpec(
            name: "campaign-\(campaign.id.rawValue)",
            group: "app",
            schedule: text(campaign.draft.schedule),
            handler: "crowdSend",
            params: params(CampaignOrder(campaign: campaign.id))
        )
        return try await asking { () async throws(SchedulerError) in try await jobs.create(spec).id.rawValue }
    }

    func setArmed(_ armed: Bool, job: Int64) async throws(CampaignFault) {
        _ = try await asking { () async throws(SchedulerError) in
            try await jobs.setEnabled(JobID(rawValue: job), armed)
        }
    }

    func fire(_ job: Int64, _ order: CampaignOrder) async throws(CampaignFault) {
        _ = try await asking { () async throws(SchedulerError) in
            try await jobs.trigger(JobID(rawValue: job), params: params(order))
        }
    }

    func nextInstant(of job: Int64) async throws(CampaignFault) -> Moment? {
        try await asking { () async throws(SchedulerError) in
            try await jobs.job(JobID(rawValue: job)).nextTriggerAt
        }
    }

    private func text(_ schedule: CampaignSchedule) -> ScheduleText {
        switch schedule {
        case .manual: .manual
        case .once(let moment): .once(at: moment)
        case .cron(let expression, let zone): .cron(expression, zone: zone)
        }
    }

    private func params(_ order: CampaignOrder) -> String {
        guard let plannedAt = order.plannedAt else { return "{\"campaign\":\(order.campaign.rawValue)}" }
        return "{\"campaign\":\(order.campaign.rawValue),\"plannedAt\":\(plannedAt.millisecondsSinceEpoch)}"
    }

    private func asking<Result: Sendable>(
        _ access: () async throws(SchedulerError) -> Result
    ) async throws(CampaignFault) -> Result {
        do { return try await access() } catch { throw fault(error) }
    }

    private func fault(_ error: SchedulerError) -> CampaignFault {
        switch error {
        case .invalid(let faults):
            .invalid(field: faults.first?.field ?? "schedule", reason: faults.first?.reason ?? "")
        case .notFound(let what): .notFound(what)
        case .conflict(let why): .conflict(why)
        case .executor(let why): .unavailable(why)
        case .store(let error): .unavailable("\(error)")
        }
    }
}
