import Groundwork

/// Writes what the simulator saw.
enum StatsWriter {
    /// The counters.
    static func stats(_ world: World) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("accepted")
        writer.integer(Int64(world.ledger.count))
        writer.key("distinct")
        writer.integer(Int64(world.ledger.distinct))
        writer.key("doubled")
        writer.integer(Int64(world.ledger.doubled))
        writer.key("doubled_same_content")
        writer.integer(Int64(world.ledger.doubledContent))
        for supplier in SimulatedSupplier.allCases {
            writer.key(supplier.rawValue)
            write(supplier, of: world, to: &writer)
        }
        writer.endObject()
        return writer.bytes
    }

    /// Everything that was accepted for one recipient, the latest first.
    static func ledger(of recipient: UInt64, in world: World, of simulation: Simulation) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for number in world.ledger.entries(of: recipient) {
            let entry = world.ledger[number]
            let call = world.ledger.call(of: entry)
            writer.beginObject()
            writer.key("recipient")
            writer.string(world.ledger.name(of: entry.recipient))
            writer.key("supplier")
            writer.string(call.supplier.rawValue)
            writer.key("signed_with_next_key")
            writer.bool(call.usedNextKey)
            writer.key("request_key")
            writer.string(utf8: world.ledger.key(of: call))
            writer.key("reference")
            writer.string(simulation.desk(call.supplier).reference(of: number, in: world.ledger))
            writer.key("content_hash")
            writer.string(hex(entry.contentHash))
            writer.key("accepted_at_ms")
            writer.integer(entry.acceptedAt)
            writer.key("receipt_due_ms")
            writer.integer(entry.acceptedAt + Int64(entry.receiptAfter))
            writer.key("delivered")
            writer.bool(entry.isDelivered)
            writer.endObject()
        }
        writer.endArray()
        return writer.bytes
    }

    /// Lines `recipient`, supplier, acceptance in milliseconds and content hash, split by tabs.
    static func lines(from start: Int, limit: Int, in world: World) -> [UInt8] {
        var lines: [UInt8] = []
        lines.reserveCapacity(limit * 56)
        for number in start..<max(start, min(start + limit, world.ledger.count)) {
            let entry = world.ledger[UInt32(number)]
            let supplier = world.ledger.call(of: entry).supplier.rawValue
            let name = world.ledger.name(of: entry.recipient)
            lines += "\(name)\t\(supplier)\t\(entry.acceptedAt)\t\(hex(entry.contentHash))\n".utf8
        }
        return lines
    }

    private static func write(_ supplier: SimulatedSupplier, of world: World, to writer: inout JSONWriter) {
        let tally = world.tally[supplier]
        writer.beginObject()
        writer.key("calls")
        writer.integer(Int64(tally.calls))
        writer.key("accepted")
        writer.integer(Int64(world.ledger.accepted[supplier]))
        writer.key("refused")
        writer.beginObject()
        for (code, count) in tally.refused.sorted(by: { $0.key < $1.key }) {
            writer.key(code)
            writer.integer(Int64(count))
        }
        writer.endObject()
        writer.key("receipts_waiting")
        writer.integer(Int64(world.receipts[supplier].count))
        writer.key("receipts_sent")
        writer.integer(Int64(tally.receiptsSent))
        writer.key("recalled")
        writer.integer(Int64(tally.recalled))
        writer.key("posts_failed")
        writer.integer(Int64(tally.postsFailed))
        writer.endObject()
    }

    private static func hex(_ hash: UInt64) -> String {
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
