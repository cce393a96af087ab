import Groundwork
import PushEngine

/// Reads the bodies of the send API, in the spellings that callers hold.
enum SendInput {
    static func single(_ body: inout Input) throws -> SendRequest {
        try checkCode(&body, "send")
        // Callers share one shape for sending and recalling; here it says nothing.
        _ = body.raw("recallMessageIds")
        let template: TemplateID = try body.required("messageTemplateId")
        guard let param = try body.object("messageParam", param) else {
            throw InputFault(.missing, field: "messageParam", "is missing; it must be an object")
        }
        return SendRequest(template: template, params: [param])
    }

    static func batch(_ body: inout Input) throws -> SendRequest {
        try checkCode(&body, "send")
        let template: TemplateID = try body.required("messageTemplateId")
        guard let params = try body.objects("messageParamList", param) else {
            throw InputFault(.missing, field: "messageParamList", "is missing; it must be a list of objects")
        }
        return SendRequest(template: template, params: params)
    }

    static func recall(_ body: inout Input) throws -> [String] {
        try checkCode(&body, "recall")
        for name in ["messageTemplateId", "messageParam"] { _ = body.raw(name) }
        guard let list = body.raw("recallMessageIds")?.list else {
            throw InputFault(.wrongType, field: "recallMessageIds", "must be a list of message ids")
        }
        return try list.enumerated()
            .map { index, value in
                switch value {
                case .text(let text): return text
                case .integer(let number): return String(number)
                default:
                    throw InputFault(.wrongType, field: "recallMessageIds[\(index)]", "must be a message id")
                }
            }
    }

    private static func checkCode(_ body: inout Input, _ right: String) throws {
        guard let code: String = try body.optional("code"), code != right else { return }
        throw InputFault(.outOfRange, field: "code", "must be \"\(right)\" here")
    }

    private static func param(_ input: inout Input) throws -> MessageParam {
        // Carried by older callers for channels that take more than a text.
        _ = input.raw("extra")
        return MessageParam(
            bizID: try input.optional("bizId"),
            receivers: try receivers(&input),
            variables: try variables(&input)
        )
    }

    private static func receivers(_ input: inout Input) throws -> [String] {
        let field = input.path("receiver")
        switch input.raw("receiver") {
        case .text(let text)?:
            return text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmed }
        case .list(let list)?:
            return try list.enumerated()
                .map { index, value in
                    guard case .text(let text) = value else {
                        throw InputFault(.wrongType, field: "\(field)[\(index)]", "must be a string")
                    }
                    return text
                }
        case nil: throw InputFault(.missing, field: field, "is missing")
        default:
            throw InputFault(
                .wrongType,
                field: field,
                "must be a string, joined by commas, or a list of strings"
            )
        }
    }

    /// Values may be written as numbers or truth values: they are sent as text.
    private static func variables(_ input: inout Input) throws -> [String: String] {
        guard let raw = input.raw("variables") else { return [:] }
        let field = input.path("variables")
        guard let object = raw.object else { throw InputFault(.wrongType, field: field, "must be an object") }
        var variables: [String: String] = [:]
        for member in object.members {
            switch member.value {
            case .null: continue
            case .list, .object:
                throw InputFault(.wrongType, field: "\(field).\(member.key)", "must be a string or a number")
            case .text, .integer, .number, .bool:
                guard variables.updateValue(member.value.text ?? "", forKey: member.key) == nil else {
                    throw InputFault(.repeated, field: "\(field).\(member.key)", "stands twice")
                }
            }
        }
        return variables
    }
}

extension Substring {
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
