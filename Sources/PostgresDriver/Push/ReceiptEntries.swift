import Groundwork
import PushEngine

/// Receipts of one batch that came together, as the bytes of one column; the members they are of stand beside.
struct ReceiptEntries {
    struct Entry {
        let delivered: Bool
        let at: Moment
        let code: String
        let reference: String
    }

    let entries: [Entry]

    init(_ entries: [Entry]) {
        self.entries = entries
    }

    var encoded: [UInt8] {
        var writer = ByteWriter()
        var texts = ByteTable()
        writer.write(all: entries.map { UInt8($0.delivered ? 1 : 0) })
        writer.write(all: entries.map(\.at.millisecondsSinceEpoch))
        for entry in entries {
            texts.append(Array(entry.code.utf8))
            texts.append(Array(entry.reference.utf8))
        }
        writer.write(texts)
        return writer.bytes
    }

    /// Reads what `encoded` wrote.
    init(stored bytes: [UInt8]) throws(StoreError) {
        var reader = ByteReader(bytes)
        do {
            let delivered = try reader.readAll(UInt8.self)
            let instants = try reader.readAll(Int64.self)
            let texts = try reader.readTable()
            guard instants.count == delivered.count, texts.count == 2 * delivered.count else {
                throw PayloadError.inconsistent("receipts")
            }
            entries = delivered.indices.map { place in
                Entry(
                    delivered: delivered[place] == 1,
                    at: Moment(millisecondsSinceEpoch: instants[place]),
                    code: texts.text(2 * place),
                    reference: texts.text(2 * place + 1)
                )
            }
        } catch { throw StoreError(.corrupted, during: "read receipts", detail: "\(error)") }
    }
}
