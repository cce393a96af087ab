import Groundwork
import PushEngine
import TestKit
import Testing

/// What every `TemplateStore` and every `AccountStore` must keep.
package enum CatalogueConformance {
    package static let clauses: [Clause<PushRig>] = templates + accounts

    private static let templates: [Clause<PushRig>] = [
        Clause("a new template waits for its audit and does not send") { rig in
            let made = try await rig.books.createTemplate(draft("one"), by: "ann")
            #expect(made.status == .new)
            #expect(made.latest.number == 1)
            #expect(made.latest.draft == draft("one"))
            #expect(made.latest.audit == .waiting)
            #expect(made.latest.editedBy == "ann")
            #expect(made.latest.editedAt == rig.now)
            #expect(made.serving == nil)
            #expect(made.sendable == nil)
            #expect(try await rig.books.template(made.id) == made)
            #expect(try await rig.books.template(TemplateID(rawValue: 99)) == nil)
        },
        Clause("an approved version serves and enables a new template") { rig in
            let made = try await rig.books.createTemplate(draft("one"), by: "ann")
            let approved = try await audit(rig, made.id, 1)
            #expect(approved.status == .enabled)
            #expect(approved.sendable?.number == 1)
            #expect(approved.latest.audit == .approved)
            #expect(approved.latest.auditedBy == "ben")
        },
        Clause("a template keeps its recipients' accounts, or not, from version to version") { rig in
            var sticky = draft("one")
            sticky.isSticky = true
            let made = try await rig.books.createTemplate(sticky, by: "ann")
            #expect(made.latest.draft == sticky)
            let edited = try await rig.books.editTemplate(made.id, base: 1, draft("one"), by: "ann")
            #expect(edited.latest.draft == draft("one"))
            #expect(try await rig.books.templateVersions(made.id).map(\.draft.isSticky) == [false, true])
        },
        Clause("a rejected version does not serve, and says why") { rig in
            let made = try await rig.books.createTemplate(draft("one"), by: "ann")
            let rejected = try await audit(rig, made.id, 1, approved: false)
            #expect(rejected.status == .new)
            #expect(rejected.serving == nil)
            #expect(rejected.latest.audit == .rejected)
            #expect(rejected.latest.auditNote == "note")
        },
        Clause("an edit waits while the approved version keeps serving") { rig in
            let made = try await rig.books.createTemplate(draft("one"), by: "ann")
            _ = try await audit(rig, made.id, 1)
            let edited = try await rig.books.editTemplate(made.id, base: 1, draft("two"), by: "cid")
            #expect(edited.latest.number == 2)
            #expect(edited.latest.audit == .waiting)
            #expect(edited.sendable?.draft == draft("one"))
            let approved = try await audit(rig, made.id, 2)
            #expect(approved.sendable?.draft == draft("two"))
            let versions = try await rig.books.templateVersions(made.id)
            #expect(versions.map(\.number) == [2, 1])
            #expect(versions.map(\.editedBy) == ["cid", "ann"])
        },
        Clause("an edit of an older version, or of no template, is refused") { rig in
            let made = try await rig.books.createTemplate(draft("one"), by: "ann")
            _ = try await rig.books.editTemplate(made.id, base: 1, draft("two"), by: "ann")
            await expectStoreError(.conflict) {
                _ = try await rig.books.editTemplate(made.id, base: 1, draft("three"), by: "ann")
            }
            await expectStoreError(.notFound) {
                let stranger = TemplateID(rawValue: 99)
                _ = try await rig.books.editTemplate(stranger, base: 1, draft("x"), by: "ann")
            }
            #expect(try await rig.books.templateVersions(made.id).count == 2)
        },
        Clause("a version is audited once") { rig in
            let made = try await rig.books.createTemplate(draft("one"), by: "ann")
            _ = try await audit(rig, made.id, 1, approved: false)
            await expectStoreError(.conflict) { _ = try await audit(rig, made.id, 1) }
            await expectStoreError(.notFound) { _ = try await audit(rig, made.id, 2) }
            #expect(try await rig.books.template(made.id)?.serving == nil)
        },
        Clause("a template is stopped and enabled; an approval does not enable a stopped one") { rig in
            let made = try await rig.books.createTemplate(draft("one"), by: "ann")
            await expectStoreError(.conflict) {
                _ = try await rig.books.setTemplate(made.id, enabled: true)
            }
            _ = try await audit(rig, made.id, 1)
            let stopped = try await rig.books.setTemplate(made.id, enabled: false)
            #expect(stopped.status == .stopped)
            #expect(stopped.sendable == nil)
            _ = try await rig.books.editTemplate(made.id, base: 1, draft("two"), by: "ann")
            #expect(try await audit(rig, made.id, 2).status == .stopped)
            #expect(try await rig.books.setTemplate(made.id, enabled: true).sendable?.number == 2)
            await expectStoreError(.notFound) {
                _ = try await rig.books.setTemplate(TemplateID(rawValue: 99), enabled: false)
            }
        },
        Clause("templates come in order of their number, those after one") { rig in
            var made: [MessageTemplate] = []
            for name in ["a", "b", "c"] {
                made.append(try await rig.books.createTemplate(draft(name), by: "ann"))
            }
            #expect(try await rig.books.templates(after: nil, limit: 2) == Array(made[..<2]))
            #expect(try await rig.books.templates(after: made[0].id, limit: 9) == Array(made[1...]))
        },
    ]

    private static let accounts: [Clause<PushRig>] = [
        Clause("an account is stored under its name, a known one with other settings") { rig in
            let made = try await rig.books.putAccount(account("main"))
            #expect(made.name == "main")
            #expect(made.config == account("main").config)
            #expect(made.url == "https://sms.example.org")
            var changed = account("main")
            changed.weight = 20
            changed.weights = [.verificationCode: 10_000]
            changed.callsPerSecond = 50
            changed.config = AccountConfig(
                ["id": "other 值"],
                secrets: ["key": Secret("other"), "b": Secret("{}")]
            )
            let again = try await rig.books.putAccount(changed)
            #expect(again.id == made.id)
            #expect(again.weight == 20)
            #expect(made.weights.isEmpty)
            #expect(again.weights == [.verificationCode: 10_000])
            #expect(made.callsPerSecond == nil)
            #expect(again.callsPerSecond == 50)
            #expect(again.config == changed.config)
            let second = try await rig.books.putAccount(account("backup"))
            #expect(second.id != made.id)
            #expect(try await rig.books.accounts().map(\.name) == ["main", "backup"])
        },
        Clause("an account's share and rate are changed, and it is switched off and on") { rig in
            let made = try await rig.books.putAccount(account("main"))
            try await rig.books.setAccount(
                made.id,
                weight: 5,
                weights: [.alert: 7, .marketing: 0],
                callsPerSecond: 30,
                enabled: false
            )
            let changed = try #require(try await rig.books.accounts().first)
            #expect(changed.weight == 5)
            #expect(changed.weights == [.alert: 7, .marketing: 0])
            #expect(changed.callsPerSecond == 30)
            #expect(!changed.isEnabled)
            try await rig.books.setAccount(
                made.id,
                weight: 5,
                weights: [.notice: 1],
                callsPerSecond: nil,
                enabled: true
            )
            #expect(try await rig.books.accounts().map(\.callsPerSecond) == [nil])
            #expect(try await rig.books.accounts().map(\.weights) == [[.notice: 1]])
            await expectStoreError(.notFound) {
                try await rig.books.setAccount(
                    AccountID(rawValue: 99),
                    weight: 1,
                    weights: [:],
                    callsPerSecond: nil,
                    enabled: true
                )
            }
        },
        Clause("entries are put on the discard list and taken off, however often") { rig in
            let entries: [DiscardEntry] = [
                .template(TemplateID(rawValue: 4)), .recipient(RecipientKey(address: "+8613800001000")),
                .recipient(RecipientKey(address: "ann@example.org")),
            ]
            for entry in entries + entries { try await rig.books.setDiscarded(true, entry) }
            #expect(try await rig.books.discardList() == Set(entries))
            for _ in 0..<2 { try await rig.books.setDiscarded(false, entries[0]) }
            #expect(try await rig.books.discardList() == Set(entries[1...]))
        },
    ]

    private static func draft(_ content: String) -> TemplateDraft {
        TemplateDraft(
            name: "welcome",
            messageType: .notice,
            templateType: .technical,
            shield: .drop,
            content: content,
            account: AccountID(rawValue: 3)
        )
    }

    private static func account(_ name: String) -> SupplierAccount {
        .sample(
            name,
            config: AccountConfig(["id": "id of \(name)"], secrets: ["key": Secret("key of \(name)")])
        )
    }

    private static func audit(
        _ rig: PushRig,
        _ id: TemplateID,
        _ version: Int,
        approved: Bool = true
    ) async throws -> MessageTemplate {
        try await rig.books.auditTemplate(
            id,
            version: version,
            approved: approved,
            note: "note",
            by: "ben"
        )
    }
}
