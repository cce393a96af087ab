import ArgumentParser
import Foundation
import Groundwork

/// `kpush jobs`: what runs, when and where.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Define jobs, see when they run, run them, and read their logs.",
        discussion: "JOB is a job's number, its name, or GROUP/NAME.\n\n\(CommandExit.help)",
        subcommands: [
            JobListCommand.self, JobShowCommand.self, JobApplyCommand.self, JobPlanCommand.self,
            JobExportCommand.self, JobImportCommand.self, JobNextCommand.self, JobSimulateCommand.self,
            JobTriggerCommand.self, JobBackfillCommand.self, JobEnableCommand.self,
            JobDisableCommand.self, JobRunsCommand.self, JobLogsCommand.self, JobKillCommand.self,
            JobVerifyCommand.self, JobHistoryCommand.self, JobRestoreCommand.self,
        ]
    )
}

/// `kpush jobs list`.
struct JobListCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List jobs, the newest first."
    )

    @Option(help: "Only those of this executor group.")
    var group: String?

    @Option(help: "Only those with this in their name, summary or handler.")
    var text: String?

    @Option(help: "The most jobs to show, up to 500.")
    var limit = 50

    @Option(help: "Only those made before the job with this number.")
    var before: Int64?

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let answer = try await api.get(
            "/api/v1/jobs",
            [
                ("group", group), ("text", text), ("limit", String(limit)),
                ("before", before.map(String.init)),
            ]
        )
        let page: APIPage<JobAnswer> = try answer.decoded()
        show(answer) { page.items.isEmpty ? "none\n" : JobText.table(page.items) }
        page.hint()
    }
}

/// `kpush jobs show`.
struct JobShowCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a job whole.")

    @Argument(help: "The job.")
    var job: JobReference

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let (found, answer) = try await job.find(api)
        show(answer) { JobText.whole(found) }
    }
}

/// `kpush jobs next`.
struct JobNextCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Print when a job's schedule fires next.",
        discussion: "What may surprise goes to standard error. A disabled job is shown as if it were enabled."
    )

    @Argument(help: "The job.")
    var job: JobReference

    @Option(help: "How many instants to print, up to 100.")
    var count = 5

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let found = try await job.find(api).job
        let answer = try await api.get("/api/v1/jobs/\(found.id)/next", [("count", String(count))])
        let preview: PreviewAnswer = try answer.decoded()
        show(answer) { preview.instants.map { "\($0.exact)\n" }.joined() }
        if !server.json { for warning in preview.warnings { Terminal.complain("note: \(warning)\n") } }
        if !found.enabled { Terminal.complain("note: job \(found.id) is disabled\n") }
    }
}

/// `kpush jobs enable`.
struct JobEnableCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Let a job's schedule be served."
    )

    @Argument(help: "The job.")
    var job: JobReference

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let answer = try await api.post("/api/v1/jobs/\(job.find(api).job.id)/enable")
        let found: JobAnswer = try answer.decoded()
        show(answer) { "Job \(found.id) is enabled; next trigger: \(found.nextTriggerAt.local)\n" }
    }
}

/// `kpush jobs disable`.
struct JobDisableCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Stop a job's schedule; a run that is going on goes on."
    )

    @Argument(help: "The job.")
    var job: JobReference

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let answer = try await api.post("/api/v1/jobs/\(job.find(api).job.id)/disable")
        let found: JobAnswer = try answer.decoded()
        show(answer) { "Job \(found.id) is disabled.\n" }
    }
}
