/// Messages in words.
enum MessageText {
    /// A line each.
    static func table(_ messages: [MessageAnswer]) -> String {
        var table = Table("MESSAGE", "RECEIVER", "STATE", "CODE", "CHANGED")
        for message in messages {
            table.add(
                message.messageId,
                message.receiver,
                message.stateName,
                message.code ?? "-",
                message.changedAt.local
            )
        }
        return table.text
    }

    /// One message with all that happened to it.
    static func story(_ message: MessageAnswer, _ events: [TraceEventAnswer]) -> String {
        var facts = Table(indent: 2)
        facts.add("state", message.final ? message.stateName : message.stateName + ", not final")
        facts.add(
            "template",
            "\(message.messageTemplateId), version \(message.templateVersion), \(message.lane)"
        )
        if let run = message.campaignRun { facts.add("campaign run", "\(run), row \(message.row)") }
        if let key = message.bizId { facts.add("biz id", key) }
        facts.add("text", message.content)
        if message.charge > 0 { facts.add("charged", "\(message.charge)") }
        if let account = message.account {
            facts.add("supplier", "account \(account)" + (message.reference.map { ", its id \($0)" } ?? ""))
        }
        if let code = message.code { facts.add("code", code) }
        var trace = Table(indent: 2)
        for event in events {
            trace.add(
                event.at.exact,
                event.stage,
                event.stateName,
                event.account.map { "account \($0)" } ?? "",
                event.detail
            )
        }
        return "\(message.messageId) to \(message.receiver.printable)\n" + facts.text + trace.text
    }
}
