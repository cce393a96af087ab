import Groundwork
import Hummingbird
import PushEngine

/// How often the links of a template's messages of a day were followed.
struct LinkRoutes {
    let links: any LinkStore
    let templates: any TemplateStore

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/links", list)
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let (text, template, day, after, limit) = try call.query { query in
            (
                try query.optional("businessId") as String?,
                try query.optional("messageTemplateId") as TemplateID?,
                try query.optional("day") as CalendarDay?,
                try query.optional("after") as String?,
                try query.limit()
            )
        }
        let id: BusinessID
        switch (text, template, day) {
        case (let text?, nil, nil):
            guard let known = BusinessID(text) else {
                throw InputFault(.wrongType, field: "businessId", "must be 16 digits that end in a day")
            }
            id = known
        case (nil, let template?, let day?): id = try await businessID(of: template, on: day)
        default:
            throw InputFault(.missing, field: "businessId", "give businessId, or messageTemplateId and day")
        }
        let found = try await links.links(of: id, after: after, limit: limit)
        return .page(found, limit: limit, next: { .text($0.link.code) }, \.json)
    }

    private func businessID(of template: TemplateID, on day: CalendarDay) async throws -> BusinessID {
        let type = try await templates.template(template)?.latest.draft.templateType.rawValue
        let id = type.flatMap { BusinessID(templateType: $0, template: template.rawValue, day: day) }
        guard let id else { throw CatalogueFault.notFound("template \(template.rawValue)") }
        return id
    }
}

extension LinkClicks {
    fileprivate var json: WireObject {
        [
            "code": .text(link.code), "url": .text(link.url), "businessId": .text("\(link.businessID)"),
            "campaignRun": link.campaignRun.map { .id($0) } ?? .null,
            "madeAt": .instant(link.madeAt), "clicks": .number(count),
            "hours": .objects(hours.map { ["start": .instant($0.start), "clicks": .number($0.count)] }),
        ]
    }
}
