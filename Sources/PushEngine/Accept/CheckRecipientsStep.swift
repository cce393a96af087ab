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
            guard task.lane.channel != .sms || SMSLength(text, tariff: .mainland) != nil else {
                let fault = SendFault(.badParams, field: field + ".variables", "the text is empty")
                context.refuse(param: paramIndex, of: request, fault)
                continue
            }
            let content = UInt16(task.contents.count)
            task.contents.append(Array(text.utf8))
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
        dropEmptyTexts(&task, batch, &context)
        context.task = task
    }

    /// A row whose text is empty would send nothing: it is refused like a bad one.
    private func dropEmptyTexts(_ task: inout SendTask, _ batch: CrowdBatch, _ context: inout SendContext) {
        let empty = Set((0..<task.contents.count).filter { task.contents[$0].isEmpty })
        guard !empty.isEmpty else { return }
        var kept = ByteTable()
        var index: [UInt16] = []
        var rows: [Int64] = []
        var lines: [Int64] = []
        for place in 0..<task.count {
            if empty.contains(Int(task.contentIndex[place])) {
                context.rejects.append(
                    RowReject(
                        row: batch.rows[place],
                        line: batch.lines[place],
                        column: "",
                        code: "TEXT_EMPTY",
                        text: ""
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
