/// What a generated crowd file holds.
package struct CrowdRecipe: Hashable, Sendable {
    package var rows: Int
    package var seed: UInt64 = 1
    /// The share of all rows that cannot be sent to.
    package var bad = 0.0
    /// The share of all rows that repeat the recipient of an earlier good row.
    package var duplicates = 0.0
    /// The share of distinct good recipients whose number begins with 199, as no other row's does: what is meant
    /// to be sent at night can be told by it.
    package var night = 0.0
    /// The share of distinct good recipients whose number ends in 0000 to 0009, for which the supplier simulator
    /// has scripts; no other number ends so.
    package var scripted = 0.0
    /// Whether each row has an `orderId` of its own.
    package var hasOrderIDs = false

    package init(rows: Int) {
        self.rows = rows
    }

    /// How many rows of each kind there are.
    struct Counts: Hashable, Sendable {
        let good: Int
        let bad: Int
        let duplicates: Int
        let night: Int
        let scripted: Int
    }

    /// The exact counts.
    ///
    /// - Throws: `CrowdRecipeError` when the shares do not add up, or there are not enough numbers.
    func counts() throws(CrowdRecipeError) -> Counts {
        guard rows > 0 else { throw .outOfRange("rows") }
        for (name, share) in [
            ("bad", bad), ("duplicates", duplicates), ("night", night), ("scripted", scripted),
        ] {
            guard share.isFinite, 0...1 ~= share else { throw .outOfRange(name) }
        }
        let bad = Int((Double(rows) * bad).rounded())
        let duplicates = Int((Double(rows) * duplicates).rounded())
        let good = rows - bad - duplicates
        guard good >= (duplicates > 0 ? 1 : 0) else { throw .noGoodRows }
        let night = Int((Double(good) * night).rounded())
        let scripted = Int((Double(good) * scripted).rounded())
        guard night + scripted <= good else { throw .sharesExceedWhole("night", "scripted") }
        return Counts(good: good, bad: bad, duplicates: duplicates, night: night, scripted: scripted)
    }
}

/// Why a crowd cannot be generated.
package enum CrowdRecipeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A number that makes no sense: shares go from 0 to 1, and there is at least one row.
    case outOfRange(String)
    /// Bad rows and duplicates leave no good row to repeat.
    case noGoodRows
    /// Two shares of the same rows are more than all of them.
    case sharesExceedWhole(String, String)
    /// More rows of a kind than there are numbers for it: the kind and how many there are.
    case tooFewNumbers(String, Int)

    package var description: String {
        switch self {
        case .outOfRange(let name): "\(name) is out of range"
        case .noGoodRows: "bad and duplicates leave no good row"
        case .sharesExceedWhole(let one, let other): "\(one) and \(other) together exceed 1"
        case .tooFewNumbers(let kind, let count): "there are only \(count) numbers for \(kind) rows"
        }
    }
}

/// What a generated crowd file holds, exactly: what a check and a campaign over it must come to.
package struct CrowdSummary: Hashable, Sendable, Codable {
    package var seed: UInt64 = 0
    /// All data rows.
    package var rows = 0
    /// Distinct recipients that can be sent to.
    package var good = 0
    /// Rows that repeat the recipient of an earlier good row.
    package var duplicates = 0
    /// Rows that cannot be sent to, in all.
    package var bad = 0
    /// The same by code.
    package var badByCode: [String: Int] = [:]
    /// Good recipients whose number begins with 199.
    package var night = 0
    /// Good recipients whose number ends in 0000 to 0009.
    package var scripted = 0
}
