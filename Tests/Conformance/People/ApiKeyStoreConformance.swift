import Groundwork
package import People
import Testing

/// The stores that API keys need: keys belong to users.
package struct KeyStores: Sendable {
    package let keys: any ApiKeyStore
    package let users: any UserStore

    package init(keys: any ApiKeyStore, users: any UserStore) {
        self.keys = keys
        self.users = users
    }
}

/// What `ApiKeyStore` promises.
package enum ApiKeyStoreConformance {
    package static let clauses: [Clause<KeyStores>] = [
        Clause("a key is given back as it was added, to its user and by its hash") { stores in
            let user = try await user(stores, "ann")
            let made = try await stores.keys.add(new(of: user, "one", isReadOnly: true), limit: 9)
            #expect((made.user, made.name, made.isReadOnly) == (user, "one", true))
            #expect(made.createdAt == .sample)
            #expect(made.expiresAt == .sample + .seconds(60))
            #expect(try await stores.keys.key(hash: "hash of one") == made)
            #expect(try await stores.keys.key(hash: "one") == nil)
            let other = try await stores.keys.add(new(of: user, "two"), limit: 9)
            #expect(try await stores.keys.keys(of: user) == [made, other])
            #expect(!other.isReadOnly)
        },
        Clause("a user has no more keys than allowed, and others' do not count") { stores in
            let (ann, bob) = (try await user(stores, "ann"), try await user(stores, "bob"))
            _ = try await stores.keys.add(new(of: bob, "bob's"), limit: 1)
            _ = try await stores.keys.add(new(of: ann, "one"), limit: 1)
            let error = await #expect(throws: StoreError.self) {
                try await stores.keys.add(new(of: ann, "two"), limit: 1)
            }
            #expect(error?.code == .full)
            #expect(try await stores.keys.keys(of: ann).map(\.name) == ["one"])
        },
        Clause("a key is removed by its user and nobody else, once") { stores in
            let (ann, bob) = (try await user(stores, "ann"), try await user(stores, "bob"))
            let key = try await stores.keys.add(new(of: ann, "one"), limit: 9).id
            #expect(try await !stores.keys.remove(key, of: bob))
            #expect(try await stores.keys.remove(key, of: ann))
            #expect(try await !stores.keys.remove(key, of: ann))
            #expect(try await stores.keys.key(hash: "hash of one") == nil)
        },
    ]

    private static func user(_ stores: KeyStores, _ name: String) async throws -> UserID {
        let password = PasswordHash(
            text: "scrypt$15$8$3$MDEyMzQ1Njc4OTAxMjM0NQ==$MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
        )
        let new = NewUser(
            name: try #require(UserName(name)),
            draft: UserDraft(displayName: name, role: .viewer, groups: .all),
            password: try #require(password),
            createdAt: .sample
        )
        return try await stores.users.add(new).id
    }

    private static func new(of user: UserID, _ name: String, isReadOnly: Bool = false) -> NewApiKey {
        NewApiKey(
            user: user,
            name: name,
            hash: "hash of \(name)",
            isReadOnly: isReadOnly,
            createdAt: .sample,
            expiresAt: .sample + .seconds(60)
        )
    }
}

extension Moment {
    fileprivate static let sample = Moment(millisecondsSinceEpoch: 1_894_680_000_123)
}
