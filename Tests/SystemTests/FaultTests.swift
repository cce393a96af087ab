import Foundation
import TestKit
import Testing

@testable import KPush

/// The fault harness as a person starts it, with few rows.
@Suite(.timeLimit(.minutes(10))) struct FaultTests {
    @Test func `a small cluster loses and doubles nothing when each role is killed and Redis is flushed`()
        async throws
    {
        let folder = try TemporaryFolder()
        let verdicts = folder.file("verdicts.json")
        let ending = try await Program.run([
            "faults", "--short", "--data", folder.file("faults"), "--json", verdicts,
        ])
        let rows = try JSONDecoder()
            .decode(
                [FaultVerdict].self,
                from: Data(contentsOf: URL(fileURLWithPath: verdicts))
            )
        #expect(ending.status == (rows.allSatisfy(\.holds) ? 0 : 1), "\(ending.output)\(ending.complaints)")
        #expect(rows.map(\.scenario) == FaultScenario.few.map(\.name))
        for row in rows {
            #expect(row.skipped == nil)
            #expect(row.lost == 0, "\(row.scenario)")
            #expect(row.doubled == 0, "\(row.scenario)")
            #expect(row.accepted > 10_000 && row.accepted == row.final + row.unknown, "\(row.scenario)")
            #expect(row.runs > 0 && row.runsDoubled == 0 && row.runsMissed == 0, "\(row.scenario)")
            #expect(row.strangeAnswers == 0, "\(row.scenario)")
            // Something may take longer than promised on a machine that is busy with something else; the rest holds anywhere.
            let broken = row.checks.filter { !$0.holds && !$0.isOfTime }.map(\.text)
            #expect(!row.checks.isEmpty && broken.isEmpty, "\(row.scenario)")
        }
    }
}
