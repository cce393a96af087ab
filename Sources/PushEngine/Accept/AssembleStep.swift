import Groundwork

/// Puts the values into the text and the tracking parameter on its links.
struct AssembleStep: SendStep {
    let calendar: BusinessCalendar
    /// Nil where links stay as they are.
    let links: ShortLinks?

    func apply(to context: inout SendContext) async throws(SendFault) {
        guard let template = context.template else {
            throw SendFault(.unavailable, field: "messageTemplateId", "no template was loaded")
        }
        context.businessID = CalendarDay(number: calendar.day(of: context.acceptedAt))
            .flatMap { day in
                BusinessID(
                    templateType: template.draft.templateType.rawValue,
                    template: template.id.rawValue,
                    day: day
                )
            }
        context.task = SendTask(
            template: template.id,
            templateVersion: template.version,
            lane: template.draft.lane,
            shield: template.draft.shield,
            account: template.draft.account,
            isSticky: template.draft.isSticky,
            campaignRun: nil,
            acceptedAt: context.acceptedAt
        )
        let content = try await content(of: template, context)
        switch context.input {
        case .request(let request): assemble(request, content, &context)
        case .crowd(let stretch): try assemble(stretch, content, &context)
        }
    }

    /// The template's content, with short links where they are wanted.
    private func content(
        of template: CompiledTemplate,
        _ context: SendContext
    ) async throws(SendFault) -> ContentTemplate {
        guard let links, let id = context.businessID else { return template.content }
        let run: CampaignRunID? = if case .crowd(let stretch) = context.input { stretch.run } else { nil }
        do throws(StoreError) { return try await links.content(of: template, id, for: run) } catch {
            throw SendFault(
                .unavailable,
                field: "messageTemplateId",
                "the template's short links cannot be stored",
                cause: error
            )
        }
    }

    private func assemble(
        _ request: SendRequest,
        _ content: ContentTemplate,
        _ context: inout SendContext
    ) {
        for (index, param) in request.params.enumerated() {
            do {
                let text = try content.render(param.variables, tracking: context.businessID)
                context.texts.append(text)
            } catch {
                context.texts.append(nil)
                context.refuse(param: index, of: request, Self.fault(error, index, request.params.count))
            }
        }
    }

    private static func fault(_ error: RenderingError, _ index: Int, _ count: Int) -> SendFault {
        let field = count == 1 ? "messageParam" : "messageParamList[\(index)]"
        switch error {
        case .missing(let names):
            return SendFault(
                .variableMissing,
                field: field + ".variables",
                "the template needs \(names.map { "{$\($0)}" }.joined(separator: ", "))"
            )
        }
    }

    private func assemble(
        _ stretch: CrowdStretch,
        _ content: ContentTemplate,
        _ context: inout SendContext
    ) throws(SendFault) {
        let columns = content.variables.map { name in
            stretch.columns.firstIndex { $0.lowercased() == name.lowercased() }
        }
        guard columns.allSatisfy({ $0 != nil }) else {
            let missing = zip(content.variables, columns).filter { $0.1 == nil }.map(\.0)
            throw SendFault(
                .variableMissing,
                field: "crowd",
                "the crowd file has no column \(missing.joined(separator: ", "))"
            )
        }
        let renderer = Renderer(
            content,
            columns: columns.compactMap(\.self),
            tracking: context.businessID
        )
        var texts = RenderedTexts()
        renderer.render(stretch.batch, into: &texts)
        context.task?.campaignRun = stretch.run
        var contents = ContentTable()
        var index: [UInt16] = []
        index.reserveCapacity(texts.count)
        for row in 0..<texts.count {
            index.append(contents.place(of: texts, row))
        }
        context.task?.contents = contents.table
        context.task?.contentIndex = index
    }
}

/// Stores each distinct text once.
private struct ContentTable {
    private(set) var table = ByteTable()
    private var places: [UInt64: UInt16] = [:]

    mutating func place(of texts: RenderedTexts, _ row: Int) -> UInt16 {
        let range = texts.range(row)
        let hash = texts.bytes.withUnsafeBytes {
            ContentHash.of(UnsafeRawBufferPointer(rebasing: $0[range]))
        }
        if let place = places[hash], table[Int(place)].elementsEqual(texts.bytes[range]) { return place }
        let place = UInt16(table.count)
        table.append(texts.bytes[range])
        places[hash] = place
        return place
    }
}

extension SendContext {
    /// Refuses every receiver of one param for the same reason.
    mutating func refuse(param: Int, of request: SendRequest, _ fault: SendFault) {
        for receiver in request.params[param].receivers.indices {
            refusals.append(Refusal(param: param, receiver: receiver, fault: fault))
        }
    }
}
