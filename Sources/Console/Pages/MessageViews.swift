import Groundwork
import PushEngine

/// What a search found.
struct MessageList: Sendable {
    let typed: String
    let tried: [Fact]
    let isSearch: Bool
    let isEmpty: Bool
    let messages: [MessageRow]
    let older: String?
    /// What is said when there are none.
    let none: String

    init(
        search: MessageSearch,
        messages: [MessageRow],
        older: String?,
        keptDays: Int,
        _ say: Voice
    ) {
        typed = search.typed
        tried = search.tried
        isSearch = !search.filters.isEmpty
        isEmpty = messages.isEmpty
        self.messages = messages
        self.older = older
        none = say("messages-none", ["n": "\(keptDays)"])
    }
}

/// A message in the list.
struct MessageRow: Sendable {
    let path: String
    let number: String
    let recipient: String
    let template: String
    let content: String
    let chip: Chip
    let account: String?
    let code: String?
    let accepted: Stamp
    let changed: Stamp

    init(_ record: MessageRecord, _ names: Names, _ say: Voice) {
        path = "/messages/\(record.id)"
        number = record.id.description
        recipient = record.maskedRecipient
        template = names.name(record.template)
        content = record.content
        chip = Chip(record.state, say)
        account = record.account.map { names.name($0) }
        code = record.code.flatMap { $0.isEmpty ? nil : $0 }
        accepted = say.stamp(record.acceptedAt)
        changed = say.stamp(record.changedAt)
    }
}

/// One message and its story.
struct MessageDetail: Sendable {
    /// One thing that happened.
    struct Step: Sendable {
        let at: Stamp
        let after: String?
        let title: String
        let tone: String
        let chip: Chip
        let account: String?
        let detail: String?
    }

    let number: String
    let recipient: String
    let chip: Chip
    let content: String
    let facts: [Fact]
    let steps: [Step]
    /// What is still to come; nil when the state is the last.
    let open: String?
    let actions: [Action]

    init(
        _ record: MessageRecord,
        _ story: [TraceEvent],
        _ names: Names,
        campaign: Fact?,
        mayBeTakenBack: Bool,
        _ say: Voice
    ) {
        let row = MessageRow(record, names, say)
        number = row.number
        recipient = row.recipient
        chip = row.chip
        content = row.content
        facts = Self.facts(record, row, campaign, say)
        var last: Moment?
        steps = story.map { event in
            let after = last.map { say("after", ["span": say.duration(event.at - $0)]) }
            last = event.at
            return Step(event, after: after, names, say)
        }
        open = record.state.isFinal ? nil : say("open-\(record.state.name)")
        actions =
            mayBeTakenBack
            ? [
                Action(
                    "\(row.path)/recall",
                    say("recall"),
                    .bad,
                    question: say("recall-question"),
                    effect: say(record.state.isTaken ? "recall-effect-taken" : "recall-effect")
                )
            ] : []
    }

    private static func facts(
        _ record: MessageRecord,
        _ row: MessageRow,
        _ campaign: Fact?,
        _ say: Voice
    ) -> [Fact] {
        var facts = [
            Fact(
                say("template"),
                say("template-version", ["name": row.template, "n": "\(record.templateVersion)"]),
                path: "/templates/\(record.template.rawValue)"
            ),
            Fact(say("lane"), record.lane.name),
        ]
        if let campaign { facts.append(campaign) }
        if record.row > 0 { facts.append(Fact(say("row"), say.number(record.row))) }
        if let bizID = record.bizID { facts.append(Fact(say("biz-id"), bizID)) }
        if let account = row.account { facts.append(Fact(say("account"), account)) }
        if let reference = record.reference { facts.append(Fact(say("reference"), reference)) }
        if record.charge > 0 { facts.append(Fact(say("charge"), say.number(record.charge))) }
        if let code = row.code { facts.append(Fact(say("code"), code)) }
        return facts
    }
}

extension MessageDetail.Step {
    init(_ event: TraceEvent, after: String?, _ names: Names, _ say: Voice) {
        at = say.stamp(event.at)
        self.after = after
        title = say("stage-\(event.stage.rawValue)")
        chip = Chip(event.state, say)
        tone = chip.tone
        account = event.account.map { names.name($0) }
        detail = event.detail.isEmpty ? nil : say.detail(event.detail)
    }
}

extension MessageRecord {
    /// The recipient as lists may show it.
    var maskedRecipient: String { recipient.maskedAddress }
}

extension String {
    /// An address without its middle, which is nobody's business.
    var maskedAddress: String {
        if let phone = try? PhoneNumber(self) { return phone.description }
        return count > 4 ? "\(prefix(2))****\(suffix(2))" : "****"
    }
}
