import GRDB
package import Groundwork
package import PushEngine

/// The durable queue in a file of its own, so that it does not wait for the ledger's writer.
///
/// A power cut may cost the newest changes of a file that is kept for the death of the process only. That is
/// harmless here: the ledger is the truth, the sweeper appends again what is missing, and a batch that is
/// handed out once more has nothing left to do.
package struct SQLiteSendQueue: SendQueue {
    private let database: SQLiteDatabase
    private let clock: any WallClock
    private let waiting: any Clock<Duration>
    private let bell = LaneBell()
    /// Rings when a lane holds less.
    private let room = LaneBell()

    /// Opens the file, makes it if it is not there, and brings its tables up to date.
    ///
    /// - Parameters:
    ///   - path: the file, usually `queue.db` in the data folder.
    ///   - settings: how it is kept.
    ///   - recoverClaims: whether whoever claimed messages before is certainly gone, because only one process
    ///     may have the data folder: then what was claimed is ready at once, its attempt counted.
    ///   - clock: tells when a message's time has come.
    ///   - waiting: the clock to wait by.
    /// - Throws: `StoreError` when the file cannot be opened or is of a later version.
    package init(
        path: String,
        settings: SQLiteSettings = SQLiteSettings(durability: .process),
        recoverClaims: Bool,
        clock: any WallClock,
        waiting: any Clock<Duration>
    ) throws(StoreError) {
        database = try SQLiteDatabase(path: path, settings: settings, migrator: QueueMigrations.migrator)
        self.clock = clock
        self.waiting = waiting
        guard recoverClaims else { return }
        try database.prepare("recover claims") { try $0.execute(sql: Self.recoverClaims) }
    }

    package func append(_ messages: [QueueMessage]) async throws(StoreError) {
        guard !messages.isEmpty else { return }
        try await database.write("append to queue") { db in
            let insert = try RawStatement(db, Self.insertMessage)
            for message in messages {
                insert.bind(message.batch.rawValue, at: 1)
                insert.bind(message.lane, at: 2)
                insert.bind(message.campaignRun?.rawValue, at: 4)
                try insert.run()
            }
        }
        bell.ring(Set(messages.map(\.lane)))
    }

    package func claim(
        _ lane: Lane,
        limit: Int,
        visibility: Duration
    ) async throws(StoreError) -> [QueueDelivery] {
        let now = clock.now
        return try await database.write("claim from queue") { db in
            try db.wakeDue(on: lane, at: now)
            let messages = try db.readyMessages(of: lane, limit: limit)
            guard !messages.isEmpty else { return [] }
            try db.execute(cached: "UPDATE claim SET newest = newest + 1", [])
            let receipt = try Int64.fetchOne(db, cached: "SELECT newest FROM claim", []) ?? 0
            let update = try RawStatement(db, Self.claimMessage)
            update.bind((now + visibility).millisecondsSinceEpoch, at: 1)
            update.bind(receipt, at: 2)
            return try messages.map { message, attempts, lapses in
                update.bind(message.batch.rawValue, at: 3)
                try update.run()
                return QueueDelivery(
                    message: message,
                    attempt: attempts + 1,
                    lapses: lapses,
                    receipt: receipt
                )
            }
        }
    }

    package func extend(_ delivery: QueueDelivery, visibility: Duration) async throws(StoreError) -> Bool {
        let end = (clock.now + visibility).millisecondsSinceEpoch
        return try await database.write("extend claim") { db in
            try db.execute(
                cached: Self.extendClaim,
                [end, delivery.message.batch.rawValue, delivery.receipt]
            )
            return db.changesCount == 1
        }
    }

    package func acknowledge(_ delivery: QueueDelivery) async throws(StoreError) {
        try await database.write("acknowledge") { db in
            try db.execute(
                cached: "DELETE FROM message WHERE batch = ? AND claim = ?",
                [
                    delivery.message.batch.rawValue, delivery.receipt,
                ]
            )
        }
        room.ring([delivery.message.lane])
    }

    package func postpone(
        _ delivery: QueueDelivery,
        by delay: Duration,
        counted: Bool
    ) async throws(StoreError) {
        let due = (clock.now + delay).millisecondsSinceEpoch
        try await database.write("postpone") { db in
            try db.execute(
                cached: Self.postponeMessage,
                [due, counted ? 0 : 1, delivery.message.batch.rawValue, delivery.receipt]
            )
        }
        bell.ring([delivery.message.lane])
    }

    package func note(_ delivery: QueueDelivery, left: Int) async throws(StoreError) {
        try await database.write("note progress") { db in
            try db.execute(
                cached: Self.noteProgress,
                [left, delivery.message.batch.rawValue, delivery.receipt]
            )
        }
    }

    package func bury(_ delivery: QueueDelivery, reason: String) async throws(StoreError) {
        let now = clock.now.millisecondsSinceEpoch
        try await database.write("bury") { db in
            try db.execute(
                cached: Self.buryMessage,
                [reason, now, delivery.message.batch.rawValue, delivery.receipt]
            )
        }
        room.ring([delivery.message.lane])
    }

    package func setSuspended(_ suspended: Bool, _ run: CampaignRunID) async throws(StoreError) {
        try await database.write("suspend") { db in
            try db.execute(cached: suspended ? Self.insertSuspended : Self.deleteSuspended, [run.rawValue])
            try db.execute(cached: Self.suspendMessages, [suspended, run.rawValue])
        }
        // Which lanes its messages are in is not worth asking.
        (suspended ? room : bell).ring(Set(Lane.all))
    }

    package func suspendedRuns() async throws(StoreError) -> Set<CampaignRunID> {
        try await database.read("read suspended occurrences") { db in
            Set(try Int64.fetchAll(db, sql: "SELECT run FROM suspended").map(CampaignRunID.init(rawValue:)))
        }
    }

    package func revive(_ batch: BatchID) async throws(StoreError) {
        let lane = try await database.write("revive") { db in
            guard let message = try db.message(of: batch) else {
                throw StoreError(.notFound, during: "revive", detail: "batch \(batch.rawValue)")
            }
            try db.execute(cached: Self.reviveMessage, [batch.rawValue])
            guard db.changesCount == 1 else {
                throw StoreError(.notFound, during: "revive", detail: "batch \(batch.rawValue)")
            }
            return message.lane
        }
        bell.ring([lane])
    }

    package func depths() async throws(StoreError) -> [Lane: QueueDepth] {
        let now = clock.now.millisecondsSinceEpoch
        return try await database.read("read queue depths") { db in
            let select = try RawStatement(db, Self.selectDepths)
            select.bind(now, at: 1)
            var depths: [Lane: QueueDepth] = [:]
            try select.forEachRow { row in
                let lane = try row.lane(0)
                depths[lane, default: QueueDepth()].ready += row.int(2)
                depths[lane, default: QueueDepth()].claimed += row.int(3)
                depths[lane, default: QueueDepth()].waiting += row.int(4)
                depths[lane, default: QueueDepth()].suspended += row.int(5)
            }
            return depths
        }
    }

    package func load(of lane: Lane, atMost limit: Int) async throws(StoreError) -> Int {
        try await database.read("read queue load") { db in
            let select = try RawStatement(db, Self.selectLoad)
            select.bind(lane, at: 1)
            select.bind(limit, at: 3)
            var count = 0
            try select.forEachRow { _ in count += 1 }
            return count
        }
    }

    package func deadLetters(before place: ListPlace?, limit: Int) async throws(StoreError) -> [DeadLetter] {
        try await database.read("read dead letters") { db in
            let select = try RawStatement(db, Self.selectDead)
            select.bind(place?.at.millisecondsSinceEpoch ?? .max, at: 1)
            select.bind(place?.number ?? .max, at: 2)
            select.bind(limit, at: 3)
            var letters: [DeadLetter] = []
            try select.forEachRow { row in
                letters.append(
                    DeadLetter(
                        message: try QueueMessage(row),
                        attempts: row.int(4),
                        reason: row.text(5),
                        place: ListPlace(
                            at: Moment(millisecondsSinceEpoch: row.int64(6)),
                            number: row.int64(7)
                        )
                    )
                )
            }
            return letters
        }
    }

    package func waitForWork(_ lane: Lane, atMost limit: Duration) async {
        // Who waits listens first and looks then, so that nothing can slip in between.
        await bell.wait(for: lane, by: waiting) { [database, clock] in
            let now = clock.now
            let due = try? await database.read("look for work") { try $0.nextDue(on: lane, now: now) }
            // A queue that cannot be read now is waited for: the claim that follows says what is wrong with
            // it.
            guard let due else { return limit }
            return min(limit, max(.zero, due - now))
        }
    }

    package func waitForRoom(_ lane: Lane, below depth: Int, atMost limit: Duration) async {
        await room.wait(for: lane, by: waiting) {
            // A queue that cannot be read now is waited for.
            guard let load = try? await load(of: lane, atMost: depth) else { return limit }
            return load < depth ? .zero : limit
        }
    }
}

