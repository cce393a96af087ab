import Groundwork
import Testing

@testable import People

/// How passwords are kept, and which are taken.
@Suite struct PasswordTests {
    static let cheap = PasswordCost(logRounds: 4, blockSize: 8, parallelism: 1)

    @Test func `a hash is that of its password and of no other`() throws {
        let hash = try PasswordHash(of: Secret("correct horse"), cost: Self.cheap)
        #expect(try hash.matches(Secret("correct horse")))
        #expect(try !hash.matches(Secret("correct horsf")))
        #expect(try !hash.matches(Secret("")))
    }

    @Test func `the text of a hash brings it back and does not hold the password`() throws {
        let hash = try PasswordHash(of: Secret("correct horse"), cost: Self.cheap)
        #expect(hash.text.hasPrefix("scrypt$4$8$1$"))
        #expect(!hash.text.contains("horse"))
        #expect(PasswordHash(text: hash.text) == hash)
        #expect("\(hash)" == "***")
    }

    @Test func `the same password is kept differently each time`() throws {
        let password = Secret("correct horse")
        #expect(
            try PasswordHash(of: password, cost: Self.cheap) != PasswordHash(of: password, cost: Self.cheap)
        )
    }

    /// The parameters of the second vector of RFC 7914, section 12, its salt repeated to 16 bytes; the key was made with
    /// another implementation.
    @Test func `what is kept is what scrypt is defined to give`() throws {
        let hash = try #require(
            PasswordHash(
                text: "scrypt$10$8$16$TmFDbE5hQ2xOYUNsTmFDbA==$ruflYSr7JKwcyP4taFgPBJI7nqmwRVvjonthQb2MSCI="
            )
        )
        #expect(try hash.matches(Secret("password")))
        #expect(try !hash.matches(Secret("Password")))
    }

    @Test(arguments: [
        "", "scrypt", "bcrypt$4$8$1$MDEyMzQ1Njc4OTAxMjM0NQ==$MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "scrypt$40$8$1$MDEyMzQ1Njc4OTAxMjM0NQ==$MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "scrypt$20$32$1$MDEyMzQ1Njc4OTAxMjM0NQ==$MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "scrypt$4$8$1$MDEy$MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    ])
    func `a text that is no hash, or one that would stall the process, is refused`(text: String) {
        #expect(PasswordHash(text: text) == nil)
    }

    @Test func `a hash of another cost is told to be outdated, with what to keep instead`() async throws {
        let old = try PasswordHash(of: Secret("correct horse"), cost: Self.cheap)
        let dearer = PasswordCost(logRounds: 5, blockSize: 8, parallelism: 1)
        let verdict = try await PasswordHasher(cost: dearer).compare(Secret("correct horse"), with: old)
        guard case .outdated(let hash) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(hash.cost == dearer)
        #expect(try hash.matches(Secret("correct horse")))
        #expect(try await PasswordHasher(cost: Self.cheap).compare(Secret("x"), with: old) == .wrong)
        #expect(
            try await PasswordHasher(cost: Self.cheap).compare(Secret("correct horse"), with: old) == .right
        )
    }

    @Test func `more than wait are told to come again`() async throws {
        let hasher = PasswordHasher(cost: PasswordCost(logRounds: 12, blockSize: 8, parallelism: 1))
        let busy = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    do throws(PeopleError) {
                        _ = try await hasher.hash(Secret("correct horse"))
                        return false
                    } catch { return error == .busy }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(busy > 0)
        _ = try await hasher.hash(Secret("correct horse"))
    }

    @Test(arguments: [
        ("correct horse", true), ("密码密码密码密码甲乙丙丁", true), ("nine char", false), ("aaaaaaaaaaaa", false),
        ("password123", false), ("PASSWORD-12", false), ("1234567890", false), ("my-ann-password", false),
        (String(repeating: "abcd", count: 32), true), (String(repeating: "abcd", count: 32) + "e", false),
    ])
    func `long passwords are taken that nobody guesses first`(text: String, isTaken: Bool) throws {
        let name = try #require(UserName("ann"))
        var reason: PeopleError?
        do throws(PeopleError) { try PasswordRule.check(Secret(text), of: name, field: "password") } catch {
            reason = error
        }
        #expect((reason == nil) == isTaken, "\(String(describing: reason))")
        if case .invalid(let field, _) = reason { #expect(field == "password") }
    }

    @Test(arguments: [
        ("ann", "ann"), ("Ann.B-2_c", "ann.b-2_c"), ("a", nil), ("token", nil), ("TOKEN", nil), ("2ann", nil),
        ("ann b", nil), ("änn", nil), (String(repeating: "a", count: 33), nil), ("", nil),
    ])
    func `names are few plain letters, whatever their case`(text: String, name: String?) {
        #expect(UserName(text)?.text == name)
    }
}
