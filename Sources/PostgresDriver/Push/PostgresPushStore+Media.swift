package import Groundwork
package import PushEngine

extension PostgresPushStore: MediaStore {
    package func putMedia(_ draft: MediaDraft) async throws(StoreError) -> MediaFile {
        let now = clock.now
        return try await pool.write("put media") { link in
            try Self.lockMedia(draft.digest, link)
            if let leaving = try link.run(Self.selectLeaving, .text(draft.digest)).first {
                throw StoreError.mediaIsLeaving(MediaID(rawValue: leaving.int64(0)))
            }
            let (channel, type) = (draft.channel.rawValue, draft.type.rawValue)
            let known = try link.run(Self.selectSame, .text(draft.digest), .int(channel), .int(type)).first
            if let known { return try MediaFile(known) }
            let row =
                try link.run(
                    Self.insertMedia,
                    .text(draft.name),
                    .int(channel),
                    .int(type),
                    .text(draft.format.rawValue),
                    .text(draft.digest),
                    .int(draft.byteCount),
                    .text(draft.createdBy),
                    .int(now.millisecondsSinceEpoch)
                )
                .first
            guard let row else { throw StoreError(.corrupted, during: "put media") }
            return try MediaFile(row)
        }
    }

    package func keepMedia(_ id: MediaID) async throws(StoreError) {
        try await pool.write("keep media") { link in
            let kept = try link.run(
                "UPDATE media SET state = 1 WHERE id = $1 AND state <> 2",
                .int(id.rawValue)
            )
            guard kept.changed == 1 else { throw StoreError(.notFound, during: "keep media") }
        }
    }

    package func media(_ id: MediaID) async throws(StoreError) -> MediaFile? {
        try await pool.read("read media") { link in
            try link.run(
                "SELECT \(MediaFile.columns) FROM media WHERE id = $1 AND state = 1",
                .int(id.rawValue)
            )
            .first.map { try MediaFile($0) }
        }
    }

    package func media(after id: MediaID?, limit: Int) async throws(StoreError) -> [MediaFile] {
        try await pool.read("read media") { link in
            try link.run(
                "SELECT \(MediaFile.columns) FROM media WHERE id > $1 AND state = 1 ORDER BY id LIMIT $2",
                .int(id?.rawValue ?? 0),
                .int(limit)
            )
            .map { try MediaFile($0) }
        }
    }

    package func retireMedia(_ id: MediaID) async throws(StoreError) -> String? {
        try await pool.write("retire media") { link in
            let found = try link.run(
                "SELECT digest FROM media WHERE id = $1 AND state <> 0",
                .int(id.rawValue)
            )
            guard let digest = found.first?.text(0) else {
                throw StoreError(.notFound, during: "retire media")
            }
            try Self.lockMedia(digest, link)
            let token = "\"\(MediaReference.text(id))\""
            if let user = try link.run(Self.selectUser, .text(token)).first {
                throw StoreError.mediaIsUsed(by: TemplateID(rawValue: user.int64(0)))
            }
            try link.run("UPDATE media SET state = 2 WHERE id = $1", .int(id.rawValue))
            let others = try link.run(
                "SELECT 1 FROM media WHERE digest = $1 AND id <> $2 AND state <> 2 LIMIT 1",
                .text(digest),
                .int(id.rawValue)
            )
            return others.isEmpty ? digest : nil
        }
    }

    package func forgetMedia(_ id: MediaID) async throws(StoreError) {
        try await pool.write("forget media") { link in
            let gone = try link.run("DELETE FROM media WHERE id = $1 AND state = 2", .int(id.rawValue))
            guard gone.changed == 1 else { return }
            try link.run("DELETE FROM media_copy WHERE media = $1", .int(id.rawValue))
        }
    }

    /// Files of the same bytes are put and retired one after the other.
    private static func lockMedia(_ digest: String, _ link: PostgresLink) throws {
        try link.run("SELECT pg_advisory_xact_lock(hashtextextended('kpush.media.' || $1, 0))", .text(digest))
    }

    private static let selectLeaving = "SELECT id FROM media WHERE digest = $1 AND state = 2"

    private static let selectSame =
        "SELECT \(MediaFile.columns) FROM media WHERE digest = $1 AND channel = $2 AND type = $3"

    private static let insertMedia = """
        INSERT INTO media (name, channel, type, format, digest, byte_count, state, created_by, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)
        RETURNING \(MediaFile.columns)
        """

    private static let selectUser = """
        SELECT template.id FROM template
        JOIN template_version ON template_version.template = template.id
            AND template_version.number IN (template.latest, template.serving)
        WHERE strpos(template_version.content, $1) > 0 LIMIT 1
        """
}

