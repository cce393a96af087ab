/// One walk over the records of a window: each becomes a good row of the batch, a refused one, or nothing.
struct RowScan {
    /// Why a walk stopped.
    enum Pause {
        /// The batch has its rows, or the range has no more.
        case batchFull
        /// The window ends inside a record.
        case needsBytes
        /// A line exceeds the limit; its beginning is reported, the rest is still ahead.
        case lineTooLong
    }

    var cursor: CrowdCursor
    /// Where the next record begins in the window.
    var head: Int
    let tail: Int
    let isFinal: Bool
    /// Records that begin here or later are not read.
    var rangeEnd = 0
    var maxRows = 0
    var batchBytes = 0
    /// From here on, bytes of the window are not in the batch yet.
    private var unflushed: Int
    /// Whether a good row points into those bytes.
    private var isDirty = false

    init(cursor: CrowdCursor, head: Int, tail: Int, isFinal: Bool) {
        self.cursor = cursor
        self.head = head
        self.tail = tail
        self.isFinal = isFinal
        unflushed = head
    }

    /// Walks until the batch is full or the window is used up.
    mutating func run(
        bytes: UnsafeMutableBufferPointer<UInt8>,
        fields: UnsafeMutableBufferPointer<FieldSlice>,
        scanner: CSVScanner,
        gate: RowGate,
        batch: inout CrowdBatch
    ) -> Pause {
        guard let first = bytes.baseAddress, let slots = fields.baseAddress else { return .batchFull }
        let pause = scanner.kinds.withUnsafeBufferPointer { kinds -> Pause in
            guard let kinds = kinds.baseAddress else { return .batchFull }
            return walk(first, kinds, slots, scanner, gate, &batch)
        }
        flush(first, into: &batch)
        return pause
    }

    @inline(__always)
    private mutating func walk(
        _ bytes: UnsafeMutablePointer<UInt8>,
        _ kinds: UnsafePointer<UInt8>,
        _ fields: UnsafeMutablePointer<FieldSlice>,
        _ scanner: CSVScanner,
        _ gate: RowGate,
        _ batch: inout CrowdBatch
    ) -> Pause {
        var record = CSVRecord()
        while head < rangeEnd {
            guard batch.rows.count + batch.rejected.count < maxRows,
                batch.bytes.count + head - unflushed < batchBytes
            else { return .batchFull }
            let stop = min(tail, head + CSVScanner.recordLimit)
            let text = CSVText(bytes: bytes, kinds: kinds, stop: stop, isFinal: isFinal && stop == tail)
            guard head < stop, scanner.scan(text, from: head, fields: fields, record: &record) else {
                if stop - head < CSVScanner.recordLimit { return .needsBytes }
                if refuseOversized(record, bytes, &batch) { return .lineTooLong }
                continue
            }
            take(record, bytes, fields, gate, &batch)
        }
        return .batchFull
    }

    /// Turns one complete record into a row.
    @inline(__always)
    private mutating func take(
        _ record: CSVRecord,
        _ bytes: UnsafeMutablePointer<UInt8>,
        _ fields: UnsafeMutablePointer<FieldSlice>,
        _ gate: RowGate,
        _ batch: inout CrowdBatch
    ) {
        countLineEnd(record.lineEnd, &batch)
        let columns = batch.columns
        if fields[0].count == 0, isBlank(record, fields, columns) {
            batch.emptyLines += 1
            advance(to: record.end, lines: record.lines)
            return
        }
        if let fault = record.contentFault ?? record.structureFault {
            let column = record.contentFault == nil ? record.structureColumn : record.contentColumn
            refuse(fault, fault == .columnCount ? nil : column, bytes, record.end, &batch)
        } else {
            judge(record, bytes, fields, gate, &batch)
        }
        cursor.row += 1
        advance(to: record.end, lines: record.lines)
    }

    /// Checks the fields of a well-formed record and keeps it when they are right.
    @inline(__always)
    private mutating func judge(
        _ record: CSVRecord,
        _ bytes: UnsafeMutablePointer<UInt8>,
        _ fields: UnsafeMutablePointer<FieldSlice>,
        _ gate: RowGate,
        _ batch: inout CrowdBatch
    ) {
        let original = record.traits.contains(.escaped) ? copy(bytes, record.end) : []
        var column = 0
        let reading: PhoneReading
        var address: [UInt8]?
        var wasRepaired = false
        do throws(CrowdRowFault) {
            if !record.traits.isEmpty {
                try gate.settle(record.traits, bytes, fields, count: batch.columns, column: &column)
            }
            reading = try gate.recipient(bytes, fields, column: &column)
            wasRepaired = reading.wasRepaired
            if !gate.wantsPhones, let found = try gate.address(bytes, fields, column: &column) {
                address = found.bytes
                wasRepaired = found.wasRepaired
            }
            try gate.requireVariables(fields, column: &column)
        } catch {
            if original.isEmpty {
                refuse(error, column, bytes, record.end, &batch)
            } else {
                original.withUnsafeBufferPointer { note(error, column, $0, &batch) }
            }
            return
        }
        if wasRepaired { batch.repaired += 1 }
        if let address { batch.addresses.append(address) }
        keep(reading.number, fields, gate, &batch)
    }

