package import Groundwork

/// A call of the send API: one template, and who gets it with which values.
package struct SendRequest: Hashable, Sendable {
    /// The most receivers of one param.
    package static let receiversPerParam = 100
    /// The most params of one batch call.
    package static let paramsPerCall = 40

    package let template: TemplateID
    package let params: [MessageParam]

    package init(template: TemplateID, params: [MessageParam]) {
        self.template = template
        self.params = params
    }
}

/// Receivers that get the same text.
package struct MessageParam: Hashable, Sendable {
    /// The caller's own key.
    package let bizID: String?
    package let receivers: [String]
    package let variables: [String: String]

    package init(bizID: String?, receivers: [String], variables: [String: String]) {
        self.bizID = bizID
        self.receivers = receivers
        self.variables = variables
    }
}

/// What became of one receiver of a call.
package struct SendVerdict: Hashable, Sendable {
    package let param: Int
    package let bizID: String?
    package let receiver: String
    package let result: Result<MessageID, SendFault>

    package init(param: Int, bizID: String?, receiver: String, result: Result<MessageID, SendFault>) {
        self.param = param
        self.bizID = bizID
        self.receiver = receiver
        self.result = result
    }
}

/// What an accepted call answers.
package struct SendReceipt: Hashable, Sendable {
    /// Template and day in 16 digits; also the tracking parameter on links.
    package let businessID: BusinessID?
    /// One for each receiver, in the call's order.
    package let verdicts: [SendVerdict]

    package init(businessID: BusinessID?, verdicts: [SendVerdict]) {
        self.businessID = businessID
        self.verdicts = verdicts
    }
}

/// Why something was refused at the door: a code that callers know, the field, and what would be right.
package struct SendFault: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable {
        case badParams = "A0001"
        case templateMissing = "A0002"
        case tooManyReceivers = "A0003"
        case templateNotSendable = "A0006"
        case variableMissing = "A0007"
        case badReceiver = "A0008"
        case campaignStopped = "A0009"
        case unavailable = "B0001"
    }

    package let code: Code
    /// The field, in the caller's spelling, such as `messageParam.receiver`.
    package let field: String
    package let message: String
    /// What is behind it, for logs: no answer to a caller shows it.
    package let cause: String?

    package init(_ code: Code, field: String, _ message: String, cause: StoreError? = nil) {
        self.code = code
        self.field = field
        self.message = message
        self.cause = cause?.description
    }

    package var description: String {
        "\(code.rawValue) \(field): \(message)" + (cause.map { " (\($0))" } ?? "")
    }
}
