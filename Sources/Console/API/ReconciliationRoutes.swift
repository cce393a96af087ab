import Groundwork
import Hummingbird
import PushEngine

/// What our books and the suppliers say of the same days.
struct ReconciliationRoutes {
    let store: any ReconciliationStore

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/reconciliations", list)
        api.route(.get, "api/v1/reconciliations/:day/:account") { call in
            Answer(try await result(call).json)
        }
        api.route(.get, "api/v1/reconciliations/:day/:account/rows", rows)
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let (day, after, limit) = try call.query { query in
            (
                try query.optional("day") as CalendarDay?,
                try query.optional("after") as ReconciliationPlace?,
                try query.limit()
            )
        }
        let found = try await store.reconciliations(day: day, after: after, limit: limit)
        return .page(found, limit: limit, next: { .text("\(ReconciliationPlace($0))") }, \.json)
    }

    @Sendable private func rows(_ call: Call) async throws -> Answer {
        let (after, limit) = try call.query { query in
            (try query.optional("after", in: 0...Int64.max) ?? 0, try query.limit())
        }
        let result = try await result(call)
        let found = try await store.reconciliationRows(
            of: result.account,
            day: result.day,
            after: Int(after),
            limit: limit
        )
        let next: WireValue = found.count < limit ? .null : .number(after + Int64(found.count))
        return .page(found.map(\.json), next: next)
    }

    private func result(_ call: Call) async throws -> Reconciliation {
        guard let day = CalendarDay(input: .text(call.segment("day")), isText: true) else {
            throw InputFault(.wrongType, field: "day", "must be \(CalendarDay.expectation)")
        }
        let account: AccountID = try call.id("account")
        guard let found = try await store.reconciliation(of: account, day: day) else {
            throw CatalogueFault.notFound("a comparison of account \(account.rawValue) on \(day.number)")
        }
        return found
    }
}

extension CalendarDay: InputValue {
    static var expectation: String { "a day such as 20300115" }

    init?(input: WireValue, isText: Bool) {
        guard let number = Int(input: input, isText: isText) else { return nil }
        self.init(number: number)
    }
}

extension ReconciliationPlace: InputValue {
    static var expectation: String { "what an earlier page gave as next" }

    init?(input: WireValue, isText: Bool) {
        guard case .text(let text) = input else { return nil }
        self.init(text)
    }
}

extension Reconciliation {
    fileprivate var json: WireObject {
        [
            "day": .number(day.number), "account": .id(account), "verdict": .text(verdict.rawValue),
            "ours": .object(ours.json), "theirs": .object(theirs.json),
            "differences": .objects(differences.map(\.json)), "rows": .number(rows),
            "madeAt": .instant(madeAt),
        ]
    }
}

extension OwnDay {
    fileprivate var json: WireObject {
        [
            "calls": .number(calls), "accepted": .number(accepted), "segments": .number(segments),
            "delivered": .number(delivered), "undelivered": .number(undelivered),
            "awaiting": .number(awaiting), "sent": .number(sent), "unconfirmed": .number(unconfirmed),
            "unknown": .number(unknown), "contradicted": .number(contradicted),
        ]
    }
}

extension TheirDay {
    fileprivate var json: WireObject {
        [
            "source": .text(source.rawValue), "accepted": .number(accepted), "segments": .number(segments),
            "delivered": .number(delivered), "undelivered": .number(undelivered), "strays": .number(strays),
        ]
    }
}

extension DayDifference {
    fileprivate var json: WireObject {
        [
            "figure": .text(figure.rawValue), "ours": .number(ours), "theirs": .number(theirs),
            "share": .number(share),
        ]
    }
}

extension ReconciliationRow {
    fileprivate var json: WireObject {
        [
            "kind": .text(kind.rawValue),
            "messageId": message.map { .digits($0.rawValue) } ?? .null,
            "receiver": .text(recipient), "reference": .text(reference), "state": .number(state.rawValue),
            "stateName": .text(state.name), "charge": .number(charge), "at": .instant(at),
            "code": .text(code),
        ]
    }
}
