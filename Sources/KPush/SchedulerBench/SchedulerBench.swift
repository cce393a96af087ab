import Foundation
import Groundwork
import Scheduler

/// Measures the scheduler, a row at a time.
struct SchedulerBench: Sendable {
    let data: String
    let scale: SchedulerBenchScale

    /// Measures one row; what stands in its way is told in its line.
    func measure(_ row: SchedulerBenchRow, on size: SiteSize) async -> [SchedulerBenchLine] {
        do {
            guard row != .cron else { return try CronBench().lines() }
            let folder = "\(data)/\(row.rawValue)-\(size.rawValue)"
            let site = try await SchedulerSite.open(size, data: folder, schedulers: row == .leader ? 2 : 1)
            let lines: Result<[SchedulerBenchLine], any Error>
            do { lines = .success(try await measure(row, at: site)) } catch { lines = .failure(error) }
            await site.stop()
            return try lines.get()
        } catch {
            return [
                SchedulerBenchLine(
                    row: row.rawValue,
                    size: size.rawValue,
                    what: "not measured",
                    measured: "\(error)",
                    asked: "",
                    verdict: .failed
                )
            ]
        }
    }

    private func measure(
        _ row: SchedulerBenchRow,
        at site: SchedulerSite
    ) async throws -> [SchedulerBenchLine] {
        switch row {
        case .burst: try await BurstBench(site: site, count: scale.burst).lines()
        case .lateness: try await LatenessBench(site: site, count: scale.flow, span: scale.span).lines()
        case .rate: try await RateBench(site: site, divisor: scale.divisor, span: scale.span).lines()
        case .own:
            try await OwnExecutorBench(
                site: site,
                divisor: scale.divisor,
                span: scale.span,
                folder: "\(data)/executor"
            )
            .lines()
        case .trickle: try await TrickleBench(site: site, count: scale.triggers).lines()
        case .many:
            try await ManyJobsBench(
                site: site,
                stored: scale.storedJobs,
                due: scale.few,
                span: scale.span
            )
            .lines()
        case .list: try await RunListBench(site: site, stored: scale.storedRuns).lines()
        case .verify: try await VerifyBench(site: site, stored: scale.provenRuns).lines()
        case .leader: try await LeaderBench(site: site, count: scale.few).lines()
        case .cron: []
        }
    }
}

extension JobSpec {
    /// A job for the bench's executor.
    static func bench(
        _ name: String,
        _ schedule: ScheduleText,
        misfire: MisfirePolicy = .fireOnce
    ) -> JobSpec {
        JobSpec(
            name: name,
            group: BenchExecutor.group,
            schedule: schedule,
            misfire: misfire,
            handler: "nothing"
        )
    }
}

extension ScheduleText {
    /// The cron expression that is due at a whole second, and then not for a year.
    static func cron(at instant: Moment) -> ScheduleText {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let date = Date(timeIntervalSince1970: Double(instant.secondsSinceEpoch))
        let parts = calendar.dateComponents([.month, .day, .hour, .minute, .second], from: date)
        let fields = [parts.second, parts.minute, parts.hour, parts.day, parts.month].map { "\($0 ?? 0)" }
        return ScheduleText(type: ScheduleType.cron.rawValue, conf: fields.joined(separator: " ") + " ?")
    }

    /// Each second, counted from an instant.
    static func eachSecond(from anchor: Moment) -> ScheduleText {
        ScheduleText(type: ScheduleType.fixedRate.rawValue, conf: "1s", anchor: anchor)
    }
}

extension Moment {
    /// The next whole second.
    var nextSecond: Moment { Moment(secondsSinceEpoch: secondsSinceEpoch + 1) }

    /// Waits until the host's clock shows it.
    func reached() async throws {
        let left = self - SystemClock().now
        if left > .zero { try await ContinuousClock().sleep(for: left) }
    }
}
