import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: MediaStore {
    package func putMedia(_ draft: MediaDraft) async throws(StoreError) -> MediaFile {
        let now = clock.now
        return try await database.write("put media") { db in
            let leaving = try Int64.fetchOne(db, sql: Self.selectLeaving, arguments: [draft.digest])
            if let leaving { throw StoreError.mediaIsLeaving(MediaID(rawValue: leaving)) }
            let (channel, type) = (draft.channel.rawValue, draft.type.rawValue)
            let known = try Row.fetchOne(
                db,
                sql: Self.selectSame,
                arguments: [draft.digest, channel, type]
            )
            if let known { return try MediaFile(known) }
            try db.execute(
                cached: Self.insertMedia,
                [
                    draft.name, channel, type, draft.format.rawValue, draft.digest, draft.byteCount,
                    draft.createdBy, now.millisecondsSinceEpoch,
                ]
            )
            return MediaFile(id: MediaID(rawValue: db.lastInsertedRowID), draft: draft, createdAt: now)
        }
    }

    package func keepMedia(_ id: MediaID) async throws(StoreError) {
        try await database.write("keep media") { db in
            try db.execute(cached: "UPDATE media SET state = 1 WHERE id = ? AND state <> 2", [id.rawValue])
            guard db.changesCount == 1 else { throw StoreError(.notFound, during: "keep media") }
        }
    }

    package func media(_ id: MediaID) async throws(StoreError) -> MediaFile? {
        try await database.read("read media") { db in
            try Row.fetchOne(
                db,
                sql: "SELECT * FROM media WHERE id = ? AND state = 1",
                arguments: [id.rawValue]
            )
            .map { try MediaFile($0) }
        }
    }

    package func media(after id: MediaID?, limit: Int) async throws(StoreError) -> [MediaFile] {
        try await database.read("read media") { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM media WHERE id > ? AND state = 1 ORDER BY id LIMIT ?",
                arguments: [id?.rawValue ?? 0, limit]
            )
            .map { try MediaFile($0) }
        }
    }

    package func retireMedia(_ id: MediaID) async throws(StoreError) -> String? {
        try await database.write("retire media") { db in
            let select = "SELECT digest FROM media WHERE id = ? AND state <> 0"
            guard let digest = try String.fetchOne(db, sql: select, arguments: [id.rawValue]) else {
                throw StoreError(.notFound, during: "retire media")
            }
            let token = "\"\(MediaReference.text(id))\""
            if let user = try Int64.fetchOne(db, sql: Self.selectUser, arguments: [token]) {
                throw StoreError.mediaIsUsed(by: TemplateID(rawValue: user))
            }
            try db.execute(cached: "UPDATE media SET state = 2 WHERE id = ?", [id.rawValue])
            let others = try Int.fetchOne(
                db,
                sql: "SELECT count(*) FROM media WHERE digest = ? AND id <> ? AND state <> 2",
                arguments: [digest, id.rawValue]
            )
            return others == 0 ? digest : nil
        }
    }

    package func forgetMedia(_ id: MediaID) async throws(StoreError) {
        try await database.write("forget media") { db in
            try db.execute(cached: "DELETE FROM media WHERE id = ? AND state = 2", [id.rawValue])
            guard db.changesCount == 1 else { return }
            try db.execute(cached: "DELETE FROM media_copy WHERE media = ?", [id.rawValue])
        }
    }

    private static let selectLeaving = "SELECT id FROM media WHERE digest = ? AND state = 2"

    private static let selectSame = "SELECT * FROM media WHERE digest = ? AND channel = ? AND type = ?"

    private static let insertMedia = """
        INSERT INTO media (name, channel, type, format, digest, byte_count, state, created_by, created_at)
        VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)
        """

    private static let selectUser = """
        SELECT template.id FROM template
        JOIN template_version ON template_version.template = template.id
            AND template_version.number IN (template.latest, template.serving)
        WHERE instr(template_version.content, ?) > 0
        """
}

extension SQLitePushStore: MediaCopyStore {
    package func mediaCopies(of files: [MediaID]) async throws(StoreError) -> [MediaCopy] {
        guard !files.isEmpty else { return [] }
        return try await database.read("read media copies") { db in
            let marks = files.map { _ in "?" }.joined(separator: ", ")
            return
                try Row.fetchAll(
                    db,
                    sql: "SELECT * FROM media_copy WHERE media IN (\(marks))",
                    arguments: StatementArguments(files.map(\.rawValue))
                )
                .map { MediaCopy($0) }
        }
    }

