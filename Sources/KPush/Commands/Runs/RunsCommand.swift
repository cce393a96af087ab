import ArgumentParser
import Groundwork

/// `kpush runs`: what is kept of runs.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "See how many runs each day had, and clear runs that are over.",
        discussion: "kpush jobs runs lists them.\n\n\(CommandExit.help)",
        subcommands: [RunDaysCommand.self, RunClearCommand.self]
    )
}

/// `kpush runs days`.
struct RunDaysCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "days",
        abstract: "Print how many runs each day had, and what became of them."
    )

    @Option(help: "The first day, such as 20300115. (default: six days before the last)")
    var from: Int?

    @Option(help: "The last day. (default: today)")
    var to: Int?

    @Option(help: "Only runs of this executor group.")
    var group: String?

    @Option(help: "Only runs of this job.")
    var job: JobReference?

    @OptionGroup var server: ServerOptions

    private struct Day: Decodable {
        let day: Int
        let total: Int
        let succeeded: Int
        let failed: Int
        let skipped: Int
        let open: Int
    }

    private struct Days: Decodable {
        let items: [Day]
    }

    func perform(_ api: APIClient) async throws {
        let id = try await job?.find(api).job.id
        let answer = try await api.get(
            "/api/v1/runs/days",
            [
                ("from", from.map(String.init)), ("to", to.map(String.init)), ("group", group),
                ("job", id.map(String.init)),
            ]
        )
        let days: Days = try answer.decoded()
        show(answer) {
            var table = Table(
                "DAY",
                "RUNS",
                "SUCCEEDED",
                "FAILED",
                "SKIPPED",
                "OPEN",
                right: ["RUNS", "SUCCEEDED", "FAILED", "SKIPPED", "OPEN"]
            )
            for day in days.items {
                table.add(
                    "\(day.day)",
                    "\(day.total)",
                    "\(day.succeeded)",
                    "\(day.failed)",
                    "\(day.skipped)",
                    "\(day.open)"
                )
            }
            return table.text
        }
    }
}

/// `kpush runs clear`.
struct RunClearCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear",
        abstract: "Remove runs that are over; without --yes only tells how many.",
        discussion: """
            Runs of a trigger that is not over stay, and those that ended within the last minutes and are not counted \
            yet. The counts of kpush runs days stay. Log files stay with the executors.
            """
    )

    @Option(help: "Only runs of this job.")
    var job: JobReference?

    @Option(help: "Only runs of this executor group.")
    var group: String?

    @Option(help: "Those that ended so many days ago or more.")
    var olderThan: Int?

    @Option(help: "All but so many of the newest.")
    var keep: Int?

    @Flag(help: "Remove them.")
    var yes = false

    @OptionGroup var server: ServerOptions

    private struct Cleared: Decodable {
        let runs: Int
        let more: Bool
    }

    func validate() throws {
        guard (olderThan == nil) != (keep == nil) else {
            throw ValidationError("Say either --older-than or --keep.")
        }
        guard job == nil || group == nil else { throw ValidationError("Say either --job or --group.") }
    }

    func perform(_ api: APIClient) async throws {
        var body: WireObject = ["dryRun": .bool(!yes)]
        if let job { body.append("job", .integer(try await job.find(api).job.id)) }
        if let group { body.append("group", .text(group)) }
        if let olderThan { body.append("olderThanDays", .integer(Int64(olderThan))) }
        if let keep { body.append("keepNewest", .integer(Int64(keep))) }
        var count = 0
        var cleared: Cleared
        // The server removes a bounded number at a time.
        repeat {
            let answer = try await api.post("/api/v1/runs/clear", body)
            cleared = try answer.decoded()
            count += cleared.runs
            if server.json { show(answer) { "" } }
        } while yes && cleared.more
        guard !server.json else { return }
        let number = "\(count)\(!yes && cleared.more ? " or more" : "")"
        Terminal.out(yes ? "cleared: \(number)\n" : "would be cleared: \(number); say --yes to clear them\n")
    }
}
