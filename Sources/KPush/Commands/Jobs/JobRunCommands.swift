import ArgumentParser
import Foundation
import Groundwork

/// `kpush jobs trigger`.
struct JobTriggerCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger",
        abstract: "Run a job now, enabled or not.",
        discussion:
            "Prints the runs that were made. With --follow their logs are shown, and the exit code is 0 only "
            + "when all succeed."
    )

    @Argument(help: "The job.")
    var job: JobReference

    @Option(help: "Parameters for these runs, instead of the job's own.")
    var params: String?

    @Option(help: "The address of the only executor that may have the run, one of the job's group.")
    var address: String?

    @Flag(help: "Show the logs until the runs end.")
    var follow = false

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let id = try await job.find(api).job.id
        var body = WireObject()
        if let params { body.append("params", .text(params)) }
        if let address { body.append("address", .text(address)) }
        let answer = try await api.post("/api/v1/jobs/\(id)/trigger", body)
        let runs = try answer.decoded(RunsAnswer.self).items
        show(answer) { runs.map { "run \($0.id)\n" }.joined() }
        guard follow else { return }
        var hasFailed = false
        for run in runs {
            let log = RunLogFollower(api: api, run: run.id, from: 1, json: server.json)
            hasFailed = try await log.follow().outcome != "succeeded" || hasFailed
        }
        if hasFailed { throw ExitCode(CommandExit.notSo.rawValue) }
    }
}

/// `kpush jobs runs`.
struct JobRunsCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "List runs, the newest first."
    )

    @Argument(help: "The job. (default: all jobs)")
    var job: JobReference?

    @Option(help: "Only those in this state: planned, dispatching, running or ended.")
    var state: String?

    @Option(help: "Only those that ended like this, such as completed or handler_failed.")
    var reason: String?

    @Option(help: "The most runs to show, up to 500.")
    var limit = 20

    @Option(help: "Only those before the run with this number.")
    var before: Int64?

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let id = try await job?.find(api).job.id
        let answer = try await api.get(
            "/api/v1/runs",
            [
                ("job", id.map(String.init)), ("state", state), ("reason", reason), ("limit", String(limit)),
                ("before", before.map(String.init)),
            ]
        )
        let page: APIPage<RunAnswer> = try answer.decoded()
        show(answer) { page.items.isEmpty ? "none\n" : JobText.table(page.items) }
        page.hint()
    }
}

/// `kpush jobs logs`.
struct JobLogsCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print the log of a run.",
        discussion: """
            The log goes to standard output, how the run ended to standard error. With --follow it goes on until the \
            run ends, and the exit code is 0 only when the run succeeded. With --json: the server's pages, a line each.
            """
    )

    @Argument(help: "The run's number, as kpush jobs runs shows it.")
    var run: Int64

    @Flag(help: "Go on until the run ends.")
    var follow = false

    @Option(help: "The first line to print.")
    var from: Int64 = 1

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let log = RunLogFollower(api: api, run: run, from: from, json: server.json)
        guard follow else { return try await log.printAll() }
        let ended = try await log.follow()
        if ended.outcome != "succeeded" { throw ExitCode(CommandExit.notSo.rawValue) }
    }
}

/// `kpush jobs kill`.
struct JobKillCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill",
        abstract: "End a run, and every other open run of its job on that executor."
    )

    @Argument(help: "The run's number.")
    var run: Int64

    @OptionGroup var server: ServerOptions

    private struct Kill: Decodable {
        let result: String
        let runs: [Int64]
        let message: String?
    }

    func perform(_ api: APIClient) async throws {
        let answer = try await api.post("/api/v1/runs/\(run)/kill")
        let kill: Kill = try answer.decoded()
        show(answer) {
            switch kill.result {
            case "ended": "ended: \(kill.runs.map { "run \($0)" }.joined(separator: ", "))\n"
            case "already_ended": "run \(run) had ended already\n"
            default:
                "asked; the executor has not confirmed\(kill.message.map { ": \($0.printable)" } ?? "")\n"
            }
        }
    }
}
