import ArgumentParser
import Groundwork
import Scheduler

/// `kpush jobs history`.
struct JobHistoryCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List the versions of a job, or show what changed between two of them.",
        discussion: """
            JOB may be gone if it is named by its number. With --diff: the difference between two versions as definitions, \
            or between one version and the one before it; exit code 1 means that there is some.
            """
    )

    @Argument(help: "The job.")
    var job: JobReference

    @Option(parsing: .upToNextOption, help: ArgumentHelp("One version, or two.", valueName: "VERSION"))
    var diff: [Int64] = []

    @Option(help: "The most versions to list, up to 500.")
    var limit = 50

    @Option(help: "Only those older than this version.")
    var before: Int64?

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard diff.count <= 2, diff.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("--diff takes one version or two, each a number above 0")
        }
    }

    func perform(_ api: APIClient) async throws {
        let path = "/api/v1/jobs/\(try await job.number(api))/versions"
        guard let last = diff.last else { return try await list(path, api) }
        let first = diff.count == 2 ? diff[0] : last - 1
        let text = try await Self.difference(
            Self.definition(first, path, api),
            Self.definition(last, path, api),
            names: ("version \(first)", "version \(last)")
        )
        Terminal.out(text)
        if !text.isEmpty { throw ExitCode(CommandExit.notSo.rawValue) }
    }

    private func list(_ path: String, _ api: APIClient) async throws {
        let answer = try await api.get(
            path,
            [("limit", String(limit)), ("before", before.map(String.init))]
        )
        let page: APIPage<VersionAnswer> = try answer.decoded()
        show(answer) {
            var table = Table("VERSION", "SINCE", "ON", "CHANGED", "REMARK", right: ["VERSION"])
            for version in page.items {
                table.add(
                    "\(version.version)",
                    version.since.local,
                    version.enabled ? "yes" : "no",
                    version.words,
                    version.remark ?? ""
                )
            }
            return table.text
        }
        page.hint()
    }

    private static func definition(_ number: Int64, _ path: String, _ api: APIClient) async throws -> String {
        let version: JobAnswer = try await api.get("\(path)/\(number)").decoded()
        return try JobDefinitionText.text([version])
    }

    /// What changed from one text to another, as `diff -u` writes it; empty when nothing did.
    static func difference(_ old: String, _ new: String, names: (String, String)) -> String {
        let hunks = LineDiff(from: old, to: new).hunks()
        guard !hunks.isEmpty else { return "" }
        var text = "--- \(names.0)\n+++ \(names.1)\n"
        for hunk in hunks {
            let removed = hunk.lines.count { $0.fate != .added }
            let added = hunk.lines.count { $0.fate != .removed }
            text += "@@ -\(hunk.oldStart),\(removed) +\(hunk.newStart),\(added) @@\n"
            for line in hunk.lines { text += "\(line.fate.rawValue)\(line.text)".printableLines + "\n" }
        }
        return text
    }
}

/// `kpush jobs restore`.
struct JobRestoreCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a job again what it was in an earlier version.",
        discussion:
            "That becomes a new version, checked like any change. Whether the job is enabled stays as it is."
    )

    @Argument(help: "The job.")
    var job: JobReference

    @Argument(help: "The version; see kpush jobs history.")
    var version: Int64

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let found = try await job.find(api).job
        let answer = try await api.post(
            "/api/v1/jobs/\(found.id)/versions/\(version)/restore",
            ["version": .integer(found.version)]
        )
        let restored: JobAnswer = try answer.decoded()
        show(answer) {
            "Job \(restored.id) is again what it was in version \(version); that is version \(restored.version).\n"
        }
    }
}

/// A version of a job in a list, as the API tells of it.
struct VersionAnswer: Decodable, Sendable {
    let version: Int64
    let enabled: Bool
    let since: APIInstant
    let remark: String?
    let changes: [String]?

    /// What it changed.
    var words: String {
        guard let changes else { return version == 1 ? "created" : "(oldest kept)" }
        return changes.isEmpty ? "nothing" : changes.joined(separator: ", ")
    }
}
