import Groundwork

/// Turns addresses into their one spelling and leaves those out that cannot be reached, each with its reason.
struct CheckRecipientsStep: SendStep {
    func apply(to context: inout SendContext) async throws(SendFault) {
        switch context.input {
        case .request(let request): check(request, &context)
        case .crowd(let stretch): check(stretch, &context)
        }
    }

    private func check(_ request: SendRequest, _ context: inout SendContext) {
        guard var task = context.task else { return }
        let form = task.lane.channel.addressForm
        for (paramIndex, param) in request.params.enumerated() {
            guard let text = context.texts[paramIndex] else { continue }
            let field = request.params.count == 1 ? "messageParam" : "messageParamList[\(paramIndex)]"
            let bytes = Array(text.utf8)
            if let fault = TextFault(bytes.span, on: task.lane.channel) {
                let fault = SendFault(.badParams, field: field + ".variables", "the text \(fault.reason)")
                context.refuse(param: paramIndex, of: request, fault)
                continue
            }
            let content = UInt16(task.contents.count)
            task.contents.append(bytes)
            for (index, receiver) in param.receivers.enumerated() {
                do {
                    task.recipients.append(Array(try form.spelling(of: receiver).utf8))
                    task.contentIndex.append(content)
                    context.entries.append(SendContext.Entry(param: paramIndex, receiver: index))
                } catch {
                    let fault = SendFault(
                        .badReceiver,
                        field: "\(field).receiver[\(index)]",
                        "\(error.code): \(error.hint)"
                    )
                    context.refusals.append(
                        SendContext.Refusal(param: paramIndex, receiver: index, fault: fault)
                    )
                }
            }
        }
        context.task = task
    }

    private func check(_ stretch: CrowdStretch, _ context: inout SendContext) {
        guard var task = context.task else { return }
        let batch = stretch.batch
        if task.lane.channel.addressForm == .phone {
            task.recipients.reserve(strings: batch.count, bytes: batch.count * 14)
            for number in batch.phones {
                task.recipients.append { number.appendE164(to: &$0) }
            }
        } else {
            task.recipients = batch.addresses
        }
        context.rows = batch.rows
        context.lines = batch.lines
        context.rejects = batch.rejected.map { reject in
            RowReject(
                row: reject.row,
                line: reject.line,
                column: reject.columnName(stretch.columns) ?? "",
                code: reject.code,
                text: reject.text
            )
        }
        dropUnfitTexts(&task, batch, &context)
        context.task = task
    }

    /// A row whose text cannot be sent is refused like a bad one.
    private func dropUnfitTexts(_ task: inout SendTask, _ batch: CrowdBatch, _ context: inout SendContext) {
        var faults: [UInt16: TextFault] = [:]
        for index in 0..<task.contents.count {
            faults[UInt16(index)] = TextFault(task.contents[index].span, on: task.lane.channel)
        }
        guard !faults.isEmpty else { return }
        var kept = ByteTable()
        var index: [UInt16] = []
        var rows: [Int64] = []
        var lines: [Int64] = []
        for place in 0..<task.count {
            if let fault = faults[task.contentIndex[place]] {
                context.rejects.append(
                    RowReject(
                        row: batch.rows[place],
                        line: batch.lines[place],
                        column: "",
                        code: fault.code,
                        text: fault == .empty ? "" : fault.reason
                    )
                )
            } else {
                kept.append(task.recipients[place])
                index.append(task.contentIndex[place])
                rows.append(batch.rows[place])
                lines.append(batch.lines[place])
            }
        }
        task.recipients = kept
        task.contentIndex = index
        context.rows = rows
        context.lines = lines
    }
}

/// Why a text cannot be sent as it came out with its values.
private enum TextFault: Hashable {
    case empty
    /// An SMS of more characters than suppliers take.
    case tooLong(characters: Int)

    private static let limit = SMSContentRules().bodyLimit

    init?(_ text: Span<UInt8>, on channel: Channel) {
        if text.isEmpty {
            self = .empty
        } else if channel == .sms, text.count > Self.limit,
            let length = SMSLength(utf8: text, tariff: .mainland), length.units > Self.limit
        {
            self = .tooLong(characters: length.units)
        } else {
            return nil
        }
    }

    /// The code that people see.
    var code: String {
        switch self {
        case .empty: "TEXT_EMPTY"
        case .tooLong: "TEXT_TOO_LONG"
        }
    }

    /// What is wrong, as the end of a sentence about the text.
    var reason: String {
        switch self {
        case .empty: "is empty"
        case .tooLong(let characters): "has \(characters) characters; at most \(Self.limit)"
        }
    }
}