// MARK: Statements

extension SQLiteSendQueue {
    fileprivate static let recoverClaims = "UPDATE message SET state = 0, due_at = NULL WHERE state = 1"

    fileprivate static let insertMessage = """
        INSERT OR IGNORE INTO message (batch, channel, message_type, run, is_suspended)
        VALUES (?1, ?2, ?3, ?4, EXISTS (SELECT 1 FROM suspended WHERE run = ?4))
        """

    /// A message that has a claim still was never settled: that claim ran out.
    fileprivate static let claimMessage = """
        UPDATE message
        SET state = 1, due_at = ?, lapses = lapses + (claim <> 0), claim = ?, attempts = attempts + 1
        WHERE batch = ?
        """

    fileprivate static let noteProgress = """
        UPDATE message SET lapses = iif(remaining > ?1, 0, lapses), remaining = ?1 WHERE batch = ?2 AND claim = ?3
        """

    /// Also of one whose time ran out and which nobody has taken since.
    fileprivate static let extendClaim = """
        UPDATE message SET state = 1, due_at = ? WHERE batch = ? AND claim = ? AND state IN (0, 1)
        """

    fileprivate static let postponeMessage = """
        UPDATE message
        SET state = 2, due_at = ?, attempts = attempts - ?, claim = 0, lapses = 0, remaining = NULL
        WHERE batch = ? AND claim = ?
        """

