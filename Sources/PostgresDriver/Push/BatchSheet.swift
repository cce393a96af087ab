import Groundwork
import PushEngine

/// What a batch's row says that never changes: by it its members are counted and found.
struct BatchRow: Sendable {
    let id: BatchID
    let run: CampaignRunID?
    let template: TemplateID
    let day: Int
    let lane: Lane
    let acceptedAt: Moment

    /// The columns that `init(_:)` reads, the first ones of a statement.
    static let columns =
        "batch.id, batch.run, batch.template, batch.day, batch.channel, batch.message_type, batch.accepted_at"

    init(_ row: PostgresRow) throws(StoreError) {
        guard let channel = Channel(rawValue: row.int(4)), let type = MessageType(rawValue: row.int(5)) else {
            throw StoreError(.corrupted, during: "read batch", detail: "lane of batch \(row.int64(0))")
        }
        id = BatchID(rawValue: row.int64(0))
        run = row.optionalInt64(1).map(CampaignRunID.init(rawValue:))
        template = TemplateID(rawValue: row.int64(2))
        day = row.int(3)
        lane = Lane(channel: channel, type: type)
        acceptedAt = row.moment(6)
    }

    init(id: BatchID, task: SendTask, day: Int) {
        self.id = id
        run = task.campaignRun
        template = task.template
        self.day = day
        lane = task.lane
        acceptedAt = task.acceptedAt
    }

    var message: QueueMessage { QueueMessage(batch: id, lane: lane, campaignRun: run) }

    /// Which origins its members have in `record`.
    var origins: ClosedRange<Int64> {
        if let run { return run.rawValue...run.rawValue }
        return -id.messages.upperBound ... -id.messages.lowerBound
    }
}

/// A batch that nobody else changes until the transaction ends: its members are moved here and written once.
struct BatchSheet {
    let row: BatchRow
    private(set) var standings: Standings
    /// A bit for each state that a member was ever in.
    private var states: Int64
    private var isChanged = false

    static let columns = BatchRow.columns + ", batch.standings, batch.states"

    init(_ row: PostgresRow) throws(StoreError) {
        self.row = try BatchRow(row)
        standings = try Standings(stored: row.raw(7), from: self.row.acceptedAt)
        states = row.int64(8)
    }

    /// Locks batches, in the one order that all transactions keep to; those that do not exist are missing.
    static func lock(_ ids: [BatchID], _ link: PostgresLink) throws -> [BatchID: BatchSheet] {
        let numbers = Array(Set(ids.map(\.rawValue))).sorted()
        guard let first = numbers.first, let last = numbers.last else { return [:] }
        let sheets = try link.run(selectLocked, .ints(numbers), .int(first), .int(last))
            .map { try BatchSheet($0) }
        return Dictionary(uniqueKeysWithValues: sheets.map { ($0.row.id, $0) })
    }

    /// What locks one batch.
    static func locking(_ id: BatchID) -> PostgresStatement {
        PostgresStatement("SELECT \(columns) FROM batch WHERE id = $1 FOR UPDATE", .int(id.rawValue))
    }

    /// Locks a batch that somebody says there is.
    static func lock(_ id: BatchID, during operation: String, _ link: PostgresLink) throws -> BatchSheet {
        guard let sheet = try lock([id], link)[id] else {
            throw StoreError(.notFound, during: operation, detail: "batch \(id.rawValue)")
        }
        return sheet
    }

    /// Moves a member; an account of nil leaves it with none.
    mutating func move(
        _ place: Int,
        to state: DeliveryState,
        account: AccountID?,
        charge: Int? = nil,
        at now: Moment,
        _ tallies: inout Tallies
    ) {
        guard let before = standings[place] else { return }
        let after = Standing(state: state, account: account, charge: charge ?? before.charge, changedAt: now)
        standings[place] = after
        tallies.move(from: before, to: after, of: row)
        states |= Self.bit(of: state)
        isChanged = true
    }

    /// Notes what a member costs, wherever it stands.
    mutating func setCharge(_ charge: Int, of place: Int, _ tallies: inout Tallies) {
        guard let before = standings[place] else { return }
        var after = before
        after.charge = charge
        standings[place] = after
        tallies.move(from: before, to: after, of: row)
        isChanged = true
    }

    /// What writes it down; nil when nothing changed.
    var statement: PostgresStatement? {
        guard isChanged else { return nil }
        return PostgresStatement(
            Self.update,
            .int(row.id.rawValue),
            .bytes(standings.encoded(from: row.acceptedAt)),
            .int(standings.count(in: .queued)),
            .int(standings.count(in: .held)),
            .int(standings.count(in: .accepted)),
            .int(standings.count(in: .unknown)),
            .int(states)
        )
    }

    /// The condition of batches that may have a member in a state: only of states that are not final it is known who is
    /// in them now, and of the others who ever was.
    static func mayHold(_ state: DeliveryState) -> String {
        switch state {
        case .queued: "queued > 0"
        case .held: "held > 0"
        case .accepted: "accepted > 0"
        case .unknown: "unknown > 0"
        default: "states & \(bit(of: state)) <> 0"
        }
    }

    /// The bit of a state among those a batch has seen.
    ///
    /// States are numbered from 10 on: up to 80, all but the first keep a bit of their own when 18 is taken off; the one
    /// beyond has that of 19, which is none.
    static func bit(of state: DeliveryState) -> Int64 {
        state == .withdrawn ? 1 << 1 : 1 << Int64(max(0, state.rawValue - 18))
    }

    static let selectLocked = """
        SELECT \(columns) FROM batch WHERE id = ANY ($1) AND id BETWEEN $2 AND $3 ORDER BY id FOR UPDATE
        """

    private static let update = """
        UPDATE batch SET standings = $2, queued = $3, held = $4, accepted = $5, unknown = $6, states = $7
        WHERE id = $1
        """
}
