package import Groundwork
package import Logging

/// Knows what suppliers call our media files, and uploads those that they do not have, or not for long any more.
///
/// Of all who want the same file at the same account, in all processes, one uploads; a process remembers what it knows,
/// so that most calls ask no store.
package actor MediaKeeper {
    private struct Place: Hashable {
        let media: MediaID
        let account: AccountID
    }

    private typealias Search = Task<Result<MediaCopy.Reference, Refusal>, Never>

    /// For how long a copy must still last that a message names.
    private static let margin = Duration.seconds(300)
    /// How long whoever uploads keeps the others from it, alive or dead; longer than an upload.
    private static let turnLimit = Duration.seconds(45)
    /// How long somebody waits for another process, and how often it looks.
    private static let (patience, poll) = (Duration.seconds(8), Duration.milliseconds(200))
    /// How many copies a process remembers.
    private static let room = 4_096

    private let store: any MediaStore & MediaCopyStore
    private let storage: any CrowdStorage
    private let clock: any WallClock
    private let timer: any Clock<Duration>
    private let logger: Logger
    private var known: [Place: MediaCopy.Reference] = [:]
    private var coming: [Place: Search] = [:]

    package init(
        store: any MediaStore & MediaCopyStore,
        storage: any CrowdStorage,
        clock: any WallClock,
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.store = store
        self.storage = storage
        self.clock = clock
        self.timer = timer
        self.logger = logger
    }

    /// What the supplier of `entry` calls a file, to be named by a message.
    ///
    /// - Throws: what a message is refused with that cannot name it; nobody was sent anything.
    func reference(of media: MediaID, at entry: SupplierRoster.Entry) async throws(Refusal) -> String {
        let place = Place(media: media, account: entry.account.id)
        if let reference = known[place], reference.lasts(Self.margin, after: clock.now) {
            return reference.name
        }
        return try await find(place, at: entry, lasting: Self.margin).name
    }

    /// Forgets copies that a supplier does not know any more.
    ///
    /// - Throws: what a message is refused with while that cannot be written down.
    func drop(_ names: [MediaID: String], at account: AccountID) async throws(Refusal) {
        do throws(StoreError) {
            for (media, name) in names {
                known[Place(media: media, account: account)] = nil
                try await store.dropMediaCopy(name, of: media, at: account)
            }
        } catch { throw Refusal(error) }
    }

    /// Sees to it that an account has a file for at least `length` more.
    package func renew(
        _ media: MediaID,
        at entry: SupplierRoster.Entry,
        lasting length: Duration
    ) async throws(Refusal) {
        _ = try await find(Place(media: media, account: entry.account.id), at: entry, lasting: length)
    }

    private func find(
        _ place: Place,
        at entry: SupplierRoster.Entry,
        lasting length: Duration
    ) async throws(Refusal) -> MediaCopy.Reference {
        if let search = coming[place] { return try await search.value.get() }
        // Whoever wants the file waits for it; it ends with an upload's time at the latest.
        let search = Search { await self.search(place, at: entry, lasting: length) }
        coming[place] = search
        let result = await search.value
        coming[place] = nil
        let reference = try result.get()
        if known.count >= Self.room { known = [:] }
        known[place] = reference
        return reference
    }

    private nonisolated func search(
        _ place: Place,
        at entry: SupplierRoster.Entry,
        lasting length: Duration
    ) async -> Result<MediaCopy.Reference, Refusal> {
        let stopwatch = Stopwatch(timer)
        do throws(StoreError) {
            repeat {
                let copy = try await store.mediaCopies(of: [place.media])
                    .first { $0.account == place.account }
                if let reference = copy?.reference, reference.lasts(length, after: clock.now) {
                    return .success(reference)
                }
                let turn = try await store.takeMediaTurn(
                    of: place.media,
                    at: place.account,
                    after: copy?.turn ?? .none,
                    for: Self.turnLimit
                )
                if let turn { return try await upload(place, at: entry, in: turn) }
                // Another uploads: what there is does in the meantime.
                if let reference = copy?.reference, reference.lasts(Self.margin, after: clock.now) {
                    return .success(reference)
                }
                // A sleep ends early only by cancellation, and nobody cancels a search.
                try? await timer.sleep(for: Self.poll)
            } while stopwatch.elapsed < Self.patience
        } catch { return .failure(Refusal(error)) }
        return .failure(Refusal(.transient, code: "kpush.media_busy", wait: .seconds(2)))
    }

    /// Uploads a file and ends the turn, whatever comes of it.
    private nonisolated func upload(
        _ place: Place,
        at entry: SupplierRoster.Entry,
        in turn: MediaTurn
    ) async throws(StoreError) -> Result<MediaCopy.Reference, Refusal> {
        let result: Result<MediaCopy.Reference, Refusal>
        do throws(StoreError) { result = try await upload(place.media, at: entry) } catch {
            result = .failure(Refusal(error))
        }
        let reference = try? result.get()
        _ = try await store.endMediaTurn(turn, of: place.media, at: place.account, with: reference)
        var metadata: Logger.Metadata = [
            LogKey.account: "\(entry.account.name)", "media": "\(place.media.rawValue)",
        ]
        switch result {
        case .success: logger.info("media uploaded", metadata: metadata)
        case .failure(let refusal):
            metadata[LogKey.error] = "\(refusal.code) \(refusal.message)"
            logger.warning("media not uploaded", metadata: metadata)
        }
        return result
    }

    private nonisolated func upload(
        _ media: MediaID,
        at entry: SupplierRoster.Entry
    ) async throws(StoreError) -> Result<MediaCopy.Reference, Refusal> {
        guard let door = entry.supplier.mediaDoor else {
            return .failure(Refusal(.badContent, code: "kpush.media_not_offered"))
        }
        guard let file = try await store.media(media) else {
            let name = MediaReference.text(media)
            return .failure(Refusal(.badContent, code: "kpush.media_unknown", message: name))
        }
        let draft = file.draft
        let bytes = try await storage.open(draft.digest).read(Int(draft.byteCount), at: 0)
        let upload = MediaUpload(name: draft.name, type: draft.type, format: draft.format, bytes: bytes)
        let begun = clock.now
        do throws(SupplierError) {
            let uploaded = try await door.upload(upload)
            return .success(
                MediaCopy.Reference(
                    name: uploaded.reference,
                    uploadedAt: begun,
                    expiresAt: uploaded.lifetime.map { begun + $0 }
                )
            )
        } catch {
            return .failure(Refusal(error))
        }
    }
}

extension Refusal {
    /// What it means for a message that a store does not answer which it needs before it is sent.
    fileprivate init(_ error: StoreError) {
        self.init(.transient, code: "kpush.media_store", message: "\(error.code.rawValue)")
    }

    /// What it means for a message that its file could not be uploaded.
    fileprivate init(_ error: SupplierError) {
        if case .refused(let refusal) = error {
            self = refusal
        } else {
            self.init(.transient, code: "kpush.media_upload", message: "\(error)")
        }
    }
}
