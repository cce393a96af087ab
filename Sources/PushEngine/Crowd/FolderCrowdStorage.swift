import Foundation
package import Groundwork

/// Crowd files as files of a folder: of this host alone, or of all hosts that mount it, such as over NFS.
package actor FolderCrowdStorage: CrowdStorage {
    private let folder: String
    private let staging: StagingFolder
    private let thread = BlockingExecutor(label: "kpush.crowd.folder")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Names the folder.
    ///
    /// - Parameter folder: where the files lie; it is made when it is first needed.
    package init(_ folder: String) {
        self.folder = folder
        // In the same folder, so that a file is kept by giving it another name.
        staging = StagingFolder(folder)
    }

    package func stage() async throws(StoreError) -> StagedCrowd { try await staging.stage() }

    package func keep(_ file: StagedCrowd, as digest: String) async throws(StoreError) {
        let place = try place(of: digest)
        let size = await file.size
        if Self.size(of: place) == size { return await file.discard() }
        try await file.synchronise()
        // NFS asks again when an answer is lost, and is then told that there is nothing to rename.
        guard rename(file.path, place) == 0 || Self.size(of: place) == size else {
            throw .system("keep \(place)")
        }
        try synchroniseFolder()
    }

    package func open(_ digest: String) throws(StoreError) -> any CrowdBytes {
        try FileCrowdBytes(path: place(of: digest))
    }

    package func remove(_ digest: String) throws(StoreError) {
        let place = try place(of: digest)
        guard unlink(place) == 0 || errno == ENOENT else { throw .system("remove \(place)") }
    }

    private func place(of digest: String) throws(StoreError) -> String {
        guard digest.isCrowdDigest else { throw StoreError(.notFound, during: "find a crowd file") }
        return "\(folder)/\(digest).csv"
    }

    private func synchroniseFolder() throws(StoreError) {
        let descriptor = Foundation.open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open \(folder)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("synchronise \(folder)") }
    }

    private static func size(of path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }
}
