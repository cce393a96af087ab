import Groundwork
import PushEngine

/// Whether the suppliers count what we count, for whoever pays their bills.
struct ReconciliationPages: PageDesk {
    let parts: ConsoleParts

    private static let pageSize = 50

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/reconciliations") { visit in
                let title = visit.say("nav-reconciliations")
                return .page(Page("reconciliations", .reconciliations, title: title, try await list(visit)))
            },
            PageRoute("/reconciliations/:day/:account") { visit in
                let detail = try await detail(visit)
                let title = "\(detail.account) \(detail.day)"
                return .page(Page("reconciliation", .reconciliations, title: title, detail))
            },
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] { [] }

    private func list(_ visit: Visit) async throws -> ReconciliationList {
        let found = try await parts.reconciliations.reconciliations(
            day: nil,
            after: visit.text("before").flatMap(ReconciliationPlace.init),
            limit: Self.pageSize
        )
        let names = try await Names([], parts)
        let last = found.count < Self.pageSize ? nil : found.last
        return ReconciliationList(
            results: found.map { ReconciliationLine($0, names, visit.say) },
            older: last.map { visit.address(with: "before", "\(ReconciliationPlace($0))") }
        )
    }

    private func detail(_ visit: Visit) async throws -> ReconciliationDetail {
        let place = ReconciliationPlace("\(visit.part("day"))-\(visit.part("account"))")
        guard let place,
            let found = try await parts.reconciliations.reconciliation(of: place.account, day: place.day)
        else { throw Trouble.notFound(visit.path) }
        let after = Int(visit.number("before") ?? 0)
        let rows = try await parts.reconciliations.reconciliationRows(
            of: place.account,
            day: place.day,
            after: after,
            limit: Self.pageSize
        )
        let isFull = rows.count == Self.pageSize
        return ReconciliationDetail(
            ReconciliationLine(found, try await Names([], parts), visit.say),
            found,
            rows,
            older: isFull ? visit.address(with: "before", "\(after + rows.count)") : nil,
            visit.say
        )
    }
}

/// Results, the newest day first.
struct ReconciliationList: Sendable {
    let results: [ReconciliationLine]
    let isEmpty: Bool
    let older: String?

    init(results: [ReconciliationLine], older: String?) {
        self.results = results
        isEmpty = results.isEmpty
        self.older = older
    }
}

/// One result at a glance.
struct ReconciliationLine: Sendable {
    let path: String
    let day: String
    let account: String
    let chip: Chip
    let accepted: String
    let delivered: String
    /// The figures that differ, in words.
    let differences: [String]
    let rows: String
    let source: String
    let made: Stamp

    init(_ result: Reconciliation, _ names: Names, _ say: Voice) {
        let number = result.day.number
        day = "\(number / 10_000)-\(Self.pad(number / 100 % 100))-\(Self.pad(number % 100))"
        path = "/reconciliations/\(number)/\(result.account.rawValue)"
        account = names.name(result.account)
        chip = Chip(result.verdict, say)
        accepted = say.number(result.ours.accepted)
        delivered = say.number(result.ours.delivered)
        differences = result.differences.map { difference in
            say(
                "difference",
                [
                    "figure": say("figure-\(difference.figure.rawValue)"),
                    "ours": say.number(difference.ours), "theirs": say.number(difference.theirs),
                ]
            )
        }
        rows = say.number(result.rows)
        source = say("source-\(result.theirs.source.rawValue)")
        made = say.stamp(result.madeAt)
    }

    private static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// One result with the rows behind it.
struct ReconciliationDetail: Sendable {
    /// One figure of both sides.
    struct Figure: Sendable {
        let name: String
        let ours: String
        let theirs: String
        /// How far they are apart; nil when they are not.
        let apart: String?
    }

    /// One message, or receipt.
    struct Row: Sendable {
        let kind: String
        let path: String?
        let message: String
        let recipient: String
        let chip: Chip
        let reference: String
        let code: String
        let at: Stamp
    }

    let account: String
    let day: String
    let chip: Chip
    let source: String
    let made: Stamp
    let figures: [Figure]
    let rows: [Row]
    let count: String
    let isEmpty: Bool
    let older: String?

    init(
        _ line: ReconciliationLine,
        _ result: Reconciliation,
        _ rows: [ReconciliationRow],
        older: String?,
        _ say: Voice
    ) {
        account = line.account
        day = line.day
        chip = line.chip
        source = line.source
        made = line.made
        figures = Self.figures(result, say)
        count = say("rows-behind", ["n": line.rows])
        isEmpty = rows.isEmpty
        self.older = older
        self.rows = rows.map { row in
            Row(
                kind: say("row-\(row.kind.rawValue)"),
                path: row.message.map { "/messages/\($0)" },
                message: row.message.map { "\($0)" } ?? "–",
                recipient: row.recipient.maskedAddress,
                chip: Chip(row.state, say),
                reference: row.reference.isEmpty ? "–" : row.reference,
                code: row.code.isEmpty ? "–" : row.code,
                at: say.stamp(row.at)
            )
        }
    }

    private static func figures(_ result: Reconciliation, _ say: Voice) -> [Figure] {
        let (ours, theirs) = (result.ours, result.theirs)
        let receipts = theirs.source == .receipts ? ours.delivered + ours.undelivered : nil
        let all: [(DayDifference.Figure, Int, Int?)] = [
            (.accepted, ours.accepted, theirs.accepted), (.segments, ours.segments, theirs.segments),
            (.delivered, ours.delivered, theirs.delivered),
            (.undelivered, ours.undelivered, theirs.undelivered), (.receipts, ours.receiptsDue, receipts),
            (.strays, 0, theirs.strays), (.contradicted, 0, ours.contradicted),
        ]
        return all.map { figure, own, other in
            let difference = result.differences.first { $0.figure == figure }
            return Figure(
                name: say("figure-\(figure.rawValue)"),
                ours: say.number(own),
                theirs: other.map { say.number($0) } ?? "–",
                apart: difference.map { say.percent($0.weight(on: ours)) }
            )
        }
            + [
                (say("figure-awaiting"), ours.awaiting),
                (say("figure-open"), ours.unknown + ours.unconfirmed),
            ]
            .map { Figure(name: $0, ours: say.number($1), theirs: "–", apart: nil) }
    }
}

extension Chip {
    init(_ verdict: Reconciliation.Verdict, _ say: Voice) {
        let tone: Tone =
            switch verdict {
            case .agrees: .good
            case .differs: .bad
            case .unchecked: .idle
            }
        self.init(tone, say("verdict-\(verdict.rawValue)"))
    }
}

extension DayDifference {
    /// How far apart it is: what should not be at all is measured by the whole day.
    fileprivate func weight(on day: OwnDay) -> Double {
        switch figure {
        case .strays, .contradicted: min(1, Double(theirs) / Double(max(1, day.accepted)))
        case .accepted, .segments, .delivered, .undelivered, .receipts: share
        }
    }
}
