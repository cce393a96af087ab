package import Groundwork

/// Media files: what is known of them; their bytes lie in a storage, under their digest.
package protocol MediaStore: Sendable {
    /// Stores a file, which nobody finds before it is kept; of the same bytes, channel and type there is one, and it
    /// comes back as it is.
    ///
    /// Throws `.conflict` while a file of the same bytes is being removed.
    func putMedia(_ draft: MediaDraft) async throws(StoreError) -> MediaFile

    /// Says that the bytes of a file are where they belong; throws `.notFound` without it.
    func keepMedia(_ id: MediaID) async throws(StoreError)

    /// The file; nil when there is none, or it is not yet kept.
    func media(_ id: MediaID) async throws(StoreError) -> MediaFile?

    /// Files that are kept, in order of their number, those after `id`.
    func media(after id: MediaID?, limit: Int) async throws(StoreError) -> [MediaFile]

    /// Retires a file: from now on there is none. One that is retired already counts as retired now.
    ///
    /// Throws `.notFound` without such a file, and `.conflict` when the newest or the serving version of a template
    /// refers to it.
    ///
    /// - Returns: the digest of its bytes, which are to be removed; nil when another file has the same.
    func retireMedia(_ id: MediaID) async throws(StoreError) -> String?

    /// Forgets a retired file, whose bytes are gone, and its copies; one that is not retired stays.
    func forgetMedia(_ id: MediaID) async throws(StoreError)
}

/// What suppliers have of media files, shared by all who send; one of them uploads at a time.
package protocol MediaCopyStore: Sendable {
    /// What is known of copies of some files, in no order.
    func mediaCopies(of files: [MediaID]) async throws(StoreError) -> [MediaCopy]

    /// Takes the right to upload a file to an account, until `limit` has passed, by whoever knows the newest turn.
    ///
    /// - Returns: the turn; nil when there is a newer one than `known`, or somebody has it still.
    func takeMediaTurn(
        of media: MediaID,
        at account: AccountID,
        after known: MediaTurn,
        for limit: Duration
    ) async throws(StoreError) -> MediaTurn?

    /// Ends a turn, and keeps what it brought in place of what was known before; nil keeps that.
    ///
    /// - Returns: false, with nothing changed, when the turn is not the newest.
    func endMediaTurn(
        _ turn: MediaTurn,
        of media: MediaID,
        at account: AccountID,
        with reference: MediaCopy.Reference?
    ) async throws(StoreError) -> Bool

    /// Forgets a copy that the supplier does not know any more; does nothing when another has taken its place.
    func dropMediaCopy(
        _ reference: String,
        of media: MediaID,
        at account: AccountID
    ) async throws(StoreError)
}

extension StoreError {
    /// Why a file cannot be taken in at this moment: the same bytes may just be going.
    package static func mediaIsLeaving(_ id: MediaID) -> StoreError {
        StoreError(
            .conflict,
            during: "put media",
            detail:
                "media file \(id.rawValue), of the same bytes, is being removed: remove it again, and try again"
        )
    }

    /// Why a file cannot be removed.
    package static func mediaIsUsed(by template: TemplateID) -> StoreError {
        StoreError(
            .conflict,
            during: "retire media",
            detail: "template \(template.rawValue) refers to the file"
        )
    }
}
