import Foundation
import Groundwork

/// Takes crowd files in: each is read once from end to end, and frozen under the digest of its bytes.
package struct CrowdLibrary: Sendable {
    private let storage: any CrowdStorage
    private let store: any CampaignStore
    private let shardSize: Int64

    /// Makes a library.
    ///
    /// - Parameters:
    ///   - storage: keeps the files.
    ///   - store: remembers what is in them.
    ///   - shardSize: about how many bytes one reader takes at a time.
    package init(
        storage: any CrowdStorage,
        store: any CampaignStore,
        shardSize: Int64 = CrowdSurvey.Settings().shardSize
    ) {
        self.storage = storage
        self.store = store
        self.shardSize = shardSize
    }

    /// Takes a copy of somebody's file on this host.
    ///
    /// - Parameter path: the file, which stays as it is.
    /// - Returns: the frozen file; one whose bytes were known before comes back as it is.
    /// - Throws: `CrowdFileError` that says what is wrong with it and where, or `StoreError`.
    package func take(_ path: String) async throws -> CrowdFile {
        let original = try FileCrowdBytes(path: path)
        let name = URL(fileURLWithPath: path).lastPathComponent
        return try await take(name: name) { copy in
            var offset: Int64 = 0
            while offset < original.size {
                let piece = try await original.read(1_024 * 1_024, at: offset)
                try await copy.append(piece)
                offset += Int64(piece.count)
            }
        }
    }

    /// Takes in a file as it arrives, unless it cannot be a crowd file; nothing of it is left then.
    ///
    /// - Parameters:
    ///   - name: what people call it.
    ///   - addresses: how its recipients are written; nil finds out by the name of their column.
    ///   - visit: sees every batch of rows as it goes by, and the refused rows in it.
    ///   - fill: appends all bytes of it.
    /// - Returns: the frozen file; one whose bytes were known before comes back as it is.
    /// - Throws: `CrowdFileError` that says what is wrong with it and where, `StoreError`, or what `fill` throws.
    package func take(
        name: String,
        addresses: AddressForm? = nil,
        visit: (CrowdBatch) -> Void = { _ in },
        fill: (StagedCrowd) async throws -> Void
    ) async throws -> CrowdFile {
        let file = try await storage.stage()
        do {
            try await fill(file)
            let survey = try await survey(await file.bytes(), addresses, visit: visit)
            // From here on the bytes that are kept already stay.
            try await store.touchCrowd(survey.sha256)
            try await storage.keep(file, as: survey.sha256)
            return try await store.putCrowd(CrowdFile(survey, name: name))
        } catch {
            await file.discard()
            throw error
        }
    }

    private func survey(
        _ bytes: any CrowdBytes,
        _ addresses: AddressForm?,
        visit: (CrowdBatch) -> Void
    ) async throws -> CrowdSurvey {
        let layout = try await CrowdHeader.read(bytes, addresses: addresses)
        var settings = CrowdSurvey.Settings()
        settings.shardSize = shardSize
        var firstReject: CrowdReject?
        let survey = try await CrowdSurvey.make(of: bytes, layout: layout, settings: settings) { batch in
            firstReject = firstReject ?? batch.rejected.first
            visit(batch)
        }
        if survey.good == 0, let firstReject { throw CrowdFileError.noGoodRows(firstReject) }
        return survey
    }
}

extension CrowdFile {
    /// What a survey found, as it is remembered.
    fileprivate init(_ survey: CrowdSurvey, name: String) {
        self.init(
            digest: survey.sha256,
            name: name,
            byteCount: survey.size,
            rowCount: Int64(survey.rows),
            columns: survey.layout.columns,
            shards: survey.shards.map { CrowdShard(start: $0.cursor, end: $0.end) }
        )
    }
}
