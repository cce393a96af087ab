import Foundation
import Groundwork
import Testing

@testable import Console

/// Somebody in front of the console: keeps cookies, and presses buttons as pages offer them.
struct Browser {
    let bench: ConsoleBench
    var cookies: [String: String] = [:]
    var language = Language.english

    /// One that typed the token.
    static func signedIn(_ bench: ConsoleBench, _ language: Language = .english) async throws -> Browser {
        var browser = Browser(bench: bench, language: language)
        let answer = try await browser.signIn(ConsoleBench.token)
        try #require(answer.status == 303)
        return browser
    }

    /// Fills the sign-in page in and sends it.
    mutating func signIn(_ token: String, to: String = "/") async throws -> ConsoleBench.Answer {
        let page = try await get("/sign-in" + Visit.text(["to": to]))
        return try await post("/sign-in", ["form_token": formToken(in: page), "token": token, "to": to])
    }

    mutating func get(
        _ path: String,
        headers: [(name: String, value: String)] = []
    ) async throws -> ConsoleBench.Answer {
        try await call("GET", path, [], headers)
    }

    mutating func post(_ path: String, _ form: [String: String]) async throws -> ConsoleBench.Answer {
        let body = Array(Visit.text(form).utf8.dropFirst())
        return try await call("POST", path, body, [("Content-Type", "application/x-www-form-urlencoded")])
    }

    /// Presses the button that leads to `path`, as the page `on` offers it; gives the page it leads to.
    mutating func press(
        _ path: String,
        on page: String,
        _ more: [String: String] = [:]
    ) async throws -> ConsoleBench.Answer {
        let shown = try await get(page)
        try #require(shown.text.contains("action=\"\(path)\""), "\(page) has no button for \(path)")
        var form = more
        form["form_token"] = try formToken(in: shown)
        let answer = try await post(path, form)
        guard answer.status == 303 else { return answer }
        return try await get(try #require(answer.headers["location"]))
    }

    func formToken(in page: ConsoleBench.Answer) throws -> String {
        let found = try #require(page.text.firstMatch(of: /name="form_token" value="([0-9a-f]+)"/))
        return String(found.1)
    }

    private mutating func call(
        _ method: String,
        _ path: String,
        _ body: [UInt8],
        _ headers: [(name: String, value: String)]
    ) async throws -> ConsoleBench.Answer {
        var headers = headers
        headers.append((name: "Accept-Language", value: language.rawValue))
        if !cookies.isEmpty {
            let text = cookies.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "; ")
            headers.append((name: "Cookie", value: text))
        }
        let answer = try await bench.ask(method, path, body, headers: headers)
        if let set = answer.headers["set-cookie"]?.split(separator: ";").first {
            let cells = set.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            cookies[String(cells[0])] = cells[1].isEmpty ? nil : String(cells[1])
        }
        return answer
    }
}

extension ConsoleBench.Answer {
    /// What people read: the page without its tags, with single blanks.
    var words: String {
        text.replacing(/<svg.*?<\/svg>|<[^>]*>/.dotMatchesNewlines(), with: " ").replacing(/\s+/, with: " ")
    }

    /// The events of a stream, in order.
    var events: [(name: String, data: WireValue)] {
        text.split(separator: "\n\n")
            .compactMap { block in
                var (name, data) = ("", WireValue.null)
                for line in block.split(separator: "\n") {
                    if line.hasPrefix("event: ") { name = String(line.dropFirst(7)) }
                    if line.hasPrefix("data: ") {
                        data = (try? WireValue(json: line.dropFirst(6).utf8)) ?? .null
                    }
                }
                return name.isEmpty ? nil : (name, data)
            }
    }
}
