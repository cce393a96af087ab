import Foundation
import Groundwork
import Scheduler
import Testing

/// An expression, a zone, a policy and an instant, as a table of a test has them.
struct CronQuestion: CustomTestStringConvertible {
    var expression: String
    var zone = "UTC"
    var policy = DaylightPolicy.vixie
    var from: String

    var testDescription: String { "\(expression) in \(zone) from \(from), \(policy.rawValue)" }

    /// The next `count` instants as the zone's clocks show them, without the year's and the offset's noise.
    func answers(_ count: Int) throws -> [String] {
        let rules = try #require(ZoneRules(named: zone), "the zone data know \(zone)")
        let expression = try CronExpression(expression)
        var last = try #require(InstantText.moment(from, in: rules), "\(from) is an instant")
        var answers: [String] = []
        while answers.count < count, let next = expression.next(after: last, in: rules, policy: policy) {
            answers.append(InstantText.local(next, in: rules))
            last = next
        }
        return answers
    }
}

/// A line of an oracle's answers.
struct OracleRow: CustomTestStringConvertible {
    let expression: String
    let zone: String
    let from: Int64
    let answers: [Int64]

    var testDescription: String { "\(expression) in \(zone) from \(from)" }

    /// Reads the table `name` of the fixtures.
    static func table(_ name: String) throws -> [OracleRow] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "tsv"))
        let text = try String(contentsOf: url, encoding: .utf8)
        return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { line in
                let parts = line.split(separator: "\t").map(String.init)
                try #require(parts.count == 4, "a row has four columns")
                return OracleRow(
                    expression: parts[0],
                    zone: parts[1],
                    from: try #require(Int64(parts[2])),
                    answers: try parts[3].split(separator: ",").map { try #require(Int64($0)) }
                )
            }
    }
}
