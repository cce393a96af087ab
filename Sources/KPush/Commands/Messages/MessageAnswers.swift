import PushEngine

/// What became of one receiver of a call.
struct SendVerdict: Decodable, Sendable {
    let receiver: String
    let bizId: String?
    let messageId: String?
    let businessId: String?
    let code: String?
    let field: String?
    let msg: String?
}

/// What became of a call.
struct SendAnswer: Decodable, Sendable {
    let msg: String
    let data: [SendVerdict]
}

/// What became of one message that was to be taken back.
struct RecallVerdict: Decodable, Sendable {
    let messageId: String
    let result: String
    let stateName: String?
}

/// What became of a recall.
struct RecallAnswer: Decodable, Sendable {
    let msg: String
    let data: [RecallVerdict]
}

/// One message to one recipient.
struct MessageAnswer: Decodable, Sendable {
    let messageId: String
    let receiver: String
    let messageTemplateId: Int64
    let templateVersion: Int
    let lane: String
    let campaignRun: Int64?
    let row: Int64
    let bizId: String?
    let content: String
    let state: Int
    let stateName: String
    let final: Bool
    let account: Int64?
    let reference: String?
    let charge: Int
    let code: String?
    let acceptedAt: APIInstant
    let changedAt: APIInstant

    /// Whether it reached its recipient as far as its supplier tells: of some, having taken it is the last word.
    var endedWell: Bool { [DeliveryState.delivered, .sent].map(\.rawValue).contains(state) }
}

/// One thing that happened to a message.
struct TraceEventAnswer: Decodable, Sendable {
    let at: APIInstant
    let stage: String
    let stateName: String
    let account: Int64?
    let detail: String
}
