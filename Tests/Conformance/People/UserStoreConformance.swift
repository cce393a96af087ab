import Groundwork
package import People
import Testing

/// What `UserStore` promises.
package enum UserStoreConformance {
    package static let clauses: [Clause<any UserStore>] = [
        Clause("a user is given back as it was added, by id and by name") { users in
            let limited = try await users.add(.sample("ann", groups: .only(["b", "a"]), language: "zh"))
            let free = try await users.add(.sample("bob", role: .admin, isDisabled: true))
            #expect(limited.name.text == "ann")
            #expect(limited.displayName == "ann 安")
            #expect(limited.role == .operator)
            #expect(limited.groups == .only(["a", "b"]))
            #expect(limited.language == "zh")
            #expect((limited.generation, limited.version) == (1, 1))
            #expect(limited.createdAt == NewUser.instant)
            #expect((free.groups, free.language) == (.all, nil))
            #expect(free.isDisabled && !limited.isDisabled)
            #expect(try await users.user(limited.id) == limited)
            let found = try await users.credentials(of: free.name)
            let password = try #require(PasswordHash.sample)
            #expect(found == Credentials(user: free, password: password))
        },
        Clause("nobody has an id or a name that was not given") { users async throws in
            #expect(try await users.user(UserID(rawValue: 7)) == nil)
            #expect(try await users.credentials(of: .sample("ann")) == nil)
            #expect(try await users.users(after: nil, limit: 10).isEmpty)
        },
        Clause("no group at all is not the same as all groups") { users in
            let user = try await users.add(.sample("ann", groups: .only([])))
            #expect(user.groups == .only([]))
        },
        Clause("a name is given once") { users in
            let first = try await users.add(.sample("ann"))
            let error = await #expect(throws: StoreError.self) { try await users.add(.sample("ann")) }
            #expect(error?.code == .conflict)
            #expect(try await users.users(after: nil, limit: 10) == [first])
        },
        Clause("users are listed by id, a page at a time") { users in
            var added: [User] = []
            for name in ["zoe", "ann", "bob"] { added.append(try await users.add(.sample(name))) }
            #expect(try await users.users(after: nil, limit: 2) == Array(added.prefix(2)))
            #expect(try await users.users(after: added[1].id, limit: 2) == [added[2]])
        },
        Clause("all of a user but the name can be replaced, and the password stays unless there is another") {
            users in
            var user = try await users.add(.sample("ann"))
            user.displayName = "Other"
            user.role = .viewer
            user.groups = .only(["c"])
            user.language = "en"
            user.isDisabled = true
            user.generation = 9
            let replaced = try await users.replace(user, password: nil)
            #expect(replaced.version == 2)
            #expect(
                (replaced.displayName, replaced.role, replaced.groups) == ("Other", .viewer, .only(["c"]))
            )
            #expect((replaced.language, replaced.isDisabled, replaced.generation) == ("en", true, 9))
            #expect(try await users.credentials(of: user.name)?.password == .sample)
            let again = try await users.replace(replaced, password: .other)
            #expect(again.version == 3)
            #expect(try await users.credentials(of: user.name)?.password == .other)
        },
        Clause("who looked at an older version replaces nothing") { users in
            var user = try await users.add(.sample("ann"))
            let current = try await users.replace(user, password: nil)
            user.role = .admin
            let stale = user
            let error = await #expect(throws: StoreError.self) {
                try await users.replace(stale, password: .other)
            }
            #expect(error?.code == .conflict)
            #expect(try await users.user(user.id) == current)
            #expect(try await users.credentials(of: user.name)?.password == .sample)
        },
        Clause("who is not there cannot be replaced") { users in
            let user = try await users.add(.sample("ann"))
            let ghost = User(
                id: UserID(rawValue: user.id.rawValue + 1),
                name: user.name,
                displayName: "",
                role: .admin,
                groups: .all,
                language: nil,
                isDisabled: false,
                generation: 1,
                version: 1,
                createdAt: user.createdAt
            )
            let error = await #expect(throws: StoreError.self) {
                try await users.replace(ghost, password: nil)
            }
            #expect(error?.code == .notFound)
        },
    ]
}

extension NewUser {
    fileprivate static let instant = Moment(millisecondsSinceEpoch: 1_894_680_000_123)

    fileprivate static func sample(
        _ name: String,
        role: Role = .operator,
        groups: GroupScope = .all,
        language: String? = nil,
        isDisabled: Bool = false
    ) throws -> NewUser {
        NewUser(
            name: try .sample(name),
            draft: UserDraft(
                displayName: "\(name) 安",
                role: role,
                groups: groups,
                language: language,
                isDisabled: isDisabled
            ),
            password: try #require(.sample),
            createdAt: instant
        )
    }
}

extension UserName {
    fileprivate static func sample(_ text: String) throws -> UserName { try #require(UserName(text)) }
}

extension PasswordHash {
    private static let salt = "MDEyMzQ1Njc4OTAxMjM0NQ=="

    fileprivate static let sample = PasswordHash(
        text: "scrypt$15$8$3$\(salt)$MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    )
    fileprivate static let other = PasswordHash(
        text: "scrypt$15$8$3$\(salt)$OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg="
    )
}
