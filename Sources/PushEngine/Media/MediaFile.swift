package import Groundwork

/// Names one media file; contents refer to it as `media:12`.
package struct MediaID: RawRepresentable, Hashable, Comparable, Sendable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    package static func < (left: MediaID, right: MediaID) -> Bool { left.rawValue < right.rawValue }
}

/// What a media file is to those who get it; raw values are the codes that outsiders hold.
package enum MediaType: Int, Hashable, Sendable, CaseIterable {
    case image = 10
    case voice = 20
    case file = 30
    case video = 40

    /// What suppliers call it.
    package var name: String {
        switch self {
        case .image: "image"
        case .voice: "voice"
        case .file: "file"
        case .video: "video"
        }
    }
}

/// A media file that is about to be taken in: what it is called, for whom it is, and what its bytes are.
package struct MediaDraft: Hashable, Sendable {
    /// What people call it, and what those who get it see.
    package let name: String
    package let channel: Channel
    package let type: MediaType
    package let format: MediaFormat
    /// SHA-256 of its bytes, under which the storage keeps them.
    package let digest: String
    package let byteCount: Int64
    package let createdBy: String

    package init(
        name: String,
        channel: Channel,
        type: MediaType,
        format: MediaFormat,
        digest: String,
        byteCount: Int64,
        createdBy: String
    ) {
        self.name = name
        self.channel = channel
        self.type = type
        self.format = format
        self.digest = digest
        self.byteCount = byteCount
        self.createdBy = createdBy
    }
}

/// A media file that contents may refer to.
package struct MediaFile: Hashable, Sendable, Identifiable {
    package let id: MediaID
    package let draft: MediaDraft
    package let createdAt: Moment

    package init(id: MediaID, draft: MediaDraft, createdAt: Moment) {
        self.id = id
        self.draft = draft
        self.createdAt = createdAt
    }
}

/// What a supplier's account has of a media file.
package struct MediaCopy: Hashable, Sendable {
    /// What the supplier calls its copy, and until when it has it.
    package struct Reference: Hashable, Sendable {
        package let name: String
        package let uploadedAt: Moment
        /// When the supplier forgets it; nil for never.
        package let expiresAt: Moment?

        package init(name: String, uploadedAt: Moment, expiresAt: Moment?) {
            self.name = name
            self.uploadedAt = uploadedAt
            self.expiresAt = expiresAt
        }

        /// Whether it is there for at least `length` more.
        package func lasts(_ length: Duration, after moment: Moment) -> Bool {
            expiresAt.map { $0 >= moment + length } ?? true
        }
    }

    package let media: MediaID
    package let account: AccountID
    /// The newest right to upload it that was given; grows with each.
    package let turn: MediaTurn
    /// Nil when there is none: it was never uploaded, or the supplier lost it.
    package let reference: Reference?

    package init(media: MediaID, account: AccountID, turn: MediaTurn, reference: Reference?) {
        self.media = media
        self.account = account
        self.turn = turn
        self.reference = reference
    }
}

/// The right to upload one file to one account, for a time.
package struct MediaTurn: RawRepresentable, Hashable, Comparable, Sendable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// What somebody knows who knows of no turn.
    package static let none = MediaTurn(rawValue: 0)

    package static func < (left: MediaTurn, right: MediaTurn) -> Bool { left.rawValue < right.rawValue }
}
