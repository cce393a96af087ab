import GRDB
import Groundwork
import PushEngine

/// What a batch's row says that never changes: by it its members are counted and found.
struct BatchRow {
    let id: BatchID
    let run: CampaignRunID?
    let template: TemplateID
    let day: Int
    let lane: Lane

    /// The columns that `init(_:at:)` reads.
    static let columns = "batch.id, batch.run, batch.template, batch.day, batch.channel, batch.message_type"

    /// Reads `columns` of the present row.
    init(_ row: RawStatement) throws {
        guard let channel = Channel(rawValue: row.int(4)), let type = MessageType(rawValue: row.int(5)) else {
            throw StoreError(.corrupted, during: "read batch", detail: "lane of batch \(row.int64(0))")
        }
        id = BatchID(rawValue: row.int64(0))
        run = row.isNull(1) ? nil : CampaignRunID(rawValue: row.int64(1))
        template = TemplateID(rawValue: row.int64(2))
        day = row.int(3)
        lane = Lane(channel: channel, type: type)
    }

    init(id: BatchID, task: SendTask, day: Int) {
        self.id = id
        run = task.campaignRun
        template = task.template
        self.day = day
        lane = task.lane
    }

    var message: QueueMessage { QueueMessage(batch: id, lane: lane, campaignRun: run) }

    /// Which origins its members have in `recipient_index`.
    var origins: ClosedRange<Int64> {
        if let run { return run.rawValue...run.rawValue }
        return -id.messages.upperBound ... -id.messages.lowerBound
    }
}

extension Database {
    /// The batch; nil when there is none.
    func batch(_ id: BatchID) throws -> BatchRow? {
        let statement = try RawStatement(self, Self.selectBatch)
        statement.bind(id.rawValue, at: 1)
        return try statement.first { try BatchRow($0) }
    }

    /// The batch, which somebody says there is.
    func existingBatch(_ id: BatchID, during operation: String) throws -> BatchRow {
        guard let batch = try batch(id) else {
            throw StoreError(.notFound, during: operation, detail: "batch \(id.rawValue)")
        }
        return batch
    }

    /// The places of a batch's members that are in a state, ascending.
    func places(of batch: BatchID, in state: DeliveryState) throws -> [Int] {
        let statement = try RawStatement(self, Self.selectPlaces)
        statement.bind(batch.messages.lowerBound, at: 1)
        statement.bind(batch.messages.upperBound, at: 2)
        statement.bind(state.rawValue, at: 3)
        var places: [Int] = []
        try statement.forEachRow { places.append($0.int(0)) }
        return places
    }

    private static let selectBatch = "SELECT \(BatchRow.columns) FROM batch WHERE id = ?"

    private static let selectPlaces = """
        SELECT id & 4095 FROM record WHERE id BETWEEN ? AND ? AND state = ? ORDER BY id
        """
}
