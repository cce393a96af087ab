import Crypto
import Groundwork

/// Takes media files in, shows them, and removes them.
package struct MediaLibrary: Sendable {
    private let store: any MediaStore & MediaCopyStore
    private let storage: any CrowdStorage
    private let forms: SupplierForms

    /// Makes a library.
    ///
    /// - Parameters:
    ///   - store: remembers what there is.
    ///   - storage: keeps the bytes, and nothing else.
    ///   - forms: whose rules files keep to.
    package init(
        store: any MediaStore & MediaCopyStore,
        storage: any CrowdStorage,
        forms: SupplierForms
    ) {
        self.store = store
        self.storage = storage
        self.forms = forms
    }

    /// What a channel takes as media of a type.
    ///
    /// - Throws: `CatalogueFault.invalid` when it takes none.
    package func rule(for type: MediaType, of channel: Channel) throws(CatalogueFault) -> MediaRule {
        let rules = forms.all.filter { $0.channel == channel }.flatMap(\.media)
        guard !rules.isEmpty else {
            let names = Set(forms.all.filter { !$0.media.isEmpty }.map(\.channel.rawValue)).sorted()
                .map(String.init)
            throw .invalid(field: "sendChannel", reason: "must be one of \(names.joined(separator: ", "))")
        }
        guard let rule = rules.first(where: { $0.type == type }) else {
            let codes = rules.map { String($0.type.rawValue) }.joined(separator: ", ")
            throw .invalid(field: "type", reason: "must be one of \(codes) for the channel")
        }
        return rule
    }

    /// Takes in a file as it arrives; nothing is left of one that its channel would not take.
    ///
    /// - Parameters:
    ///   - name: what people call it.
    ///   - type: what it is to be.
    ///   - channel: where it is to be sent.
    ///   - editor: who brings it.
    ///   - fill: appends all bytes of it, as many as the rule allows at most.
    /// - Returns: the file; one whose bytes were known before comes back as it is.
    /// - Throws: `CatalogueFault`, `StoreError`, or what `fill` throws.
    package func take(
        name: String,
        as type: MediaType,
        for channel: Channel,
        by editor: String,
        fill: (StagedCrowd, MediaRule) async throws -> Void
    ) async throws -> MediaFile {
        let rule = try rule(for: type, of: channel)
        try rule.check(name: name)
        let staged = try await storage.stage()
        do {
            try await fill(staged, rule)
            let (digest, format, size) = try await Self.survey(try await staged.bytes())
            try rule.check(format, byteCount: size)
            let draft = MediaDraft(
                name: name,
                channel: channel,
                type: type,
                format: format,
                digest: digest,
                byteCount: size,
                createdBy: editor
            )
            // Before the bytes, so that nobody who removes others of the same takes these away.
            let file = try await asking("the file") { () async throws(StoreError) in
                try await store.putMedia(draft)
            }
            try await storage.keep(staged, as: digest)
            try await store.keepMedia(file.id)
            return file
        } catch {
            await staged.discard()
            throw error
        }
    }

    /// A file and its copies at suppliers, in order of account.
    ///
    /// - Throws: `CatalogueFault.notFound` without such a file.
    package func file(_ id: MediaID) async throws(CatalogueFault) -> (file: MediaFile, copies: [MediaCopy]) {
        let file = try await asking(name(id)) { () async throws(StoreError) in try await store.media(id) }
        guard let file else { throw .notFound(name(id)) }
        return (file, try await copies(of: [file])[id] ?? [])
    }

    /// Files in order of their number, those after `id`, each with its copies.
    package func list(
        after id: MediaID?,
        limit: Int
    ) async throws(CatalogueFault) -> [(file: MediaFile, copies: [MediaCopy])] {
        let files = try await asking("media") { () async throws(StoreError) in
            try await store.media(after: id, limit: limit)
        }
        let copies = try await copies(of: files)
        return files.map { ($0, copies[$0.id] ?? []) }
    }

    /// Removes a file that no template refers to; whoever was stopped on the way removes it again.
    ///
    /// - Throws: `CatalogueFault`; `.conflict` when a template refers to it.
    package func remove(_ id: MediaID) async throws(CatalogueFault) {
        try await asking(name(id)) { () async throws(StoreError) in
            if let digest = try await store.retireMedia(id) { try await storage.remove(digest) }
            try await store.forgetMedia(id)
        }
    }

    private func copies(of files: [MediaFile]) async throws(CatalogueFault) -> [MediaID: [MediaCopy]] {
        guard !files.isEmpty else { return [:] }
        let found = try await asking("media") { () async throws(StoreError) in
            try await store.mediaCopies(of: files.map(\.id))
        }
        return Dictionary(grouping: found.sorted { $0.account.rawValue < $1.account.rawValue }, by: \.media)
    }

    private func name(_ id: MediaID) -> String { "media file \(id.rawValue)" }

    private static func survey(
        _ bytes: FileCrowdBytes
    ) async throws(StoreError) -> (digest: String, MediaFormat, size: Int64) {
        var hash = SHA256()
        var offset: Int64 = 0
        var format = MediaFormat.other
        while offset < bytes.size {
            let piece = try await bytes.read(1 << 20, at: offset)
            if offset == 0 { format = MediaFormat(head: piece) }
            hash.update(data: piece)
            offset += Int64(piece.count)
        }
        return (hash.finalize().hexDigits, format, offset)
    }
}
