import Groundwork
import PushEngine

/// Messages, for whoever is asked whether 138… got it, and if not, why.
struct MessagePages: PageDesk {
    let parts: ConsoleParts

    private static let pageSize = 50

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/messages") { visit in
                .page(Page("messages", .messages, title: visit.say("nav-messages"), try await list(visit)))
            },
            PageRoute("/messages/:id") { visit in
                let detail = try await detail(visit)
                let title = visit.say("message-title", ["n": detail.number])
                return .page(Page("message", .messages, title: title, detail))
            },
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/messages/:id/recall") { visit in
                let text = visit.part("id")
                guard let id = MessageID(text) else { throw Trouble.notFound(text) }
                let verdict = try await parts.recall.recall([id.description]).first
                return ButtonAnswer("/messages/\(id)", done: Self.word(for: verdict?.result))
            }
        ]
    }

    /// The word that tells what came of taking back.
    private static func word(for result: RecallVerdict.Result?) -> String {
        switch result {
        case .recalled: "recalled"
        case .withdrawn: "withdrawn"
        case .notSupported, .sharedCall, .unanswered: "recall-\(result?.rawValue ?? "")"
        case .tooLate, .notFound, nil: "not-recalled"
        }
    }

    private func list(_ visit: Visit) async throws -> MessageList {
        let search = MessageSearch(visit)
        let before = visit.number("before").map { MessageID(rawValue: $0) }
        var found: [MessageRecord] = []
        for filter in search.filters {
            found += try await parts.records.records(
                filter,
                state: search.state,
                before: before,
                limit: Self.pageSize
            )
        }
        var seen: Set<MessageID> = []
        let newest = found.sorted { $0.id.rawValue > $1.id.rawValue }.filter { seen.insert($0.id).inserted }
        let shown = Array(newest.prefix(Self.pageSize))
        let names = try await Names(shown, parts)
        let isFull = shown.count == Self.pageSize
        return MessageList(
            search: search,
            messages: shown.map { MessageRow($0, names, visit.say) },
            older: isFull ? shown.last.map { visit.address(with: "before", $0.id.description) } : nil,
            keptDays: parts.retention.messageDays,
            visit.say
        )
    }

    private func detail(_ visit: Visit) async throws -> MessageDetail {
        let text = visit.part("id")
        guard let id = MessageID(text),
            let record = try await parts.records.records(.message(id), state: nil, before: nil, limit: 1)
                .first,
            let story = try await parts.records.story(of: id)
        else { throw Trouble.notFound(visit.say("message-title", ["n": text])) }
        var campaign: Fact?
        if let run = record.campaignRun, let found = try await parts.campaignRuns.campaignRun(run) {
            let name = try await parts.campaigns.campaign(found.campaign).draft.name
            let path = "/campaigns/\(found.campaign.rawValue)?run=\(run.rawValue)"
            campaign = Fact(visit.say("campaign"), name, path: path)
        }
        return MessageDetail(
            record,
            story,
            try await Names([record], parts),
            campaign: campaign,
            mayBeTakenBack: try await parts.recall.mayTakeBack(record),
            visit.say
        )
    }
}

/// What templates and accounts are called.
struct Names: Sendable {
    private var templates: [TemplateID: String] = [:]
    private var accounts: [AccountID: String] = [:]

    init(_ records: [MessageRecord], _ parts: ConsoleParts) async throws {
        for id in Set(records.map(\.template)) {
            templates[id] = try await parts.templates.template(id)?.latest.draft.name
        }
        for account in try await parts.accounts.accounts() { accounts[account.id] = account.name }
    }

    func name(_ id: TemplateID) -> String { templates[id] ?? "\(id.rawValue)" }

    func name(_ id: AccountID) -> String { accounts[id] ?? "\(id.rawValue)" }
}

/// What somebody wants to find, read from an address.
struct MessageSearch: Sendable {
    let typed: String
    let filters: [RecordFilter]
    /// What was looked for, in words.
    let tried: [Fact]
    let state: DeliveryState?
    /// The rest of the address that the form must keep.
    let run: String?

    init(_ visit: Visit) {
        typed = visit.text("q") ?? ""
        state = visit.text("state").flatMap { name in DeliveryState.allCases.first { $0.name == name } }
        run = visit.number("run").map { "\($0)" }
        var filters: [RecordFilter] = []
        var tried: [Fact] = []
        if !typed.isEmpty {
            if let phone = try? PhoneNumber(typed) {
                filters.append(.recipient(phone.e164))
                tried.append(Fact(visit.say("search-phone"), typed))
            }
            if let id = MessageID(typed) {
                filters.append(.message(id))
                tried.append(Fact(visit.say("search-message"), typed))
            }
            filters.append(.bizID(typed))
            tried.append(Fact(visit.say("search-biz"), typed))
        } else if let run = visit.number("run") {
            filters.append(.campaignRun(CampaignRunID(rawValue: run)))
            tried.append(Fact(visit.say("search-run"), "\(run)"))
        } else if let template = visit.number("template") {
            filters.append(.template(TemplateID(rawValue: template)))
            tried.append(Fact(visit.say("search-template"), "\(template)"))
        }
        if let state, !filters.isEmpty {
            tried.append(Fact(visit.say("search-state"), visit.say("state-\(state.name)")))
        }
        self.filters = filters
        self.tried = tried
    }
}
