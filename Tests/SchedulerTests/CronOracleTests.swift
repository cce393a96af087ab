import Groundwork
import Scheduler
import Testing

/// Other implementations' answers, which ours must equal.
@Suite struct CronOracleTests {
    @Test func `the quartz policy answers as Quartz does`() throws {
        let rows = try OracleRow.table("cron-quartz")
        try #require(rows.count > 300)
        for row in rows { #expect(try answers(row, .quartz) == row.answers, "\(row.testDescription)") }
    }

    @Test func `the vixie policy answers as cronsim and croniter do`() throws {
        let rows = try OracleRow.table("cron-vixie")
        try #require(rows.count > 300)
        for row in rows { #expect(try answers(row, .vixie) == row.answers, "\(row.testDescription)") }
    }

    private func answers(_ row: OracleRow, _ policy: DaylightPolicy) throws -> [Int64] {
        let rules = try #require(ZoneRules(named: row.zone))
        let expression = try CronExpression(row.expression)
        var last = Moment(millisecondsSinceEpoch: row.from)
        var answers: [Int64] = []
        while answers.count < 4, let next = expression.next(after: last, in: rules, policy: policy) {
            answers.append(next.millisecondsSinceEpoch)
            last = next
        }
        return answers
    }
}
