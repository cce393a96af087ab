import Groundwork
import PushEngine
import TestKit
import Testing

/// What every `MediaStore` and every `MediaCopyStore` must keep.
package enum MediaConformance {
    package static let clauses: [Clause<PushRig>] = files + copies

    private static let files: [Clause<PushRig>] = [
        Clause("nobody finds a file before it is kept") { rig in
            let file = try await rig.books.putMedia(draft("a"))
            #expect(file.draft == draft("a"))
            #expect(file.createdAt == rig.now)
            #expect(try await rig.books.media(file.id) == nil)
            #expect(try await rig.books.media(after: nil, limit: 9).isEmpty)
            await expectStoreError(.notFound) { _ = try await rig.books.retireMedia(file.id) }
            try await rig.books.keepMedia(file.id)
            #expect(try await rig.books.media(file.id) == file)
            await expectStoreError(.notFound) { try await rig.books.keepMedia(MediaID(rawValue: 99)) }
        },
        Clause("of the same bytes, channel and type there is one file") { rig in
            let first = try await kept(rig, "a")
            rig.clock.advance(by: .seconds(60))
            #expect(try await rig.books.putMedia(draft("a", name: "other.png", by: "ben")) == first)
            let other = try await rig.books.putMedia(draft("a", channel: .weComRobot))
            #expect(other.id != first.id)
            #expect(try await rig.books.media(first.id) == first)
        },
        Clause("files are listed in order, page by page") { rig in
            var all: [MediaFile] = []
            for digit in ["a", "b", "c"] { all.append(try await kept(rig, digit)) }
            #expect(try await rig.books.media(after: nil, limit: 2) == Array(all.prefix(2)))
            #expect(try await rig.books.media(after: all[1].id, limit: 2) == [all[2]])
        },
        Clause(
            "a retired file is gone, its bytes are to be removed, and the same may come once it is forgotten"
        ) {
            rig in
            let file = try await kept(rig, "a")
            let digest = file.draft.digest
            for _ in 0..<2 { #expect(try await rig.books.retireMedia(file.id) == digest) }
            #expect(try await rig.books.media(file.id) == nil)
            #expect(try await rig.books.media(after: nil, limit: 9).isEmpty)
            for channel in [Channel.weComApp, .weComRobot] {
                await expectStoreError(.conflict) {
                    _ = try await rig.books.putMedia(draft("a", channel: channel))
                }
            }
            await expectStoreError(.notFound) { try await rig.books.keepMedia(file.id) }
            try await rig.books.forgetMedia(file.id)
            try await rig.books.forgetMedia(file.id)
            await expectStoreError(.notFound) { _ = try await rig.books.retireMedia(file.id) }
            #expect(try await rig.books.putMedia(draft("a")).id > file.id)
        },
        Clause("bytes that another file has, though it is still arriving, stay") { rig in
            let file = try await kept(rig, "a")
            let other = try await rig.books.putMedia(draft("a", channel: .weComRobot))
            #expect(try await rig.books.retireMedia(file.id) == nil)
            try await rig.books.forgetMedia(file.id)
            try await rig.books.keepMedia(other.id)
            #expect(try await rig.books.retireMedia(other.id) == other.draft.digest)
        },
        Clause("a file that is not retired is not forgotten") { rig in
            let file = try await kept(rig, "a")
            _ = try await turn(rig, file.id)
            try await rig.books.forgetMedia(file.id)
            #expect(try await rig.books.media(file.id) == file)
            #expect(try await rig.books.mediaCopies(of: [file.id]).count == 1)
        },
        Clause("a file that the newest or the serving version of a template refers to stays") { rig in
            let (old, new) = (try await kept(rig, "a"), try await kept(rig, "b"))
            let made = try await rig.books.createTemplate(template(naming: old.id), by: "ann")
            await expectStoreError(.conflict) { _ = try await rig.books.retireMedia(old.id) }
            _ = try await rig.books.auditTemplate(made.id, version: 1, approved: true, note: "", by: "b")
            _ = try await rig.books.editTemplate(made.id, base: 1, template(naming: new.id), by: "ann")
            for file in [old, new] {
                await expectStoreError(.conflict) { _ = try await rig.books.retireMedia(file.id) }
            }
            _ = try await rig.books.auditTemplate(made.id, version: 2, approved: true, note: "", by: "b")
            #expect(try await rig.books.retireMedia(old.id) == old.draft.digest)
            await expectStoreError(.conflict) { _ = try await rig.books.retireMedia(new.id) }
        },
        Clause("a file is not taken for another whose number begins like its own") { rig in
            for digit in ["1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b"] {
                _ = try await kept(rig, digit)
            }
            let all = try await rig.books.media(after: nil, limit: 99)
            let last = try #require(all.last)
            _ = try await rig.books.createTemplate(template(naming: last.id), by: "ann")
            for file in all.dropLast() { #expect(try await rig.books.retireMedia(file.id) != nil) }
        },
    ]

    private static let copies: [Clause<PushRig>] = [
        Clause("of many who want a turn one has it, until its time is over") { rig in
            let file = try await kept(rig, "a")
            let taken = try await withThrowingTaskGroup(of: MediaTurn?.self) { group in
                for _ in 0..<8 { group.addTask { try await turn(rig, file.id) } }
                var turns: [MediaTurn] = []
                for try await turn in group { if let turn { turns.append(turn) } }
                return turns
            }
            try #require(taken.count == 1)
            #expect(try await turn(rig, file.id, after: taken[0]) == nil)
            rig.clock.advance(by: .seconds(30))
            #expect(try await turn(rig, file.id) == nil)
            let next = try #require(try await turn(rig, file.id, after: taken[0]))
            #expect(next > taken[0])
            // The one before comes too late.
            #expect(try await end(rig, taken[0], file.id, "late") == false)
            #expect(try await rig.books.mediaCopies(of: [file.id]).first?.reference == nil)
            #expect(try await end(rig, next, file.id, "good"))
            #expect(try await rig.books.mediaCopies(of: [file.id]).first?.reference?.name == "good")
        },
        Clause("a turn that is ended lets the next be taken at once, and keeps what was known") { rig in
            let file = try await kept(rig, "a")
            let first = try #require(try await turn(rig, file.id))
            let expiry = rig.now + .seconds(259_200)
            #expect(try await end(rig, first, file.id, "one", expiry))
            let second = try #require(try await turn(rig, file.id, after: first))
            let known = try #require(try await rig.books.mediaCopies(of: [file.id]).first)
            #expect(known.turn == second)
            #expect(known.reference == .init(name: "one", uploadedAt: rig.now, expiresAt: expiry))
            #expect(try await end(rig, second, file.id, nil))
            let third = try #require(try await turn(rig, file.id, after: second))
            #expect(try await rig.books.mediaCopies(of: [file.id]).first?.reference?.name == "one")
            #expect(try await end(rig, third, file.id, "two"))
            #expect(try await rig.books.mediaCopies(of: [file.id]).first?.reference?.expiresAt == nil)
        },
        Clause("a copy is dropped by its name, and not the one that took its place") { rig in
            let file = try await kept(rig, "a")
            let first = try #require(try await turn(rig, file.id))
            _ = try await end(rig, first, file.id, "one")
            let second = try #require(try await turn(rig, file.id, after: first))
            try await rig.books.dropMediaCopy("one", of: file.id, at: PushRig.account)
            #expect(try await rig.books.mediaCopies(of: [file.id]).first?.reference == nil)
            _ = try await end(rig, second, file.id, "two")
            try await rig.books.dropMediaCopy("one", of: file.id, at: PushRig.account)
            #expect(try await rig.books.mediaCopies(of: [file.id]).first?.reference?.name == "two")
        },
        Clause("copies are kept apart by file and account, and go with their file") { rig in
            let (file, other) = (try await kept(rig, "a"), try await kept(rig, "b"))
            for (id, account) in [(file.id, 1), (file.id, 2), (other.id, 1)] as [(MediaID, Int64)] {
                let account = AccountID(rawValue: account)
                let turn = try #require(
                    try await rig.books.takeMediaTurn(of: id, at: account, after: .none, for: .seconds(30))
                )
                let name = "\(id.rawValue)-\(account.rawValue)"
                let reference = MediaCopy.Reference(name: name, uploadedAt: rig.now, expiresAt: nil)
                _ = try await rig.books.endMediaTurn(turn, of: id, at: account, with: reference)
            }
            let names = try await rig.books.mediaCopies(of: [file.id, other.id]).compactMap(\.reference?.name)
            #expect(Set(names).count == 3)
            _ = try await rig.books.retireMedia(file.id)
            try await rig.books.forgetMedia(file.id)
            #expect(try await rig.books.mediaCopies(of: [file.id]).isEmpty)
            #expect(try await rig.books.mediaCopies(of: [other.id]).count == 1)
            #expect(try await rig.books.mediaCopies(of: []).isEmpty)
        },
    ]

    private static func draft(
        _ digit: String,
        name: String = "logo.png",
        channel: Channel = .weComApp,
        by editor: String = "ann"
    ) -> MediaDraft {
        MediaDraft(
            name: name,
            channel: channel,
            type: .image,
            format: .png,
            digest: String(repeating: digit, count: 64),
            byteCount: 1_024,
            createdBy: editor
        )
    }

    private static func template(naming id: MediaID) -> TemplateDraft {
        TemplateDraft(
            name: "picture",
            channel: .weComApp,
            messageType: .notice,
            templateType: .technical,
            content: #"{"sendType": "100", "mediaId": "media:\#(id.rawValue)"}"#
        )
    }

    private static func kept(_ rig: PushRig, _ digit: String) async throws -> MediaFile {
        let file = try await rig.books.putMedia(draft(digit))
        try await rig.books.keepMedia(file.id)
        return file
    }

    private static func turn(
        _ rig: PushRig,
        _ id: MediaID,
        after known: MediaTurn = .none
    ) async throws -> MediaTurn? {
        try await rig.books.takeMediaTurn(of: id, at: PushRig.account, after: known, for: .seconds(30))
    }

    private static func end(
        _ rig: PushRig,
        _ turn: MediaTurn,
        _ id: MediaID,
        _ name: String?,
        _ expiry: Moment? = nil
    ) async throws -> Bool {
        let reference = name.map {
            MediaCopy.Reference(name: $0, uploadedAt: rig.now, expiresAt: expiry)
        }
        return try await rig.books.endMediaTurn(turn, of: id, at: PushRig.account, with: reference)
    }
}
