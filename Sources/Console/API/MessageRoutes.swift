import Groundwork
import HTTPTypes
import Hummingbird
import PushEngine

/// What became of messages: look-up by whatever a person has in hand, the whole story of one, counts by day.
struct MessageRoutes {
    let records: any RecordStore
    let retention: RetentionSettings
    let calendar: BusinessCalendar
    let clock: any WallClock

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/messages", find)
        api.route(.get, "api/v1/messages/:id") { call in Answer(try await record(call).json) }
        api.route(.get, "api/v1/messages/:id/trace") { call in
            let id = try Self.message(call)
            guard let story = try await records.story(of: id) else { throw unknown(id) }
            return Answer.page(story.map(\.json))
        }
        api.route(.get, "api/v1/stats", stats)
        api.route(.get, "api/v1/held") { call in
            let (after, limit) = try call.query { query in
                (try query.optional("after") as ListPlace?, try query.limit())
            }
            let found = try await records.held(after: after, limit: limit)
            return Answer.page(found, limit: limit, next: { .text("\($0.place)") }, \.json)
        }
    }

    @Sendable private func find(_ call: Call) async throws -> Answer {
        let (filter, state, before, limit) = try call.query { query in
            (
                try Self.filter(&query),
                try query.optional("state") as DeliveryState?,
                try query.optional("before") as MessageID?,
                try query.limit()
            )
        }
        let found = try await records.records(filter, state: state, before: before, limit: limit)
        return .page(found, limit: limit, next: { .digits($0.id.rawValue) }, \.json)
    }

    /// Counts by template of one day; those received are the sum over the states, always.
    @Sendable private func stats(_ call: Call) async throws -> Answer {
        let day = try call.query { query in
            guard let day: Int = try query.optional("day") else { return calendar.day(of: clock.now) }
            guard CalendarDay(number: day) != nil else {
                throw InputFault(.outOfRange, field: "day", "must be a day such as 20300115")
            }
            return day
        }
        let tallies = try await records.tallies(day: day)
        let templates = Dictionary(grouping: tallies, by: \.template)
            .sorted { $0.key.rawValue < $1.key.rawValue }
            .map { $0.value.json(of: $0.key) }
        return Answer(["day": .number(day), "items": .objects(templates)])
    }

    private func record(_ call: Call) async throws -> MessageRecord {
        let id = try Self.message(call)
        let found = try await records.records(.message(id), state: nil, before: nil, limit: 1).first
        guard let found else { throw unknown(id) }
        return found
    }

    private static func message(_ call: Call) throws -> MessageID {
        guard let id = MessageID(call.segment("id")) else {
            throw InputFault(.wrongType, field: "id", "must be \(MessageID.expectation)")
        }
        return id
    }

    private func unknown(_ id: MessageID) -> CatalogueFault {
        .notFound("message \(id) (messages are kept for \(retention.messageDays) days)")
    }

    private static func filter(_ query: inout Input) throws -> RecordFilter {
        let given: [RecordFilter?] = [
            try query.optional("receiver").map { .recipient(Self.spelled($0)) },
            try query.optional("messageId").map { .message($0) },
            try query.optional("bizId").map { .bizID($0) },
            try query.optional("messageTemplateId").map { .template($0) },
            try query.optional("campaignRun").map { .campaignRun($0) },
        ]
        let filters = given.compactMap(\.self)
        guard let filter = filters.first, filters.count == 1 else {
            let names = "receiver, messageId, bizId, messageTemplateId or campaignRun"
            throw InputFault(.missing, field: "receiver", "give exactly one of \(names)")
        }
        return filter
    }

    /// The one spelling under which an address is kept; what is neither a number nor a mail address is looked up as it
    /// is.
    private static func spelled(_ receiver: String) -> String {
        let spellings = [AddressForm.phone, .mail].compactMap { try? $0.spelling(of: receiver) }
        return spellings.first ?? receiver
    }
}

extension MessageRecord {
    fileprivate var json: WireObject {
        [
            "messageId": .digits(id.rawValue), "receiver": .text(recipient),
            "messageTemplateId": .id(template), "templateVersion": .number(templateVersion),
            "lane": .text(lane.name), "campaignRun": .id(campaignRun), "row": .number(row),
            "bizId": .optional(bizID), "content": .text(content), "state": .number(state.rawValue),
            "stateName": .text(state.name), "final": .bool(state.isFinal), "account": .id(account),
            "reference": .optional(reference), "charge": .number(charge), "code": .optional(code),
            "acceptedAt": .instant(acceptedAt), "changedAt": .instant(changedAt),
        ]
    }
}

extension TraceEvent {
    fileprivate var json: WireObject {
        [
            "at": .instant(at), "stage": .text(stage.rawValue), "state": .number(state.rawValue),
            "stateName": .text(state.name), "account": .id(account), "detail": .text(detail),
        ]
    }
}

extension [Tally] {
    fileprivate func json(of template: TemplateID) -> WireObject {
        var states: [DeliveryState: Int] = [:]
        for tally in self { states[tally.state, default: 0] += tally.count }
        return [
            "messageTemplateId": .id(template), "received": .number(states.values.reduce(0, +)),
            "states": .counts(states), "charge": .number(reduce(0) { $0 + $1.charge }),
        ]
    }
}

extension HeldBatch {
    fileprivate var json: WireObject {
        [
            "batch": .digits(batch.rawValue), "lane": .text(lane.name), "messageTemplateId": .id(template),
            "count": .number(count), "until": .instant(until),
        ]
    }
}
