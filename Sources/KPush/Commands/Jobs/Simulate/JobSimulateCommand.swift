import ArgumentParser
import Foundation
import Groundwork
import Scheduler

/// `kpush jobs simulate`.
struct JobSimulateCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Let the schedules of jobs run ahead, and tell what they come to.",
        discussion: """
            Counts every trigger of a span of time with the code by which the scheduler plans, and tells the busiest day \
            and hour, the seconds in which many jobs are due at once, jobs that are due while an earlier run of theirs goes \
            on, and what may surprise: clock changes, days that a calendar does not know, schedules that never fire.

            FILES are job definitions, or folders of them; then no server is asked. Without FILES: the jobs of the server, \
            each run of which is taken to last as long as those among its newest runs did on average.

            With --against the jobs are also compared with those of other definitions, as they were.
            """
    )

    @Argument(
        help: "Definitions, or folders of them. (default: the jobs of the server)",
        completion: .file(extensions: ["yaml", "yml"])
    )
    var files: [String] = []

    @Option(help: "Where to begin, in ISO 8601 or epoch milliseconds. (default: now)")
    var from: String?

    @Option(name: .customLong("for"), help: "How long from there, such as 24h or 365d; at most 3660d.")
    var span = "365d"

    @Option(help: "The zone of hours and days, and of --from without an offset.")
    var zone = "UTC"

    @Option(help: "How long a run is taken to last of which nothing is known, such as 90s.")
    var duration: String?

    @Option(
        parsing: .upToNextOption,
        help: "The definitions, or folders of them, to compare with.",
        completion: .file(extensions: ["yaml", "yml"])
    )
    var against: [String] = []

    @Flag(help: "Count jobs too that are switched off.")
    var disabled = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        _ = try rules
        _ = try bounds
        if let duration, DurationText.duration(duration) == nil {
            throw ValidationError("'\(duration)' is no period such as 90s or 5m")
        }
    }

    func run() async throws {
        // Files need neither a server nor a token.
        guard !files.isEmpty else { return try await explaining { try await askServer() } }
        try await explaining { try await simulate(try jobs(files)) }
    }

    func perform(_ api: APIClient) async throws {
        let found = try await JobAnswer.all(api)
        let durations = try await RunDurations(of: api)
        let jobs = found.filter { $0.enabled || disabled }
            .map { job in
                ForecastJob(
                    job.spec,
                    id: JobID(rawValue: job.id),
                    tick: job.nextTriggerAt?.moment,
                    duration: durations.mean(of: job.id) ?? assumed
                )
            }
        try await simulate(jobs)
    }

    private func askServer() async throws {
        let api = try server.client(environment: ProcessInfo.processInfo.environment)
        defer { api.shutdown() }
        try await perform(api)
    }

    private func simulate(_ jobs: [ForecastJob]) async throws {
        let (from, span) = try bounds
        let forecaster = Forecaster(from: from, span: span, in: try rules)
        let report: SimulationReport
        do {
            var earlier: SimulationReport.Earlier?
            if !against.isEmpty {
                let others = try self.jobs(against)
                earlier = SimulationReport.Earlier(
                    forecast: try await forecaster.forecast(others),
                    differences: try await forecaster.differences(from: others, to: jobs)
                )
            }
            report = SimulationReport(
                forecast: try await forecaster.forecast(jobs),
                earlier: earlier,
                rules: try rules
            )
        } catch let error as ScheduleError {
            throw CommandError(.refused, "a job's schedule cannot be read: \(error)")
        }
        Terminal.out(server.json ? report.json + "\n" : report.text)
    }

    private func jobs(_ paths: [String]) throws -> [ForecastJob] {
        try JobDefinitionFile.read(try DefinitionFolder.files(paths))
            .filter { $0.definition.isEnabled || disabled }
            .enumerated()
            .map { ForecastJob($1.spec, id: JobID(rawValue: Int64($0 + 1)), duration: assumed) }
    }

    private var assumed: Duration? { duration.flatMap(DurationText.duration) }

    private var rules: ZoneRules {
        get throws {
            guard let zone = ZoneRules.zone(named: zone) else {
                throw ValidationError("there is no time zone '\(self.zone)'")
            }
            return ZoneRules(of: zone)
        }
    }

    private var bounds: (from: Moment, span: Duration) {
        get throws {
            guard let span = DurationText.duration(span), span >= .seconds(1),
                span <= .seconds(3_660 * 86_400)
            else { throw ValidationError("--for must be a period from 1s to 3660d") }
            guard let from else { return (SystemClock().now, span) }
            guard let moment = InstantText.moment(from, in: try rules) else {
                throw ValidationError("'\(from)' is neither ISO 8601 nor epoch milliseconds")
            }
            return (moment, span)
        }
    }
}
