import GRDB
import PushEngine

/// Where a message stands, as far as it is counted.
struct Standing: Hashable {
    var state: DeliveryState
    /// -1 while no account has it.
    var account: Int64

    static let queued = Standing(state: .queued, account: noAccount)

    /// What stands for no account in a column.
    static let noAccount: Int64 = -1
}

/// The counts that a transaction changes: collected while it moves messages, written once before it ends.
struct Books {
    private struct Key: Hashable {
        let day: Int
        let template: Int64
        let run: Int64
        let standing: Standing
    }

    private struct Sum {
        var count = 0
        var charge = 0
    }

    /// How many members of a batch came into the states that are not final.
    private struct Waiting {
        var queued = 0
        var held = 0
        var accepted = 0
        var unknown = 0
        var states: Int64 = 0
    }

    private var sums: [Key: Sum] = [:]
    private var batches: [BatchID: Waiting] = [:]

    /// Counts messages that came to stand somewhere.
    mutating func add(_ count: Int, charge: Int, _ standing: Standing, of batch: BatchRow) {
        guard count != 0 || charge != 0 else { return }
        change(count, charge: charge, standing, of: batch)
        batches[batch.id, default: Waiting()].states |= Self.bit(of: standing.state)
    }

    /// Counts messages that left where they stood.
    mutating func remove(_ count: Int, charge: Int, _ standing: Standing, of batch: BatchRow) {
        change(-count, charge: -charge, standing, of: batch)
    }

    /// Counts messages that moved.
    mutating func move(_ count: Int, charge: Int = 0, from: Standing, to: Standing, of batch: BatchRow) {
        remove(count, charge: charge, from, of: batch)
        add(count, charge: charge, to, of: batch)
    }

    private mutating func change(_ count: Int, charge: Int, _ standing: Standing, of batch: BatchRow) {
        let key = Key(
            day: batch.day,
            template: batch.template.rawValue,
            run: batch.run?.rawValue ?? 0,
            standing: standing
        )
        sums[key, default: Sum()].count += count
        sums[key, default: Sum()].charge += charge
        switch standing.state {
        case .queued: batches[batch.id, default: Waiting()].queued += count
        case .held: batches[batch.id, default: Waiting()].held += count
        case .accepted: batches[batch.id, default: Waiting()].accepted += count
        case .unknown: batches[batch.id, default: Waiting()].unknown += count
        default: break
        }
    }

    /// Writes what was collected.
    func write(to db: Database) throws {
        let tally = try RawStatement(db, Self.upsertTally)
        for (key, sum) in sums where sum.count != 0 || sum.charge != 0 {
            tally.bind(key.day, at: 1)
            tally.bind(key.template, at: 2)
            tally.bind(key.run, at: 3)
            tally.bind(key.standing.account, at: 4)
            tally.bind(key.standing.state.rawValue, at: 5)
            tally.bind(sum.count, at: 6)
            tally.bind(sum.charge, at: 7)
            try tally.run()
        }
        let batch = try RawStatement(db, Self.updateBatch)
        for (id, waiting) in batches {
            batch.bind(waiting.queued, at: 1)
            batch.bind(waiting.held, at: 2)
            batch.bind(waiting.accepted, at: 3)
            batch.bind(waiting.unknown, at: 4)
            batch.bind(waiting.states, at: 5)
            batch.bind(id.rawValue, at: 6)
            try batch.run()
        }
    }

    /// The bit of a state among those a batch has seen.
    ///
    /// States are numbered from 10 on: up to 80, all but the first keep a bit of their own when 18 is taken off; the one
    /// beyond has that of 19, which is none.
    static func bit(of state: DeliveryState) -> Int64 {
        state == .withdrawn ? 1 << 1 : 1 << Int64(max(0, state.rawValue - 18))
    }

    private static let upsertTally = """
        INSERT INTO tally (day, template, run, account, state, count, charge) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET count = count + excluded.count, charge = charge + excluded.charge
        """

    private static let updateBatch = """
        UPDATE batch SET queued = queued + ?, held = held + ?, accepted = accepted + ?, unknown = unknown + ?,
            states = states | ? WHERE id = ?
        """
}