    fileprivate static let buryMessage = """
        UPDATE message SET state = 3, due_at = NULL, claim = 0, reason = ?, buried_at = ?
        WHERE batch = ? AND claim = ?
        """

    fileprivate static let reviveMessage = """
        UPDATE message
        SET state = 0, attempts = 0, lapses = 0, remaining = NULL, reason = NULL, buried_at = NULL
        WHERE batch = ? AND state = 3
        """

    fileprivate static let insertSuspended = "INSERT OR IGNORE INTO suspended (run) VALUES (?)"

    fileprivate static let deleteSuspended = "DELETE FROM suspended WHERE run = ?"

    fileprivate static let suspendMessages = "UPDATE message SET is_suspended = ? WHERE run = ?"

    static let selectDepths = """
        SELECT channel, message_type,
            sum(is_suspended = 0 AND (state = 0 OR (state IN (1, 2) AND due_at <= ?1))),
            sum(state = 1 AND due_at > ?1),
            sum(is_suspended = 0 AND state = 2 AND due_at > ?1),
            sum(is_suspended = 1 AND (state IN (0, 2) OR due_at <= ?1))
        FROM message WHERE state <> 3 GROUP BY channel, message_type
        """

    static let selectLoad = """
        SELECT 1 FROM message INDEXED BY message_ready
        WHERE channel = ?1 AND message_type = ?2 AND state = 0 AND is_suspended = 0
        UNION ALL
        SELECT 1 FROM message INDEXED BY message_later
        WHERE channel = ?1 AND message_type = ?2 AND state IN (1, 2) AND is_suspended = 0
        LIMIT ?3
        """

