import Testing

@testable import PushEngine

/// Wherever batches end and reading stops, the outcome is the same.
@Suite struct CrowdResumeTests {
    /// A file of every kind of row, drawn at random.
    private func crowd(_ random: inout SeededRandom) -> CrowdText {
        var bytes = Array("userId,name,city\n".utf8)
        let pieces: [[UInt8]] = [
            Array("13800138000,Ann,Paris".utf8), Array("+86 139-0013-9000,\"Li, Lei\",北京".utf8),
            Array("13800138000,\"a\nb\",\"say \"\"hi\"\"\"".utf8), Array("13800138000,ab\"c,d".utf8),
            Array("13800138000,\"open,d".utf8), Array("\"".utf8), Array("\"\"\"".utf8),
            Array("x,\"\"\"".utf8),
            Array("13800138000,a".utf8), Array("".utf8), Array(",,".utf8), [0x31, 0xC4, 0xE3, 0x2C, 0x2C],
            Array("1.38E+10,a,b".utf8), Array("13800138000,a\0b,c".utf8), Array("13800138000,👨‍👩‍👧,c".utf8),
            Array("=\"13800138000\",a,b".utf8), Array("13800138000,a,b,,".utf8),
        ]
        for _ in 0..<Int.random(in: 1...60, using: &random) {
            bytes += pieces.randomElement(using: &random) ?? []
            bytes += [[0x0A], [0x0D, 0x0A], [0x0D]].randomElement(using: &random) ?? []
        }
        if Bool.random(using: &random) { bytes.removeLast() }
        return CrowdText(bytes)
    }

    private func read(
        _ crowd: CrowdText,
        _ layout: CrowdLayout,
        from cursor: CrowdCursor? = nil,
        to end: Int64? = nil,
        random: inout SeededRandom
    ) async throws -> CrowdRows {
        var reading = CrowdReading()
        reading.chunk = Int.random(in: 16...64, using: &random)
        reading.batchBytes = Int.random(in: 1...200, using: &random)
        var rows = CrowdRows()
        var reader = try CrowdFileReader(crowd, layout: layout, reading: reading, from: cursor, to: end)
        while !reader.isAtEnd {
            rows.add(try await reader.nextBatch(maxRows: Int.random(in: 1...5, using: &random)))
            // As after a crash: a new reader at the committed cursor.
            if Bool.random(using: &random) {
                let committed = reader.cursor
                reader = try CrowdFileReader(
                    crowd,
                    layout: layout,
                    reading: reading,
                    from: committed,
                    to: end
                )
            }
        }
        return rows
    }

    @Test(arguments: 1...40)
    func `batches, chunks and restarts change nothing`(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<10 {
            let crowd = crowd(&random)
            let layout = try await crowd.layout()
            var whole = CrowdRows()
            var reading = CrowdReading()
            reading.batchBytes = .max
            var reader = try CrowdFileReader(crowd, layout: layout, reading: reading)
            whole.add(try await reader.nextBatch(maxRows: .max))
            let isAtEnd = reader.isAtEnd
            #expect(isAtEnd)
            var pieces = try await read(crowd, layout, random: &random)
            if pieces.end == nil { pieces.end = whole.end }
            #expect(pieces == whole)
        }
    }

    @Test(arguments: 1...20)
    func `shards read side by side give what one reader gives`(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed &+ 1_000)
        let text = CrowdText(crowd(&random).bytes + crowd(&random).bytes.dropFirst(17))
        let layout = try await text.layout()
        var settings = CrowdSurvey.Settings()
        settings.shardSize = Int64.random(in: 1...300, using: &random)
        settings.batchRows = 3
        guard let survey = try? await CrowdSurvey.make(of: text, layout: layout, settings: settings)
        else {
            // The draw has no rows at all: nothing to cut.
            return
        }
        var expected = try await text.rows()
        var joined = CrowdRows()
        for shard in survey.shards {
            let part = try await read(text, layout, from: shard.cursor, to: shard.end, random: &random)
            joined.rows += part.rows
            joined.rejected += part.rejected
            joined.emptyLines += part.emptyLines
            joined.repaired += part.repaired
            joined.lineEnds += part.lineEnds
        }
        joined.end = expected.end
        expected.end = joined.end
        #expect(joined == expected)
        #expect(survey.shards.first?.start == layout.body.offset)
        #expect(survey.shards.last?.end == Int64(text.bytes.count))
        #expect(zip(survey.shards, survey.shards.dropFirst()).allSatisfy { $0.end == $1.start })
    }

    @Test(arguments: 1...20)
    func `a good row is never lost to a bad neighbour`(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed &+ 2_000)
        let bad = [
            "13800138000,\"open,d", "13800138000,ab\"c,d", "\"", "x", "13800138000,a\0,b", "1380,\"a,b",
        ]
        var text = "userId,name,city\n"
        var expected = 0
        for _ in 0..<500 {
            if Int.random(in: 0..<3, using: &random) == 0 {
                text += (bad.randomElement(using: &random) ?? "") + "\n"
            } else {
                expected += 1
                text += "13800138000,\(expected),Paris\n"
            }
        }
        let rows = try await CrowdText(text).rows()
        #expect(rows.rows.map { $0.fields[1] } == (1...max(1, expected)).map(String.init))
        #expect(rows.rows.count + rows.rejected.count == 500)
    }
}
