import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Console

@Suite struct LinkTests {
    private static let id = BusinessID(rawValue: 2_000_000_120_300_115)

    private func keep(_ bench: ConsoleBench, code: String = "aB3dE6gH9") async throws -> TrackedLink {
        try await bench.books.keepLink(
            TrackedLink(
                code: code,
                url: "https://a.example/p?x=1&track_code_bid=\(Self.id)",
                businessID: Self.id,
                madeAt: bench.clock.calendar.now
            )
        )
    }

    @Test func `a short link leads to its address and counts who follows it, not who peeks`() async throws {
        try await ConsoleBench.use { bench in
            let link = try await keep(bench)
            let path = "/s/\(link.code)"
            for _ in 0..<2 {
                let answer = try await bench.call("GET", path, token: nil)
                #expect(answer.status == 302)
                #expect(answer.headers["location"] == link.url)
                #expect(answer.headers["cache-control"] == "no-store")
            }
            let head = try await bench.call("HEAD", path, token: nil)
            #expect(head.status == 302 && head.headers["location"] == link.url)
            for (name, value) in [
                ("User-Agent", "facebookexternalhit/1.1"),
                ("User-Agent", "Mozilla/5.0 (compatible; Baiduspider/2.0)"),
                ("Purpose", "prefetch"), ("Sec-Purpose", "prefetch;prerender"),
            ] {
                let answer = try await bench.call(
                    "GET",
                    path,
                    headers: [(name: name, value: value)],
                    token: nil
                )
                #expect(answer.status == 302)
            }
            await bench.clicks.flush()
            let listed = try await bench.get("/api/v1/links?businessId=\(Self.id)")
            #expect(listed["items.0.code"] == .text(link.code))
            #expect(listed["items.0.url"] == .text(link.url))
            #expect(listed["items.0.clicks"] == 2)
            #expect(listed["items.0.hours.0.clicks"] == 2)
            #expect(listed["items.0.hours.0.start"] == "2030-01-15T04:00:00.000Z")
        }
    }

    @Test(arguments: ["zzzzzzzz9", "short", "aB3dE6gH9x", "%2e%2e", "https:%2F%2Fevil.example"])
    func `an unknown code is answered with a page, and leads nowhere`(code: String) async throws {
        try await ConsoleBench.use { bench in
            _ = try await keep(bench)
            let answer = try await bench.call("GET", "/s/\(code)", token: nil)
            #expect(answer.status == 404)
            #expect(answer.headers["location"] == nil)
            #expect(answer.text.contains("链接不存在"))
        }
    }

    @Test func `links are listed by template and day too, page by page`() async throws {
        try await ConsoleBench.use { bench in
            let template = try await bench.template()
            let day = try #require(CalendarDay(number: 20_300_115))
            let id = try #require(BusinessID(templateType: 20, template: template.rawValue, day: day))
            for code in ["aaaaaaaa1", "bbbbbbbb1"] {
                let link = TrackedLink(
                    code: code,
                    url: "https://a.example/\(code)",
                    businessID: id,
                    madeAt: bench.clock.calendar.now
                )
                _ = try await bench.books.keepLink(link)
            }
            let path = "/api/v1/links?messageTemplateId=\(template.rawValue)&day=20300115&limit=1"
            let first = try await bench.get(path)
            #expect(first["items.0.code"] == "aaaaaaaa1" && first["next"] == "aaaaaaaa1")
            #expect(try await bench.get(path + "&after=aaaaaaaa1")["items.0.code"] == "bbbbbbbb1")
            #expect(try await bench.get("/api/v1/links").status == 400)
            #expect(try await bench.get("/api/v1/links?businessId=12").status == 400)
            #expect(try await bench.get("/api/v1/links?messageTemplateId=99&day=20300115").status == 404)
            #expect(try await bench.call("GET", path, token: nil).status == 401)
        }
    }
}
