import Groundwork

/// How late a job's runs may be.
package struct LatenessTarget: Hashable, Sendable {
    /// The longest time from when a run is due to its acceptance that is in time; from 1 ms to a day.
    package var target: Duration
    /// How many in 100 of the job's latest runs must be in time; above 0, at most 100.
    package var percent: Double

    package init(_ target: Duration, percent: Double = LatenessTarget.usualPercent) {
        self.target = target
        self.percent = percent
    }

    /// 99 in 100.
    package static let usualPercent = 99.0

    /// How many of a job's latest runs are looked at.
    static let window = 100

    /// What is wrong with it, by field.
    var faults: [FieldFault] {
        var faults: [FieldFault] = []
        if target < .milliseconds(1) || target > .seconds(86_400) {
            faults.append(FieldFault("lateness.target", "must be from 1 ms to a day"))
        }
        if !(percent > 0 && percent <= 100) {
            faults.append(FieldFault("lateness.percent", "must be above 0 and at most 100"))
        }
        return faults
    }

    /// Whether too many runs were late.
    func isMissed(by report: StageReport) -> Bool {
        Double(report.inTime) * 100 < percent * Double(report.started)
    }
}

/// As definition files and stores spell it; what is usual may be left out.
extension LatenessTarget: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case target = "target_ms"
        case percent
    }

    /// Reads it.
    ///
    /// - Parameter decoder: where the keys are.
    /// - Throws: `DecodingError` that names a missing, wrong or unknown key.
    package init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(known: CodingKeys.allCases.map(\.rawValue))
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            .milliseconds(try keys.decode(Int64.self, forKey: .target)),
            percent: try keys.decodeIfPresent(Double.self, forKey: .percent) ?? Self.usualPercent
        )
    }

    /// Writes it.
    ///
    /// - Parameter encoder: where the keys go.
    /// - Throws: what the encoder throws.
    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(target.wholeMilliseconds, forKey: .target)
        try keys.encode(percent, forKey: .percent)
    }
}
