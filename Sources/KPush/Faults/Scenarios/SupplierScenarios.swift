import Foundation
import Groundwork
import LocalServers
import PushEngine
import Suppliers

extension FaultScenario {
    static let supplierGarbage = FaultScenario(
        name: "supplier-garbage",
        promise: "the campaign's supplier answers what nobody can read; other messages do not notice",
        span: .seconds(20),
        splitsSuppliers: true,
        limits: FaultLimits(stall: .seconds(6), unanswered: 1...Int.max, latency: .seconds(2))
    ) { stage in
        try await stage.pause(.seconds(2))
        await stage.note("answers cut short for 10 s")
        try await stage.simulator.setFaults(["truncated_ratio": .number(1)], at: .aliyun)
        try await stage.pause(.seconds(10))
        try await stage.simulator.setFaults(["truncated_ratio": .number(0)], at: .aliyun)
    }

    static let supplierSilent = FaultScenario(
        name: "supplier-silent",
        promise: "the campaign's supplier takes calls and never answers; other messages do not notice",
        span: .seconds(20),
        splitsSuppliers: true,
        limits: FaultLimits(stall: .seconds(15), unanswered: 1...Int.max, latency: .seconds(2))
    ) { stage in
        try await stage.pause(.seconds(2))
        await stage.note("no answers for 12 s")
        try await stage.simulator.setFaults(["withheld_ratio": .number(1)], at: .aliyun)
        try await stage.pause(.seconds(12))
        try await stage.simulator.setFaults(["withheld_ratio": .number(0)], at: .aliyun)
    }

    static let poison = FaultScenario(
        name: "poison",
        promise:
            "a batch that cannot be read ends as a dead letter with the reason, and others do not notice",
        span: .seconds(20),
        limits: FaultLimits(stall: .seconds(6), latency: .seconds(4))
    ) { stage in
        let newest = "SELECT id FROM batch WHERE run IS NOT NULL AND queued > 0 ORDER BY id DESC LIMIT 1"
        let database = stage.cluster.postgres
        // Two of them are being worked on, and have been read.
        let waiting = "SELECT id FROM batch WHERE run IS NOT NULL AND queued > 0"
        try await waited(for: "nothing waits") { try await database.query(waiting, in: "kpush").count >= 4 }
        try await database.run(
            """
            CREATE TABLE spoilt AS SELECT id, task FROM batch WHERE id IN (\(newest));
            UPDATE batch SET task = '\\x00' WHERE id IN (SELECT id FROM spoilt)
            """,
            in: "kpush"
        )
        let id = try await database.query("SELECT id FROM spoilt", in: "kpush").first.flatMap { Int64($0) }
        guard let id else { throw DemoError("no batch waits that could be spoilt") }
        await stage.note("stored batch spoilt")
        let queue = stage.composition.engine.queue
        await stage.expect("a dead letter", within: .seconds(60)) {
            try await queue.deadLetters(before: nil, limit: 10).contains { $0.message.batch.rawValue == id }
        }
        let letter = try await queue.deadLetters(before: nil, limit: 10)
            .first { $0.message.batch.rawValue == id }
        await stage.expect("its reason: \(letter?.reason ?? "none")", letter?.reason.isEmpty == false)
        try await database.run(
            "UPDATE batch SET task = spoilt.task FROM spoilt WHERE batch.id = spoilt.id",
            in: "kpush"
        )
        await stage.note(repair: "repaired and revived")
        try await queue.revive(BatchID(rawValue: id))
    }
}