    package func takeMediaTurn(
        of media: MediaID,
        at account: AccountID,
        after known: MediaTurn,
        for limit: Duration
    ) async throws(StoreError) -> MediaTurn? {
        let now = clock.now
        return try await database.write("take media turn") { db in
            try db.execute(
                cached: Self.takeTurn,
                [
                    media.rawValue, account.rawValue, known.rawValue, (now + limit).millisecondsSinceEpoch,
                    now.millisecondsSinceEpoch,
                ]
            )
            return db.changesCount == 1 ? MediaTurn(rawValue: known.rawValue + 1) : nil
        }
    }

    package func endMediaTurn(
        _ turn: MediaTurn,
        of media: MediaID,
        at account: AccountID,
        with reference: MediaCopy.Reference?
    ) async throws(StoreError) -> Bool {
        try await database.write("end media turn") { db in
            let place = [media.rawValue, account.rawValue, turn.rawValue]
            if let reference {
                let times = [reference.uploadedAt, reference.expiresAt].map { $0?.millisecondsSinceEpoch }
                try db.execute(
                    cached: Self.endTurn,
                    [reference.name, times[0], times[1], place[0], place[1], place[2]]
                )
            } else {
                try db.execute(cached: Self.giveUpTurn, [place[0], place[1], place[2]])
            }
            return db.changesCount == 1
        }
    }

    package func dropMediaCopy(
        _ reference: String,
        of media: MediaID,
        at account: AccountID
    ) async throws(StoreError) {
        try await database.write("drop media copy") { db in
            try db.execute(cached: Self.dropCopy, [media.rawValue, account.rawValue, reference])
        }
    }

    /// A first turn makes the row, and a later one moves it on, where nobody has the one before.
    private static let takeTurn = """
        INSERT INTO media_copy (media, account, turn, busy_until) SELECT ?1, ?2, ?3 + 1, ?4
            WHERE ?3 = 0 OR EXISTS (SELECT * FROM media_copy WHERE media = ?1 AND account = ?2)
        ON CONFLICT (media, account) DO UPDATE SET turn = turn + 1, busy_until = excluded.busy_until
            WHERE turn = ?3 AND busy_until <= ?5
        """

    private static let endTurn = """
        UPDATE media_copy SET busy_until = 0, reference = ?, uploaded_at = ?, expires_at = ?
        WHERE media = ? AND account = ? AND turn = ?
        """

    private static let giveUpTurn =
        "UPDATE media_copy SET busy_until = 0 WHERE media = ? AND account = ? AND turn = ?"

    private static let dropCopy = """
        UPDATE media_copy SET reference = NULL, uploaded_at = NULL, expires_at = NULL
        WHERE media = ? AND account = ? AND reference = ?
        """
}

extension MediaFile {
    /// Reads a row of `media`.
    fileprivate init(_ row: Row) throws {
        guard let channel = Channel(rawValue: row["channel"]), let type = MediaType(rawValue: row["type"]),
            let format = MediaFormat(rawValue: row["format"])
        else { throw StoreError(.corrupted, during: "read media") }
        self.init(
            id: MediaID(rawValue: row["id"]),
            draft: MediaDraft(
                name: row["name"],
                channel: channel,
                type: type,
                format: format,
                digest: row["digest"],
                byteCount: row["byte_count"],
                createdBy: row["created_by"]
            ),
            createdAt: Moment(millisecondsSinceEpoch: row["created_at"])
        )
    }
}

extension MediaCopy {
    /// Reads a row of `media_copy`.
    fileprivate init(_ row: Row) {
        let name: String? = row["reference"]
        let uploadedAt: Int64? = row["uploaded_at"]
        let expiresAt: Int64? = row["expires_at"]
        self.init(
            media: MediaID(rawValue: row["media"]),
            account: AccountID(rawValue: row["account"]),
            turn: MediaTurn(rawValue: row["turn"]),
            reference: name.map { name in
                Reference(
                    name: name,
                    uploadedAt: Moment(millisecondsSinceEpoch: uploadedAt ?? 0),
                    expiresAt: expiresAt.map { Moment(millisecondsSinceEpoch: $0) }
                )
            }
        )
    }
}
