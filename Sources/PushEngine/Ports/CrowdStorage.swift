package import Groundwork

/// Keeps crowd files under the digest of their bytes, where every process that reads them can.
package protocol CrowdStorage: Sendable {
    /// Begins a file that arrives piece by piece; nobody finds it under a digest before it is kept.
    func stage() async throws(StoreError) -> StagedCrowd

    /// Keeps what has arrived under `digest`, which must be that of its bytes; the staged file is used up.
    ///
    /// In one step: whoever opens the digest finds all of the file or none of it, also after a power cut. A file
    /// that is kept already stays as it is, and whoever has it open reads on. What cannot be kept leaves nothing
    /// behind but the staged file; `.full` says that there is no room for it.
    func keep(_ file: StagedCrowd, as digest: String) async throws(StoreError)

    /// Opens the file with that digest; throws `.notFound` when none is kept.
    func open(_ digest: String) async throws(StoreError) -> any CrowdBytes

    /// Removes the file with that digest; one that is not there counts as removed.
    func remove(_ digest: String) async throws(StoreError)
}

/// The bytes of one file that does not change, read by range.
package protocol CrowdBytes: Sendable {
    /// How many there are.
    var size: Int64 { get }

    /// Reads `count` bytes from `offset` on; fewer only where the file ends.
    ///
    /// Throws `.conflict` when the file is not what it was when it was opened.
    func read(_ count: Int, at offset: Int64) async throws(StoreError) -> [UInt8]
}

extension String {
    /// Whether this can be the digest of a crowd file: 64 hexadecimal digits in lower case.
    package var isCrowdDigest: Bool {
        utf8.count == 64
            && utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}
