/// Where a supplier takes the files that messages then name.
package protocol MediaDoor: Sendable {
    /// Hands a file over; handing it over again does no harm.
    ///
    /// - Throws: `SupplierError` when the supplier did not answer or refused.
    func upload(_ media: MediaUpload) async throws(SupplierError) -> UploadedMedia

    /// Whether a message was refused because it names a file that the supplier does not have, or not any more.
    func isMediaMissing(_ refusal: Refusal) -> Bool
}

/// A file on its way to a supplier.
package struct MediaUpload: Sendable {
    package let name: String
    package let type: MediaType
    package let format: MediaFormat
    package let bytes: [UInt8]

    package init(name: String, type: MediaType, format: MediaFormat, bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.format = format
        self.bytes = bytes
    }
}

/// What a supplier calls a file that it took.
package struct UploadedMedia: Hashable, Sendable {
    package let reference: String
    /// How long it has the file; nil for ever.
    package let lifetime: Duration?

    package init(reference: String, lifetime: Duration?) {
        self.reference = reference
        self.lifetime = lifetime
    }
}
