import Groundwork
import HTTPTypes
import People
import Scheduler
import TestKit
import Testing

@testable import Console

/// Pages offer what their reader may do, and nothing that would be refused.
@Suite struct OfferTests {
    /// One of everything that has a page.
    private static func stock(_ bench: ConsoleBench) async throws -> [AccessRules.Belonging: String] {
        try await bench.executor()
        let run = try await bench.running()
        _ = try await bench.template()
        #expect(try await bench.post("/api/v1/groups", #"{"name":"reports"}"#).status == 201)
        return [.run: "\(run.id)", .job: "\(run.plan.job)"]
    }

    /// Where the page's forms and links to forms lead.
    private static func offers(_ page: ConsoleBench.Answer) -> (forms: [String], links: [String]) {
        let forms = page.text.matches(of: /(?:method="post" action|formaction)="([^"?]+)/)
            .map { String($0.1) }
        let links = page.text.matches(of: /href="(\/[^"?]*\/(?:new|copy|edit|clear|backfill|austin))["?]/)
            .map { String($0.1) }
        return (forms.filter { $0 != "/sign-out" }, links)
    }

    @Test(arguments: Role.allCases)
    func `a page offers nothing that would be refused`(role: Role) async throws {
        try await ConsoleBench.use { bench async throws in
            let ids = try await Self.stock(bench)
            var browser = try await Browser.signedIn(bench, as: role)
            var seen: Set<String> = []
            for address in try AccessRuleTests.addresses(bench)
            where address.method == .get && !address.path.hasPrefix("/api/") && !address.isEndless {
                let page = try await browser.get(address.sample(ids))
                guard page.status == 200 else { continue }
                let (forms, links) = Self.offers(page)
                for form in forms {
                    let need = try #require(AccessRules.need(.post, form), "\(form)")
                    #expect(role >= need, "\(address.path) offers \(form)")
                }
                for link in links {
                    let need = try #require(AccessRules.need(.get, link), "\(link)")
                    #expect(role >= need, "\(address.path) leads to \(link)")
                }
                seen.formUnion(forms + links)
            }
            // What is hidden from one is there for another.
            #expect(seen.contains("/profile/password"))
            #expect(seen.contains("/jobs/\(ids[.job] ?? "")/trigger") == (role >= .operator))
            #expect(seen.contains("/runs/\(ids[.run] ?? "")/kill") == (role >= .operator))
            #expect(seen.contains("/jobs/new") == (role >= .operator))
            #expect(seen.contains("/suppressions/add") == (role >= .operator))
            #expect(seen.contains("/executors/new") == (role == .admin))
            #expect(seen.contains("/executors/1/token") == (role == .admin))
            #expect(seen.contains("/users/add") == (role == .admin))
        }
    }
}
