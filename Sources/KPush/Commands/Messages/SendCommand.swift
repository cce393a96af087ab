import ArgumentParser
import Groundwork

/// `kpush send`: one message to one receiver, or to a few.
struct SendCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Send a template to one receiver, or to up to 100.",
        discussion: """
            kpush send --template 2 --to 13800138000 --var code=4711 --wait

            Prints the id of each message. A receiver that is refused costs the others nothing; the exit code is 65 \
            when there is one. With --wait it goes on until each message has its final state, and the exit code is 0 \
            only when all were delivered, or sent by a supplier that tells no more.

            \(CommandExit.help)
            """
    )

    @Option(help: "The template's number.")
    var template: Int64

    @Option(help: "A receiver, or several with commas between them; may be given again.")
    var to: [String]

    @Option(help: ArgumentHelp("A value for {$name}; may be given again.", valueName: "name=value"))
    var `var`: [Assignment] = []

    @Option(help: "A key of your own, by which the messages are found again.")
    var bizId: String?

    @Flag(help: "Wait until each message has its final state.")
    var wait = false

    @Option(help: "How many seconds to wait at most.")
    var timeout = 120

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard timeout > 0 else { throw ValidationError("--timeout is above 0.") }
        let names = `var`.map(\.name)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw ValidationError("--var \(twice) is given twice.")
        }
    }

    func perform(_ api: APIClient) async throws {
        let answer = try await api.post("/api/v1/send", body)
        let sent: SendAnswer = try answer.decoded()
        show(answer) { SendText.verdicts(sent) }
        if wait {
            let settling = Settling(api: api, limit: .seconds(timeout), isQuiet: server.json)
            let messages = try await settling.messages(sent.data.compactMap(\.messageId))
            if server.json {
                for message in messages { Terminal.out(message.answer.text + "\n") }
            } else {
                Terminal.out(MessageText.table(messages.map(\.message)))
            }
            if messages.contains(where: { !$0.message.final }) {
                throw CommandError(.temporary, "some messages have no final state after \(timeout) s")
            }
            if messages.contains(where: { !$0.message.endedWell }) {
                throw ExitCode(CommandExit.notSo.rawValue)
            }
        }
        if sent.data.contains(where: { $0.messageId == nil }) { throw ExitCode(CommandExit.refused.rawValue) }
    }

    private var body: WireObject {
        var variables = WireObject()
        for variable in `var` { variables.append(variable.name, .text(variable.value)) }
        let receivers = to.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        var param: WireObject = [
            "receiver": .list(receivers.map { .text(String($0)) }), "variables": .object(variables),
        ]
        if let bizId { param.append("bizId", .text(bizId)) }
        return ["messageTemplateId": .integer(template), "messageParam": .object(param)]
    }
}

/// `name=value` on the command line.
struct Assignment: ExpressibleByArgument {
    let name: String
    let value: String

    init?(argument: String) {
        guard let sign = argument.firstIndex(of: "="), sign > argument.startIndex else { return nil }
        name = String(argument[..<sign])
        value = String(argument[argument.index(after: sign)...])
    }
}

/// `kpush recall`: takes messages back that still wait, and those that suppliers take back.
struct RecallCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "recall",
        abstract: "Take messages back: those that wait, and those that a supplier takes back.",
        discussion: """
            What waits is recalled, and what a supplier has and takes back is withdrawn. Some suppliers take back only \
            what went out in one call: name all its messages.

            Exit code 0 means that all were taken back. What still waits of a whole campaign is taken back with kpush \
            campaigns cancel.

            \(CommandExit.help)
            """
    )

    @Argument(help: "The messages' ids, as kpush send prints them.")
    var messages: [String]

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let answer = try await api.post(
            "/api/v1/recall",
            ["recallMessageIds": .list(messages.map(WireValue.text))]
        )
        let recall: RecallAnswer = try answer.decoded()
        show(answer) {
            var table = Table("MESSAGE", "RESULT", "STATE")
            for verdict in recall.data {
                let result = verdict.result.replacing("_", with: " ")
                table.add(verdict.messageId, result, verdict.stateName ?? "-")
            }
            return table.text
        }
        if recall.data.contains(where: { !["recalled", "withdrawn"].contains($0.result) }) {
            throw ExitCode(CommandExit.notSo.rawValue)
        }
    }
}

/// What became of a call, in words.
enum SendText {
    static func verdicts(_ sent: SendAnswer) -> String {
        var table = Table("RECEIVER", "MESSAGE", "VERDICT")
        for verdict in sent.data {
            table.add(verdict.receiver, verdict.messageId ?? "-", Self.verdict(verdict))
        }
        let business = sent.data.lazy.compactMap(\.businessId).first.map { "business id \($0)\n" } ?? ""
        return table.text + business
    }

    private static func verdict(_ verdict: SendVerdict) -> String {
        guard verdict.messageId == nil else { return "accepted" }
        return "refused: \(verdict.msg ?? "") (\(verdict.code ?? "-"))"
    }
}