    static let selectDead = """
        SELECT channel, message_type, batch, run, attempts, reason, buried_at, id
        FROM message INDEXED BY message_dead
        WHERE state = 3 AND (buried_at, id) < (?, ?) ORDER BY buried_at DESC, id DESC LIMIT ?
        """

    static let selectReady = """
        SELECT channel, message_type, batch, run, attempts, lapses + (claim <> 0)
        FROM message INDEXED BY message_ready
        WHERE channel = ? AND message_type = ? AND state = 0 AND is_suspended = 0 ORDER BY id LIMIT ?
        """

    static let wakeDue = """
        UPDATE message INDEXED BY message_later SET state = 0, due_at = NULL
        WHERE channel = ? AND message_type = ? AND state IN (1, 2) AND is_suspended = 0 AND due_at <= ?
        """

    static let selectNextDue = """
        SELECT due_at FROM message INDEXED BY message_later
        WHERE channel = ? AND message_type = ? AND state IN (1, 2) AND is_suspended = 0
        ORDER BY due_at LIMIT 1
        """
}

extension Database {
    /// Makes ready what was claimed or postponed until now; what is suspended is woken once it is let go.
    fileprivate func wakeDue(on lane: Lane, at now: Moment) throws {
        let update = try RawStatement(self, SQLiteSendQueue.wakeDue)
        update.bind(lane, at: 1)
        update.bind(now.millisecondsSinceEpoch, at: 3)
        try update.run()
    }

    fileprivate func readyMessages(
        of lane: Lane,
        limit: Int
    ) throws -> [(message: QueueMessage, attempts: Int, lapses: Int)] {
        let select = try RawStatement(self, SQLiteSendQueue.selectReady)
        select.bind(lane, at: 1)
        select.bind(limit, at: 3)
        var messages: [(message: QueueMessage, attempts: Int, lapses: Int)] = []
        try select.forEachRow { messages.append((try QueueMessage($0), $0.int(4), $0.int(5))) }
        return messages
    }

    fileprivate func message(of batch: BatchID) throws -> QueueMessage? {
        let select = try RawStatement(self, Self.selectMessage)
        select.bind(batch.rawValue, at: 1)
        return try select.first { try QueueMessage($0) }
    }

    /// When a lane's next message is to be claimed: now, at a later time, or nobody knows.
    fileprivate func nextDue(on lane: Lane, now: Moment) throws -> Moment? {
        if try !readyMessages(of: lane, limit: 1).isEmpty { return now }
        let select = try RawStatement(self, SQLiteSendQueue.selectNextDue)
        select.bind(lane, at: 1)
        return try select.first { Moment(millisecondsSinceEpoch: $0.int64(0)) }
    }

    private static let selectMessage = "SELECT channel, message_type, batch, run FROM message WHERE batch = ?"
}

extension QueueMessage {
    /// Reads lane, batch and run from the first columns of a row.
    fileprivate init(_ row: RawStatement) throws {
        self.init(
            batch: BatchID(rawValue: row.int64(2)),
            lane: try row.lane(0),
            campaignRun: row.isNull(3) ? nil : CampaignRunID(rawValue: row.int64(3))
        )
    }
}

extension RawStatement {
    /// Binds a lane to a parameter and the one after it.
    fileprivate func bind(_ lane: Lane, at place: Int32) {
        bind(lane.channel.rawValue, at: place)
        bind(lane.type.rawValue, at: place + 1)
    }

    /// The lane in a column and the one after it.
    fileprivate func lane(_ column: Int32) throws -> Lane {
        guard let channel = Channel(rawValue: int(column)), let type = MessageType(rawValue: int(column + 1))
        else { throw StoreError(.corrupted, during: "read lane") }
        return Lane(channel: channel, type: type)
    }
}
