import Foundation

/// What goes wrong at a simulated supplier by chance, and how long things take there.
///
/// Ratios are shares from 0 to 1. Over `/_sim/faults` each field may be given alone; the others keep their value.
package struct SimulatorFaults: Sendable, Hashable, Encodable {
    /// Every call is answered with HTTP 503.
    package var outage = false
    /// The shortest and the longest time before an answer, in milliseconds.
    package var latencyMin = 0
    package var latencyMax = 0

    /// Calls answered with HTTP 500, nothing accepted.
    package var transientRatio = 0.0
    /// Calls refused for the account's rate, nothing accepted.
    package var throttledRatio = 0.0
    /// Calls whose connection is reset, nothing accepted.
    package var resetRatio = 0.0
    /// Calls that are accepted and answered with HTTP 502 by a gateway.
    package var badGatewayRatio = 0.0
    /// Calls that are accepted and never answered.
    package var withheldRatio = 0.0
    /// Calls that are accepted and whose answer is cut short.
    package var truncatedRatio = 0.0

    /// How long after acceptance a receipt comes, in milliseconds: this, and up to the jitter more.
    package var receiptDelay = 1_000
    package var receiptJitter = 0
    /// Accepted messages that are not delivered.
    package var failRatio = 0.0
    /// Receipts that never come; a query still knows.
    package var receiptLossRatio = 0.0
    /// Receipts that come twice.
    package var receiptDuplicateRatio = 0.0
    /// Receipts that come later than those of messages accepted after them.
    package var receiptReorderRatio = 0.0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case outage
        case latencyMin = "latency_min_ms"
        case latencyMax = "latency_max_ms"
        case transientRatio = "transient_ratio"
        case throttledRatio = "throttled_ratio"
        case resetRatio = "reset_ratio"
        case badGatewayRatio = "bad_gateway_ratio"
        case withheldRatio = "withheld_ratio"
        case truncatedRatio = "truncated_ratio"
        case receiptDelay = "receipt_delay_ms"
        case receiptJitter = "receipt_jitter_ms"
        case failRatio = "fail_ratio"
        case receiptLossRatio = "receipt_loss_ratio"
        case receiptDuplicateRatio = "receipt_duplicate_ratio"
        case receiptReorderRatio = "receipt_reorder_ratio"
    }
}

extension SimulatorFaults: DecodableWithConfiguration {
    /// Reads fields over those of `old`; one that is missing keeps its value.
    init(from decoder: any Decoder, configuration old: SimulatorFaults) throws {
        self = old
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func take<Value: Decodable>(_ path: WritableKeyPath<SimulatorFaults, Value>, _ key: CodingKeys) throws
        {
            if let value = try fields.decodeIfPresent(Value.self, forKey: key) { self[keyPath: path] = value }
        }
        try take(\.outage, .outage)
        try take(\.latencyMin, .latencyMin)
        try take(\.latencyMax, .latencyMax)
        try take(\.transientRatio, .transientRatio)
        try take(\.throttledRatio, .throttledRatio)
        try take(\.resetRatio, .resetRatio)
        try take(\.badGatewayRatio, .badGatewayRatio)
        try take(\.withheldRatio, .withheldRatio)
        try take(\.truncatedRatio, .truncatedRatio)
        try take(\.receiptDelay, .receiptDelay)
        try take(\.receiptJitter, .receiptJitter)
        try take(\.failRatio, .failRatio)
        try take(\.receiptLossRatio, .receiptLossRatio)
        try take(\.receiptDuplicateRatio, .receiptDuplicateRatio)
        try take(\.receiptReorderRatio, .receiptReorderRatio)
    }
}
