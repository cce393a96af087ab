import Groundwork
import SQLiteDriver
import TestKit
import Testing

@testable import People

/// What becomes of users, their passwords and their sessions.
final class UserServiceTests {
    private let folder: TemporaryFolder
    private let clock = ManualClock(Moment(secondsSinceEpoch: 1_894_680_000))
    private let store: SQLiteUserStore
    private let service: UserService
    private let desk: SignInDesk

    private static let password = Secret("correct horse")

    init() throws {
        folder = try TemporaryFolder()
        store = SQLiteUserStore(try SchedulerDatabase(path: folder.file("scheduler.db")))
        let hasher = PasswordHasher(cost: PasswordTests.cheap)
        service = UserService(users: store, hasher: hasher, clock: clock.calendar)
        desk = SignInDesk(service)
    }

    private func ann(_ role: Role = .operator) async throws -> User {
        try await service.create("Ann", draft(role), password: Self.password)
    }

    private func draft(_ role: Role = .operator) -> UserDraft {
        UserDraft(displayName: "Ann", role: role, groups: .all)
    }

    @Test func `who was made signs in with the password and with no other`() async throws {
        let user = try await ann()
        #expect(try await desk.signIn(" ANN ", Self.password, from: "a") == .signedIn(user))
        #expect(try await desk.signIn("ann", Secret("correct horsf"), from: "a") == .refused)
        #expect(try await desk.signIn("ann", Secret(""), from: "a") == .refused)
        #expect(try await desk.signIn("bob", Self.password, from: "a") == .refused)
    }

    @Test func `a disabled user is refused like somebody unknown`() async throws {
        let user = try await ann()
        var draft = draft()
        draft.isDisabled = true
        _ = try await service.update(user.id, version: user.version, to: draft)
        #expect(try await desk.signIn("ann", Self.password, from: "a") == .refused)
    }

    @Test func `after five failures even the right password has to wait, and then signs in`() async throws {
        let user = try await ann()
        for _ in 0..<5 { #expect(try await desk.signIn("ann", Secret("wrong"), from: "a") == .refused) }
        #expect(try await desk.signIn("ann", Self.password, from: "b") == .tooOften(wait: .seconds(2)))
        clock.advance(by: .seconds(2))
        #expect(try await desk.signIn("ann", Self.password, from: "b") == .signedIn(user))
    }

    @Test func `attempts at once are counted before the first of them failed`() async throws {
        _ = try await ann()
        let outcomes = try await withThrowingTaskGroup(of: SignInDesk.Outcome.self) { group in
            for _ in 0..<30 {
                group.addTask { [desk] in try await desk.signIn("ann", Secret("wrong"), from: "a") }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .refused } == 5)
    }

    @Test func `a password kept at an old cost is kept at the new one after signing in`() async throws {
        let user = try await ann()
        let dearer = PasswordCost(logRounds: 5, blockSize: 8, parallelism: 1)
        let hasher = PasswordHasher(cost: dearer)
        let desk = SignInDesk(UserService(users: store, hasher: hasher, clock: clock.calendar))
        guard case .signedIn(let after) = try await desk.signIn("ann", Self.password, from: "a") else {
            Issue.record("not signed in")
            return
        }
        #expect(after.generation == user.generation)
        #expect(try await store.credentials(of: user.name)?.password.cost == dearer)
        #expect(try await desk.signIn("ann", Self.password, from: "a") == .signedIn(after))
    }

    @Test func `what takes rights away ends the sessions and a mere name does not`() async throws {
        var user = try await ann()
        #expect(try await service.signedIn(user.id, generation: 1) == user)
        var changed = draft()
        changed.displayName = "Ann B."
        user = try await service.update(user.id, version: user.version, to: changed)
        #expect(try await service.signedIn(user.id, generation: 1) == user)
        changed.role = .viewer
        user = try await service.update(user.id, version: user.version, to: changed)
        #expect(try await service.signedIn(user.id, generation: 1) == nil)
        #expect(try await service.signedIn(user.id, generation: 2) == user)
        changed.groups = .only(["a"])
        user = try await service.update(user.id, version: user.version, to: changed)
        #expect(user.generation == 3)
        user = try await service.update(
            user.id,
            version: user.version,
            to: changed,
            password: Secret("another horse")
        )
        #expect(user.generation == 4)
        changed.isDisabled = true
        user = try await service.update(user.id, version: user.version, to: changed)
        #expect(try await service.signedIn(user.id, generation: user.generation) == nil)
    }

    @Test func `a user's own password changes only for who knows it`() async throws {
        let user = try await ann()
        let next = Secret("another horse")
        await #expect(throws: PeopleError.invalid("current", "is not the password so far")) {
            try await service.changePassword(of: user.id, from: Secret("wrong"), to: next)
        }
        #expect(try await service.signedIn(user.id, generation: 1) != nil)
        let changed = try await service.changePassword(of: user.id, from: Self.password, to: next)
        #expect(try await service.signedIn(user.id, generation: 1) == nil)
        #expect(try await desk.signIn("ann", next, from: "a") == .signedIn(changed))
        #expect(try await desk.signIn("ann", Self.password, from: "a") == .refused)
    }

    @Test func `what makes no sense is refused with its field`() async throws {
        let user = try await ann()
        var long = draft()
        long.displayName = String(repeating: "a", count: 65)
        var broken = draft()
        broken.displayName = "a\nb"
        var groups = draft()
        groups.groups = .only([""])
        for (draft, field) in [(long, "displayName"), (broken, "displayName"), (groups, "groups")] {
            let error = await #expect(throws: PeopleError.self) {
                try await service.update(user.id, version: user.version, to: draft)
            }
            guard case .invalid(field, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        await #expect(throws: PeopleError.conflict("the name ann is taken")) { try await ann() }
        await #expect(throws: PeopleError.notFound("user 99")) {
            try await service.user(UserID(rawValue: 99))
        }
        await #expect(throws: PeopleError.conflict("user 1 was changed meanwhile")) {
            try await service.update(user.id, version: 0, to: draft())
        }
    }

    @Test func `a token shown wrong again and again has to wait too`() {
        for _ in 0..<5 { #expect(desk.admitToken(from: "a") { false } == .refused) }
        #expect(desk.admitToken(from: "a") { true } == .tooOften(wait: .seconds(2)))
        #expect(desk.admitToken(from: "b") { true } == nil)
    }
}
