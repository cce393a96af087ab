import Groundwork
import PushEngine
import TestKit
import Testing

/// What every `SuppressionStore`, `AllowListStore` and `SensitiveWordStore` must keep.
package enum SuppressionConformance {
    package static let clauses: [Clause<PushRig>] = blacklist + looks + allowList + words

    private static let blacklist: [Clause<PushRig>] = [
        Clause("people are put on the list, the newest first, and taken off") { rig async throws in
            #expect(try await !rig.books.hasSuppressions())
            let drafts = [
                draft(ann, .everything, note: "asked, “twice”", by: "ben"), draft(ann, .type(.marketing)),
                draft(bob, .signature("京东 ✓")), draft(mail, .everything, .supplier),
                draft(user, .everything, .reply),
            ]
            #expect(try await rig.books.suppress(drafts) == 5)
            #expect(try await rig.books.hasSuppressions())
            let all = try await rig.books.suppressions(of: nil, after: nil, limit: 10)
            #expect(Set(all.map(\.draft)) == Set(drafts))
            #expect(all.map(\.id.rawValue) == all.map(\.id.rawValue).sorted(by: >))
            for entry in all {
                #expect(try await rig.books.unsuppress(entry.id, at: at(1), by: "ann"))
                #expect(try await !rig.books.unsuppress(entry.id, at: at(2), by: "ann"))
            }
            #expect(try await rig.books.suppressions(of: nil, after: nil, limit: 10).isEmpty)
            #expect(try await !rig.books.hasSuppressions())
        },
        Clause("an entry is told by addressee and scope, and the first one stays") { rig async throws in
            let first = draft(ann, .everything, note: "first")
            #expect(try await rig.books.suppress([first, draft(ann, .everything, note: "second")]) == 1)
            #expect(try await rig.books.suppress([draft(ann, .everything, .reply, second: 9)]) == 0)
            #expect(try await rig.books.suppressions(of: nil, after: nil, limit: 9).map(\.draft) == [first])
            #expect(try await rig.books.suppress([]) == 0)
        },
        Clause("an entry that was taken off comes back only for a word that is no older") {
            rig async throws in
            let told = draft(ann, .type(.marketing), .reply, second: 10)
            _ = try await rig.books.suppress([told])
            let id = try #require(try await rig.books.suppressions(of: ann, after: nil, limit: 1).first?.id)
            #expect(try await rig.books.unsuppress(id, at: at(20), by: "ann"))
            #expect(try await rig.books.suppress([told]) == 0)
            #expect(try await rig.books.suppress([draft(ann, .type(.marketing), .reply, second: 19)]) == 0)
            #expect(try await rig.books.suppressions(of: ann, after: nil, limit: 1).isEmpty)
            let again = draft(ann, .type(.marketing), .reply, second: 20)
            #expect(try await rig.books.suppress([again]) == 1)
            #expect(try await rig.books.suppressions(of: ann, after: nil, limit: 9).map(\.draft) == [again])
        },
        Clause("who comes back is rid of what replies and suppliers said until then") { rig async throws in
            _ = try await rig.books.suppress([
                draft(user, .everything, .reply, second: 1),
                draft(user, .type(.notice), .supplier, second: 2),
                draft(user, .type(.alert), .supplier, second: 9), draft(user, .type(.marketing), second: 1),
                draft(ann, .everything, .reply, second: 1),
            ])
            #expect(try await rig.books.welcomeBack(user, at: at(5), by: "wechat") == 2)
            #expect(try await rig.books.welcomeBack(user, at: at(5), by: "wechat") == 0)
            let left = try await rig.books.suppressions(of: user, after: nil, limit: 9).map(\.draft.scope)
            #expect(Set(left) == [.type(.alert), .type(.marketing)])
            #expect(try await rig.books.suppressions(of: ann, after: nil, limit: 9).count == 1)
            #expect(try await rig.books.suppress([draft(user, .everything, .reply, second: 1)]) == 0)
        },
        Clause("a list is read page by page, of all or of one") { rig async throws in
            let others = PushRig.phones(7, from: 100)
                .map { draft(Addressee(space: .phone, address: $0), .everything) }
            _ = try await rig.books.suppress(
                others + MessageType.allCases.map { draft(ann, .type($0)) } + [draft(ann, .everything)]
            )
            for (whose, count) in [(nil, 12), (ann, 5)] as [(Addressee?, Int)] {
                var seen: [Suppression] = []
                while true {
                    let page = try await rig.books.suppressions(of: whose, after: seen.last?.id, limit: 2)
                    seen += page
                    guard page.count == 2 else { break }
                }
                #expect(Set(seen.map(\.id)).count == count && seen.count == count)
            }
        },
    ]

    private static let looks: [Clause<PushRig>] = [
        Clause("a look-up brings all entries of those keys in a space, and of nobody else") {
            rig async throws in
            _ = try await rig.books.suppress([
                draft(ann, .everything), draft(ann, .type(.notice)), draft(bob, .everything),
                draft(mail, .everything),
                draft(user, .everything), draft(sameIDElsewhere, .type(.notice)),
            ])
            func scopes(_ whose: [Addressee], _ space: AddressSpace) async throws -> Set<Addressee> {
                let keys = Set(whose.map(\.key))
                let found = try await rig.books.suppressions(among: keys, in: space)
                return Set(found.map(\.draft.addressee))
            }
            #expect(try await scopes([ann, cid], .phone) == [ann])
            #expect(try await rig.books.suppressions(among: [ann.key], in: .phone).count == 2)
            #expect(try await scopes([ann, bob, mail], .mail) == [mail])
            #expect(try await scopes([user], .users(of: .push)) == [user])
            #expect(try await scopes([user], .users(of: .im)) == [sameIDElsewhere])
            #expect(try await scopes([cid], .phone).isEmpty)
            #expect(try await rig.books.suppressions(among: [], in: .phone).isEmpty)
        },
        Clause("many who say the same at once, in any order, put it on the list once") {
            rig async throws in
            let drafts = PushRig.phones(200)
                .map { draft(Addressee(space: .phone, address: $0), .type(.marketing)) }
            let added = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    let mine = drafts.shuffled()
                    group.addTask { try await rig.books.suppress(mine) }
                }
                return try await group.reduce(0, +)
            }
            #expect(added == 200)
        },
        Clause("a look-up of a whole batch among many entries finds exactly those that are on the list") {
            rig async throws in
            let listed = PushRig.phones(2_000)
            _ = try await rig.books.suppress(
                listed.map { draft(Addressee(space: .phone, address: $0), .everything) }
            )
            let batch = PushRig.phones(4_096, from: 1_990)
            let keys = Set(batch.map { RecipientKey(address: $0) })
            let found = try await rig.books.suppressions(among: keys, in: .phone)
            #expect(Set(found.map(\.draft.addressee.address)) == Set(listed[1_990...]))
        },
    ]

    private static let allowList: [Clause<PushRig>] = [
        Clause("people are put on the allow-list once and taken off, and looked up by space") {
            rig async throws in
            let drafts = [ann, mail, user].map { AllowDraft($0, note: "tester", by: "ben", at: at(0)) }
            #expect(try await rig.books.allow(drafts) == 3)
            #expect(try await rig.books.allow(drafts + drafts) == 0)
            let keys = Set([ann, bob, mail, user].map(\.key))
            #expect(try await rig.books.allowed(among: keys, in: .phone) == [ann])
            #expect(try await rig.books.allowed(among: keys, in: .users(of: .push)) == [user])
            #expect(try await rig.books.allowed(among: keys, in: .users(of: .im)).isEmpty)
            #expect(try await rig.books.allowed(among: [], in: .phone).isEmpty)
            let first = try await rig.books.allowList(after: nil, limit: 2)
            let rest = try await rig.books.allowList(after: first.last?.id, limit: 2)
            #expect(Set((first + rest).map(\.draft)) == Set(drafts) && rest.count == 1)
            for entry in first + rest {
                #expect(try await rig.books.disallow(entry.id))
                #expect(try await !rig.books.disallow(entry.id))
            }
            #expect(try await rig.books.allowed(among: keys, in: .phone).isEmpty)
        }
    ]

    private static let words: [Clause<PushRig>] = [
        Clause("words are on the list once, however they are written") { rig async throws in
            #expect(try await rig.books.addWords(drafts("赌博", "Casino", "ＣＡＳＩＮＯ", "赌 博")) == 2)
            #expect(try await rig.books.addWords(drafts("c-a-s-i-n-o")) == 0)
            let all = try await rig.books.wordList()
            #expect(Set(all.map(\.text)) == ["赌博", "Casino"])
            #expect(all.allSatisfy { $0.by == "ben" && $0.at == at(0) })
            #expect(try await rig.books.words(after: all.first?.id, limit: 9) == Array(all.dropFirst()))
            #expect(try await rig.books.words(after: nil, limit: 1) == Array(all.prefix(1)))
        },
        Clause("the mark changes with every change of the list, and a number is never used again") {
            rig async throws in
            var marks: [WordListMark] = [try await rig.books.wordListMark()]
            #expect(marks[0].isEmpty)
            var ids: Set<SensitiveWordID> = []
            for text in ["a", "b", "c", "a", "b", "c"] {
                _ = try await rig.books.addWords(drafts(text))
                marks.append(try await rig.books.wordListMark())
                guard let last = try await rig.books.wordList().last else { continue }
                #expect(ids.insert(last.id).inserted || text < "c")
                if text == "c" {
                    for word in try await rig.books.wordList() {
                        #expect(try await rig.books.removeWord(word.id))
                        #expect(try await !rig.books.removeWord(word.id))
                        let mark = try await rig.books.wordListMark()
                        if !mark.isEmpty { marks.append(mark) }
                    }
                }
            }
            #expect(Set(marks).count == marks.count)
            #expect(try await rig.books.wordListMark().isEmpty)
        },
    ]

    private static let ann = Addressee(space: .phone, address: "+8613800001000")
    private static let bob = Addressee(space: .phone, address: "+8613800001001")
    private static let cid = Addressee(space: .phone, address: "+8613800001009")
    private static let mail = Addressee(space: .mail, address: "ann@example.org")
    private static let user = Addressee(space: .users(of: .push), address: "user-7")
    private static let sameIDElsewhere = Addressee(space: .users(of: .im), address: "user-7")

    private static func at(_ second: Int64) -> Moment { Moment(secondsSinceEpoch: 1_775_000_000 + second) }

    private static func draft(
        _ addressee: Addressee,
        _ scope: SuppressionScope,
        _ source: SuppressionSource = .operator,
        note: String = "",
        by: String = "ann",
        second: Int64 = 0
    ) -> SuppressionDraft {
        SuppressionDraft(addressee, scope, source: source, note: note, by: by, at: at(second))
    }

    private static func drafts(_ texts: String...) -> [SensitiveWordDraft] {
        texts.compactMap { SensitiveWordDraft($0, by: "ben", at: at(0)) }
    }
}
