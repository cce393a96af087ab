import Groundwork
import People
import Testing

@testable import Console

extension Browser {
    static let password = "correct horse"

    /// One in front of which a new user has signed in.
    static func signedIn(
        _ bench: ConsoleBench,
        as role: Role,
        name: String = "ann",
        groups: GroupScope = .all
    ) async throws -> Browser {
        let draft = UserDraft(displayName: name, role: role, groups: groups)
        _ = try await bench.parts.users.create(name, draft, password: Secret(password))
        var browser = Browser(bench: bench)
        try #require(try await browser.signIn(as: name, password).status == 303)
        return browser
    }

    /// Fills name and password in on the sign-in page and sends them.
    mutating func signIn(
        as name: String,
        _ password: String,
        to: String = "/"
    ) async throws -> ConsoleBench.Answer {
        let page = try await get("/sign-in" + Visit.text(["to": to]))
        let form = ["form_token": try formToken(in: page), "name": name, "password": password, "to": to]
        return try await post("/sign-in", form)
    }
}

extension User {
    /// An operator who sees `groups`.
    static func sample(groups: GroupScope) throws -> User {
        User(
            id: UserID(rawValue: 1),
            name: try #require(UserName("ann")),
            displayName: "Ann",
            role: .operator,
            groups: groups,
            language: nil,
            isDisabled: false,
            generation: 1,
            version: 1,
            createdAt: Moment(secondsSinceEpoch: 0)
        )
    }
}