extension PostgresPushStore: MediaCopyStore {
    package func mediaCopies(of files: [MediaID]) async throws(StoreError) -> [MediaCopy] {
        guard !files.isEmpty else { return [] }
        return try await pool.read("read media copies") { link in
            try link.run(
                "SELECT \(MediaCopy.columns) FROM media_copy WHERE media = ANY($1)",
                .ints(files.map(\.rawValue))
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
        return try await pool.write("take media turn") { link in
            let place: [PostgresValue] = [.int(media.rawValue), .int(account.rawValue)]
            let until = PostgresValue.int((now + limit).millisecondsSinceEpoch)
            let taken =
                if known == .none {
                    try link.run(Self.firstTurn, place[0], place[1], until)
                } else {
                    try link.run(
                        Self.nextTurn,
                        place[0],
                        place[1],
                        until,
                        .int(known.rawValue),
                        .int(now.millisecondsSinceEpoch)
                    )
                }
            return taken.first.map { MediaTurn(rawValue: $0.int64(0)) }
        }
    }

    package func endMediaTurn(
        _ turn: MediaTurn,
        of media: MediaID,
        at account: AccountID,
        with reference: MediaCopy.Reference?
    ) async throws(StoreError) -> Bool {
        try await pool.write("end media turn") { link in
            let place: [PostgresValue] = [
                .int(media.rawValue), .int(account.rawValue), .int(turn.rawValue),
            ]
            guard let reference else {
                return try link.run(Self.giveUpTurn, place[0], place[1], place[2]).changed == 1
            }
            let ended = try link.run(
                Self.endTurn,
                place[0],
                place[1],
                place[2],
                .text(reference.name),
                .int(reference.uploadedAt.millisecondsSinceEpoch),
                .int(reference.expiresAt?.millisecondsSinceEpoch)
            )
            return ended.changed == 1
        }
    }

    package func dropMediaCopy(
        _ reference: String,
        of media: MediaID,
        at account: AccountID
    ) async throws(StoreError) {
        try await pool.write("drop media copy") { link in
            try link.run(Self.dropCopy, .int(media.rawValue), .int(account.rawValue), .text(reference))
            return
        }
    }

    private static let firstTurn = """
        INSERT INTO media_copy (media, account, turn, busy_until) VALUES ($1, $2, 1, $3)
        ON CONFLICT DO NOTHING RETURNING turn
        """

    private static let nextTurn = """
        UPDATE media_copy SET turn = turn + 1, busy_until = $3
        WHERE media = $1 AND account = $2 AND turn = $4 AND busy_until <= $5 RETURNING turn
        """

    private static let endTurn = """
        UPDATE media_copy SET busy_until = 0, reference = $4, uploaded_at = $5, expires_at = $6
        WHERE media = $1 AND account = $2 AND turn = $3
        """

    private static let giveUpTurn =
        "UPDATE media_copy SET busy_until = 0 WHERE media = $1 AND account = $2 AND turn = $3"

    private static let dropCopy = """
        UPDATE media_copy SET reference = NULL, uploaded_at = NULL, expires_at = NULL
        WHERE media = $1 AND account = $2 AND reference = $3
        """
}

extension MediaFile {
    fileprivate static let columns =
        "id, name, channel, type, format, digest, byte_count, created_by, created_at"

    /// Reads `columns`.
    fileprivate init(_ row: PostgresRow) throws(StoreError) {
        guard let channel = Channel(rawValue: row.int(2)), let type = MediaType(rawValue: row.int(3)),
            let format = MediaFormat(rawValue: row.text(4))
        else { throw StoreError(.corrupted, during: "read media") }
        self.init(
            id: MediaID(rawValue: row.int64(0)),
            draft: MediaDraft(
                name: row.text(1),
                channel: channel,
                type: type,
                format: format,
                digest: row.text(5),
                byteCount: row.int64(6),
                createdBy: row.text(7)
            ),
            createdAt: row.moment(8)
        )
    }
}

extension MediaCopy {
    fileprivate static let columns = "media, account, turn, reference, uploaded_at, expires_at"

    /// Reads `columns`.
    fileprivate init(_ row: PostgresRow) {
        self.init(
            media: MediaID(rawValue: row.int64(0)),
            account: AccountID(rawValue: row.int64(1)),
            turn: MediaTurn(rawValue: row.int64(2)),
            reference: row.optionalText(3)
                .map { Reference(name: $0, uploadedAt: row.moment(4), expiresAt: row.optionalMoment(5)) }
        )
    }
}
