import ArgumentParser
import PushEngine

/// `kpush messages`: what became of messages, and why.
struct MessagesCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "messages",
        abstract: "Look messages up, with all that happened to them.",
        discussion: """
            kpush messages --recipient 13800138000 --trace

            Takes one of --recipient, --id, --biz-id, --template and --campaign-run. The newest come first. With \
            --json and --trace there is one line for each message and one for its trace.

            \(CommandExit.help)
            """
    )

    @Option(help: "The receiver, in any spelling.")
    var recipient: String?

    @Option(help: "The message's id.")
    var id: String?

    @Option(help: "The key that the sender gave.")
    var bizId: String?

    @Option(help: "The template's number.")
    var template: Int64?

    @Option(help: "The occurrence of a campaign, as kpush campaigns show names it.")
    var campaignRun: Int64?

    @Option(help: "Only those in this state, such as delivered or held.")
    var state: DeliveryState?

    @Option(help: "The most messages to show, up to 500.")
    var limit = 20

    @Option(help: "Only those older than the message with this id.")
    var before: String?

    @Flag(help: "Show each message whole, with all that happened to it.")
    var trace = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        let keys = [recipient, id, bizId, template.map(String.init), campaignRun.map(String.init)]
        guard keys.count(where: { $0 != nil }) == 1 else {
            throw ValidationError("Give one of --recipient, --id, --biz-id, --template and --campaign-run.")
        }
        guard (1...500).contains(limit) else { throw ValidationError("--limit is from 1 to 500.") }
    }

    func perform(_ api: APIClient) async throws {
        if let id {
            let answer = try await api.get("/api/v1/messages/\(APIClient.escaped(id))")
            return try await show(answer, [try answer.decoded()], nil, api)
        }
        let answer = try await api.get("/api/v1/messages", query)
        let page: APIPage<MessageAnswer> = try answer.decoded()
        try await show(answer, page.items, page, api)
    }

    private var query: [(String, String?)] {
        [
            ("receiver", recipient), ("bizId", bizId), ("messageTemplateId", template.map(String.init)),
            ("campaignRun", campaignRun.map(String.init)), ("state", state.map { String($0.rawValue) }),
            ("before", before), ("limit", String(limit)),
        ]
    }

    private func show(
        _ answer: APIAnswer,
        _ messages: [MessageAnswer],
        _ page: APIPage<MessageAnswer>?,
        _ api: APIClient
    ) async throws {
        if server.json { Terminal.out(answer.text + "\n") }
        guard trace || id != nil else {
            if !server.json { Terminal.out(messages.isEmpty ? "none\n" : MessageText.table(messages)) }
            page?.hint()
            return
        }
        for (index, message) in messages.enumerated() {
            let path = "/api/v1/messages/\(APIClient.escaped(message.messageId))/trace"
            let answer = try await api.get(path)
            if server.json {
                if trace { Terminal.out(answer.text + "\n") }
            } else {
                let events: APIPage<TraceEventAnswer> = try answer.decoded()
                Terminal.out((index > 0 ? "\n" : "") + MessageText.story(message, events.items))
            }
        }
        if messages.isEmpty, !server.json { Terminal.out("none\n") }
        page?.hint()
    }
}

extension DeliveryState: ExpressibleByArgument {
    /// Reads the state's word or its number.
    public init?(argument: String) {
        guard let state = Self.allCases.first(where: { $0.name == argument || "\($0.rawValue)" == argument })
        else { return nil }
        self = state
    }

    /// The words, for whoever gave none of them.
    public static var allValueStrings: [String] { allCases.map(\.name) }
}
