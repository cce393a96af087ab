import ArgumentParser
import Groundwork

/// `kpush groups`: groups of executors, where there is more to say of them than their app name.
struct GroupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups",
        abstract: "See groups of executors, and define them.",
        discussion: CommandExit.help,
        subcommands: [GroupListCommand.self, GroupApplyCommand.self]
    )
}

/// The record of a group as the API tells of it.
struct GroupAnswer: Decodable, Sendable {
    let id: Int64
    let version: Int64
    let name: String
    let title: String
    let registration: String
    let addresses: [String]
    let ownToken: Bool
    let living: [String]

    /// All records.
    ///
    /// - Throws: `APIError` when the server does not tell.
    static func all(_ api: APIClient) async throws(APIError) -> (groups: [GroupAnswer], answer: APIAnswer) {
        let answer = try await api.get("/api/v1/groups")
        return (try answer.decoded(APIPage<GroupAnswer>.self).items, answer)
    }
}

/// `kpush groups list`.
struct GroupListCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the groups that have a record, by name.",
        discussion: "The number is what xxl-job calls jobGroup."
    )

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let (groups, answer) = try await GroupAnswer.all(api)
        show(answer) {
            guard !groups.isEmpty else { return "none\n" }
            var table = Table(
                "GROUP",
                "NAME",
                "TITLE",
                "EXECUTORS",
                "LIVING",
                "TOKEN",
                right: ["GROUP", "LIVING"]
            )
            for group in groups {
                table.add(
                    "\(group.id)",
                    group.name,
                    group.title,
                    group.registration == "manual" ? group.addresses.joined(separator: ", ") : "register",
                    "\(group.living.count)",
                    group.ownToken ? "own" : "shared"
                )
            }
            return table.text
        }
    }
}

/// `kpush groups apply`.
struct GroupApplyCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Bring the records of groups in line with their definitions.",
        discussion: """
            A definition is YAML with a name, a title, and the addresses of executors that do not register by themselves, \
            as kpush jobs import writes it; a file may hold several, with --- between them. Groups that no file names, and \
            tokens, are left alone.
            """
    )

    @Argument(help: "The files; - is standard input.", completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let definitions = try GroupDefinitionFile.read(files)
        let known = try await GroupAnswer.all(api).groups
        for definition in definitions {
            let group = known.first { $0.name == definition.name }
            let answer = try await apply(definition, to: group, api)
            if server.json {
                if let answer { Terminal.out(answer.text + "\n") }
            } else {
                let done = answer == nil ? "unchanged " : group == nil ? "created   " : "updated   "
                Terminal.out("\(done) \(definition.name.printable)\n")
            }
        }
    }

    /// Makes it so.
    ///
    /// - Returns: the server's answer; nil when nothing was to be done.
    private func apply(
        _ definition: GroupDefinition,
        to group: GroupAnswer?,
        _ api: APIClient
    ) async throws(APIError) -> APIAnswer? {
        var draft = definition.draft
        guard let group else {
            draft.append("name", .text(definition.name))
            return try await api.post("/api/v1/groups", draft)
        }
        guard !definition.isTold(by: group) else { return nil }
        // Refused when somebody changed the record since it was read.
        draft.append("version", .integer(group.version))
        return try await api.put("/api/v1/groups/\(group.id)", draft)
    }
}