    /// Appends a good row to the batch.
    @inline(__always)
    private mutating func keep(
        _ phone: PhoneNumber,
        _ fields: UnsafeMutablePointer<FieldSlice>,
        _ gate: RowGate,
        _ batch: inout CrowdBatch
    ) {
        let shift = UInt32(truncatingIfNeeded: batch.bytes.count - unflushed)
        for index in 0..<batch.columns {
            let field = fields[index]
            batch.fields.append(FieldSlice(start: field.start &+ shift, end: field.end &+ shift))
        }
        batch.rows.append(cursor.row)
        batch.lines.append(cursor.line)
        if gate.wantsPhones { batch.phones.append(phone) }
        isDirty = true
    }

    // MARK: Refusing

    /// Reports a record that exceeds the limit; true when the rest of its line is still to be passed over.
    private mutating func refuseOversized(
        _ record: CSVRecord,
        _ bytes: UnsafeMutablePointer<UInt8>,
        _ batch: inout CrowdBatch
    ) -> Bool {
        let isOneLine = record.firstLineEnd == 0
        var end = isOneLine ? head + CSVScanner.recordLimit : record.firstLineEnd
        // A CR at the limit may be the line's end, or the half of it: it is left to whoever passes over the rest.
        if isOneLine, bytes[end - 1] == 0x0D { end -= 1 }
        refuse(isOneLine ? .lineTooLong : .unterminatedQuote, nil, bytes, end, &batch)
        cursor.row += 1
        advance(to: end, lines: 1)
        return isOneLine
    }

    private mutating func refuse(
        _ fault: CrowdRowFault,
        _ column: Int?,
        _ bytes: UnsafeMutablePointer<UInt8>,
        _ end: Int,
        _ batch: inout CrowdBatch
    ) {
        note(fault, column, UnsafeBufferPointer(start: bytes + head, count: end - head), &batch)
    }

    private func note(
        _ fault: CrowdRowFault,
        _ column: Int?,
        _ line: UnsafeBufferPointer<UInt8>,
        _ batch: inout CrowdBatch
    ) {
        var line = line
        while let last = line.last, last == 0x0A || last == 0x0D { line = .init(rebasing: line.dropLast()) }
        batch.rejected.append(
            CrowdReject(
                line: cursor.line,
                row: cursor.row,
                column: column.map { $0 + 1 },
                fault: fault,
                text: CrowdReject.text(of: line)
            )
        )
    }

    private func copy(_ bytes: UnsafeMutablePointer<UInt8>, _ end: Int) -> [UInt8] {
        Array(UnsafeBufferPointer(start: bytes + head, count: end - head))
    }

    // MARK: Moving on

    @inline(__always)
    private mutating func advance(to end: Int, lines: Int) {
        cursor.offset += Int64(end - head)
        cursor.line += Int64(lines)
        head = end
    }

    /// Whether every field that was found is blank and nothing else is wrong than their number.
    private func isBlank(
        _ record: CSVRecord,
        _ fields: UnsafeMutablePointer<FieldSlice>,
        _ columns: Int
    ) -> Bool {
        guard record.contentFault == nil, record.firstLineEnd == 0, !record.traits.contains(.surplus),
            record.structureFault == nil || record.structureFault == .columnCount
        else { return false }
        return (0..<min(record.fields, columns)).allSatisfy { fields[$0].count == 0 }
    }

    @inline(__always)
    private func countLineEnd(_ end: CSVRecord.LineEnd, _ batch: inout CrowdBatch) {
        switch end {
        case .lf: batch.lineEnds.lf += 1
        case .crlf: batch.lineEnds.crlf += 1
        case .cr: batch.lineEnds.cr += 1
        case .none: break
        }
    }

    /// Copies the bytes that good rows point into, all at once.
    private mutating func flush(_ bytes: UnsafeMutablePointer<UInt8>, into batch: inout CrowdBatch) {
        if isDirty {
            batch.bytes.append(
                contentsOf: UnsafeBufferPointer(start: bytes + unflushed, count: head - unflushed)
            )
        }
        unflushed = head
        isDirty = false
    }
}
