import Foundation
import Groundwork

/// Follows one occurrence of a campaign with a bar until it is over.
struct CampaignWatch {
    let api: APIClient
    let campaign: Int64
    /// Whether to end once everything is in the suppliers' hands, without waiting for receipts.
    let untilSent: Bool
    let json: Bool

    /// How long something that is due may take to begin.
    private static let patience = Duration.seconds(300)

    /// The occurrence that is going on, or else the next one planned, once it has begun; the latest one when
    /// nothing is planned.
    ///
    /// - Throws: `CommandError` when there is none of these.
    func current() async throws -> CampaignRunAnswer {
        let found = try await look()
        if let run = found.latestRun, !isOver(run) || found.nextAt == nil { return run }
        guard found.state == "active" else {
            throw CommandError(.notSo, "campaign \(campaign) is \(found.state)")
        }
        guard found.nextAt != nil || found.cron != nil || found.at != nil else {
            throw CommandError(
                .notSo,
                "campaign \(campaign) waits to be started: kpush campaigns start \(campaign)"
            )
        }
        return try await next(after: found.latestRun?.id)
    }

    /// The first occurrence after `last`, once it has begun.
    ///
    /// - Throws: `CommandError` when it was due and does not begin.
    func next(after last: Int64?) async throws -> CampaignRunAnswer {
        let bar = ProgressBar()
        var pace = Pace()
        /// Since when nothing has been planned: from then on it is due.
        var dueSince: ContinuousClock.Instant?
        while true {
            let found = try await look()
            if let run = found.latestRun, run.id != last {
                if !json { bar.note("") }
                return run
            }
            guard found.state != "cancelled" else {
                throw CommandError(.notSo, "campaign \(campaign) is cancelled")
            }
            if let next = found.nextAt {
                dueSince = nil
                if !json { bar.note("starts in \(Self.time(until: next))") }
            } else {
                let since = dueSince ?? .now
                dueSince = since
                if !json { bar.note("due; waits for an executor") }
                guard .now - since < Self.patience else { throw isStuck }
            }
            try await pace.wait(moved: true)
        }
    }

    /// Shows how `run` goes on until it is over.
    ///
    /// - Returns: how it ended.
    func follow(_ run: CampaignRunAnswer) async throws -> CampaignRunAnswer {
        var bar = ProgressBar()
        var pace = Pace()
        var last: APIAnswer?
        while true {
            let answer = try await api.get("/api/v1/campaigns/\(campaign)/runs/\(run.id)")
            let run: CampaignRunAnswer = try answer.decoded()
            let moved = answer.bytes != last?.bytes
            last = answer
            if json {
                if moved { Terminal.out(answer.text + "\n") }
            } else {
                bar.show(run.settledShare, CampaignText.line(run))
            }
            if isOver(run) {
                if !json { bar.finish() }
                return run
            }
            try await pace.wait(moved: moved)
        }
    }

    private func look() async throws(APIError) -> CampaignAnswer {
        try await api.get("/api/v1/campaigns/\(campaign)").decoded()
    }

    private func isOver(_ run: CampaignRunAnswer) -> Bool {
        run.settled || (untilSent && run.isSent)
    }

    private var isStuck: CommandError {
        CommandError(
            .temporary,
            "campaign \(campaign) was due and has not begun: it was paused or cancelled, or no executor is there; "
                + "see kpush jobs runs campaign-\(campaign)"
        )
    }

    private static func time(until next: APIInstant) -> String {
        let seconds = max(0, Int((next.moment - SystemClock().now).inSeconds.rounded(.up)))
        if seconds >= 3_600 { return "\(seconds / 3_600) h \(seconds / 60 % 60) min" }
        return seconds >= 60 ? "\(seconds / 60) min \(seconds % 60) s" : "\(seconds) s"
    }
}
