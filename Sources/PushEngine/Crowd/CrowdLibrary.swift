import Foundation
import Groundwork

/// Takes crowd files in: each is copied, read once from end to end, and frozen under the digest of its bytes.
package struct CrowdLibrary: Sendable {
    private let folder: String
    private let store: any CampaignStore
    private let shardSize: Int64

    /// Makes a library that keeps its files in a folder.
    ///
    /// - Parameters:
    ///   - folder: where the files lie; it is made when it is not there.
    ///   - store: remembers them.
    ///   - shardSize: about how many bytes one reader takes at a time.
    package init(
        folder: String,
        store: any CampaignStore,
        shardSize: Int64 = CrowdSurvey.Settings().shardSize
    ) {
        self.folder = folder
        self.store = store
        self.shardSize = shardSize
    }

    /// A path inside the library for bytes that are still arriving; `adopt` takes it over.
    ///
    /// - Throws: `CrowdFileError` when the folder cannot be made.
    package func newTemporaryPath() throws(CrowdFileError) -> String {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .unreadable(operation: "make \(folder)", reason: error.localizedDescription)
        }
        return folder + "/incoming-" + UUID().uuidString.lowercased()
    }

    /// Takes a copy of somebody's file.
    ///
    /// - Parameters:
    ///   - path: the file, which stays as it is.
    ///   - progress: is told how many bytes were read.
    /// - Returns: the frozen file; one whose bytes were known before comes back as it is.
    /// - Throws: `CrowdFileError` that says what is wrong with it and where, or `StoreError`.
    package func take(
        _ path: String,
        progress: (Int64) -> Void = { _ in }
    ) async throws -> CrowdFile {
        let copy = try newTemporaryPath()
        do { try FileManager.default.copyItem(atPath: path, toPath: copy) } catch {
            throw CrowdFileError.unreadable(operation: "copy \(path)", reason: error.localizedDescription)
        }
        let name = URL(fileURLWithPath: path).lastPathComponent
        return try await adopt(copy, name: name) { progress($0.end.offset) }
    }

    /// Makes a temporary file of the library's own into a crowd file, or removes it when it cannot be one.
    ///
    /// - Parameters:
    ///   - path: what `newTemporaryPath` gave.
    ///   - name: what people call it.
    ///   - visit: sees every batch of rows as it goes by, and the refused rows in it.
    /// - Returns: the frozen file; one whose bytes were known before comes back as it is.
    /// - Throws: `CrowdFileError` that says what is wrong with it and where, or `StoreError`.
    package func adopt(
        _ path: String,
        name: String,
        visit: (CrowdBatch) -> Void = { _ in }
    ) async throws -> CrowdFile {
        // Nothing is left to remove after it was moved to its place.
        defer { try? FileManager.default.removeItem(atPath: path) }
        let layout = try CrowdHeader.read(path: path)
        var settings = CrowdSurvey.Settings()
        settings.shardSize = shardSize
        var firstReject: CrowdReject?
        let survey = try await CrowdSurvey.make(of: path, layout: layout, settings: settings) { batch in
            firstReject = firstReject ?? batch.rejected.first
            visit(batch)
        }
        if survey.good == 0, let firstReject { throw CrowdFileError.noGoodRows(firstReject) }
        if let known = try await store.crowd(survey.sha256) { return known }
        let place = folder + "/" + survey.sha256 + ".csv"
        if !FileManager.default.fileExists(atPath: place) {
            do { try FileManager.default.moveItem(atPath: path, toPath: place) } catch {
                throw CrowdFileError.unreadable(
                    operation: "keep \(place)",
                    reason: error.localizedDescription
                )
            }
        }
        return try await store.putCrowd(CrowdFile(survey, name: name, path: place))
    }
}

extension CrowdFile {
    /// What a survey found, as it is remembered.
    fileprivate init(_ survey: CrowdSurvey, name: String, path: String) {
        self.init(
            digest: survey.sha256,
            name: name,
            path: path,
            byteCount: survey.size,
            rowCount: Int64(survey.rows),
            columns: survey.layout.columns,
            shards: survey.shards.map { CrowdShard(start: $0.cursor, end: $0.end) }
        )
    }
}
