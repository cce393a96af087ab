import ArgumentParser
import Foundation

/// `kpush jobs apply`.
struct JobApplyCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Bring jobs in line with their definitions.",
        discussion: """
            A definition is YAML as in jobs/*/*.yaml; a file may hold several, with --- between them. Jobs that no \
            file names are left alone, and so is a job's being on or off unless the file says it. Nothing is changed \
            when any definition makes no sense.
            """
    )

    @Argument(help: "The files; - is standard input.", completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        for change in try await JobChange.all(files, api) {
            let answer = try await change.apply(api)
            if server.json {
                if let answer { Terminal.out(answer.text + "\n") }
            } else {
                Terminal.out(try Self.line(change, answer).printable + "\n")
                Terminal.complain(change.notes)
            }
        }
    }

    private static func line(_ change: JobChange, _ answer: APIAnswer?) throws(APIError) -> String {
        guard let job: JobAnswer = try answer?.decoded() else { return "unchanged  \(change.name)" }
        let fields = change.fields.map(\.name) + (change.isToBeEnabled == nil ? [] : ["enabled"])
        return change.job == nil
            ? "created    \(change.name), job \(job.id)"
            : "updated    \(change.name): \(fields.joined(separator: ", "))"
    }
}

/// `kpush jobs plan`, which was `diff`.
struct JobPlanCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say what kpush jobs apply would change.",
        discussion:
            "Exit code 0 means nothing, 1 means something. With --json: a line for each job that differs.",
        aliases: ["diff"]
    )

    @Argument(help: "The files; - is standard input.", completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let changes = try await JobChange.all(files, api)
        for change in changes {
            if !server.json {
                Terminal.out(change.text)
                Terminal.complain(change.notes)
            } else if change.isNeeded {
                Terminal.out(change.json + "\n")
            }
        }
        if changes.contains(where: \.isNeeded) { throw ExitCode(CommandExit.notSo.rawValue) }
    }
}

/// `kpush jobs export`.
struct JobExportCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print jobs as the definitions that kpush jobs apply takes.",
        discussion: "Without JOB: all of them but those that belong to campaigns."
    )

    @Argument(help: "The jobs.")
    var jobs: [JobReference] = []

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        var found: [JobAnswer] = []
        // A campaign makes its own job; elsewhere its number means another campaign, or none.
        if jobs.isEmpty { found = try await JobAnswer.all(api).filter { $0.handler != "crowdSend" } }
        for job in jobs { found.append(try await job.find(api).job) }
        Terminal.out(try JobDefinitionText.text(found))
    }
}
