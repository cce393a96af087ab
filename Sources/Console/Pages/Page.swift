import Foundation
import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore
import People

/// One page: which template shows what.
struct Page: Sendable {
    /// The entries of the menu.
    enum Section: String, Sendable, CaseIterable {
        case overview
        case campaigns
        case messages
        case templates
        case suppressions
        case accounts
        case reconciliations
        case jobs
        case runs
        case executors
        case users

        var path: String { self == .overview ? "/" : "/\(rawValue)" }
    }

    /// The template, and the section it belongs to.
    let template: String
    let section: Section?
    let title: String
    let model: any Sendable
    var status = Status.ok

    typealias Status = HTTPTypes.HTTPResponse.Status

    init(_ template: String, _ section: Section?, title: String, _ model: any Sendable) {
        self.template = template
        self.section = section
        self.title = title
        self.model = model
    }
}

/// Puts pages and parts of pages into HTML, with what surrounds them.
struct PageRenderer: Sendable {
    let library: PageLibrary

    /// Allows our own files and nothing else: no script or style inside a page, no frame around it.
    static let contentPolicy = """
        default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
        object-src 'none'
        """

    /// The answer that shows a page.
    ///
    /// - Throws: `ConsoleError` when its template is missing.
    func response(_ page: Page, for visit: Visit) throws(ConsoleError) -> Response {
        var values = values(page.model, for: visit)
        values["title"] = page.title
        values["section"] = page.section?.rawValue
        let role = visit.caller?.role
        let sections = Page.Section.allCases.filter { section in
            guard let role, let need = AccessRules.need(.get, section.path) else { return false }
            return role >= need
        }
        values["menu"] = sections.map { section in
            MenuEntry(
                path: section.path,
                name: visit.say("nav-\(section.rawValue)"),
                isCurrent: section == page.section
            )
        }
        values["style"] = library.assets.style.path
        values["script"] = library.assets.script.path
        values["languages"] = Language.allCases.map { language in
            LanguageEntry(
                code: language.rawValue,
                name: language.ownName,
                path: "/language/\(language.rawValue)?to=\(visit.address.percentEncoded)",
                isCurrent: language == visit.say.language
            )
        }
        values["isSignedIn"] = visit.caller != nil
        values["caller"] = visit.caller?.name
        values["notice"] = visit.notice
        let html = try library.html(page.template, values)
        return Response(
            status: page.status,
            headers: Self.headers("text/html; charset=utf-8", visit.say.language),
            body: ResponseBody(byteBuffer: ByteBuffer(string: html))
        )
    }

    /// The answer that is a part of a page, for the script of one that is open.
    ///
    /// - Throws: `ConsoleError` when its template is missing.
    func response(
        _ template: String,
        _ model: any Sendable,
        for visit: Visit
    ) throws(ConsoleError) -> Response {
        let html = try part(template, model, for: visit)
        return Response(
            status: .ok,
            headers: Self.headers("text/html; charset=utf-8", visit.say.language),
            body: ResponseBody(byteBuffer: ByteBuffer(string: html))
        )
    }

    /// The HTML of a part of a page, as `response` shows it inside the page.
    ///
    /// - Throws: `ConsoleError` when its template is missing.
    func part(_ template: String, _ model: any Sendable, for visit: Visit) throws(ConsoleError) -> String {
        try library.html(template, values(model, for: visit))
    }

    private func values(_ model: any Sendable, for visit: Visit) -> [String: Any] {
        [
            "w": library.words.texts(in: visit.say.language),
            "page": model,
            "formToken": visit.formToken.reveal(),
            "language": visit.say.language.rawValue,
            "zone": visit.say.zoneName,
        ]
    }

    private static func headers(_ type: String, _ language: Language) -> HTTPFields {
        var headers: HTTPFields = [.contentType: type, .cacheControl: "no-store"]
        headers[.contentLanguage] = language.rawValue
        headers[.vary] = "Cookie, Accept-Language"
        if let name = HTTPField.Name("Content-Security-Policy") { headers[name] = contentPolicy }
        if let name = HTTPField.Name("X-Content-Type-Options") { headers[name] = "nosniff" }
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "same-origin" }
        return headers
    }

    private struct MenuEntry: Sendable {
        let path: String
        let name: String
        let isCurrent: Bool
    }

    private struct LanguageEntry: Sendable {
        let code: String
        let name: String
        let path: String
        let isCurrent: Bool
    }
}
