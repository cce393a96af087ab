package import Groundwork

/// Whether somebody approved a version (`audit_status`).
package enum AuditState: Int, Hashable, Sendable, CaseIterable, Codable {
    case waiting = 10
    case approved = 20
    case rejected = 30
}

/// Whether a template may be used (`msg_status`).
package enum TemplateStatus: Int, Hashable, Sendable, CaseIterable, Codable {
    case new = 10
    case stopped = 20
    case enabled = 30
}

/// Who sends with it (`template_type`).
package enum TemplateType: Int, Hashable, Sendable, CaseIterable, Codable {
    /// Scheduled crowds.
    case operations = 10
    /// The API.
    case technical = 20
}

/// What becomes of a message whose call ended without an answer, when nothing comes to light.
package enum DeliveryGuarantee: String, Hashable, Sendable, CaseIterable, Codable {
    /// It is never sent again: nobody gets it twice, and some may not get it.
    case atMostOnce = "at_most_once"
    /// It is sent again once the supplier was asked and knew nothing of the call: somebody may get it twice
    /// when the supplier did not tell.
    case atLeastOnce = "at_least_once"

    /// What a template has that names none.
    ///
    /// A second advertisement is worse than none; of a code or a notice it is the other way round.
    package static func usual(for type: MessageType) -> DeliveryGuarantee {
        type == .marketing ? .atMostOnce : .atLeastOnce
    }
}

/// What people write into a template: the part that is versioned and audited.
package struct TemplateDraft: Hashable, Sendable {
    package var name: String
    package var channel: Channel
    package var messageType: MessageType
    package var templateType: TemplateType
    package var shield: ShieldType
    /// What is sent, as its channel has it (`Channel.contentForm`), with placeholders written `{$name}`.
    package var content: String
    /// The account that sends it; nil lets the weights choose.
    package var account: AccountID?
    package var guarantee: DeliveryGuarantee
    /// Whether each recipient has one account for all its messages, as long as that can send.
    package var isSticky: Bool

    /// Makes a draft; without a guarantee it has the usual one of its message type.
    package init(
        name: String,
        channel: Channel = .sms,
        messageType: MessageType,
        templateType: TemplateType,
        shield: ShieldType = .none,
        content: String,
        account: AccountID? = nil,
        guarantee: DeliveryGuarantee? = nil,
        isSticky: Bool = false
    ) {
        self.name = name
        self.channel = channel
        self.messageType = messageType
        self.templateType = templateType
        self.shield = shield
        self.content = content
        self.account = account
        self.guarantee = guarantee ?? .usual(for: messageType)
        self.isSticky = isSticky
    }

    package var lane: Lane { Lane(channel: channel, type: messageType) }

    /// The content, ready to render.
    package var compiled: ContentTemplate {
        get throws(ContentFault) { try ContentTemplate(content, form: channel.contentForm) }
    }
}

/// One version of a template and what the auditor said of it.
package struct TemplateVersion: Hashable, Sendable {
    /// Counts from 1.
    package let number: Int
    package let draft: TemplateDraft
    package let audit: AuditState
    package let editedBy: String
    package let editedAt: Moment
    /// Who approved or rejected it.
    package let auditedBy: String?
    /// Why it was rejected.
    package let auditNote: String?

    package init(
        number: Int,
        draft: TemplateDraft,
        audit: AuditState,
        editedBy: String,
        editedAt: Moment,
        auditedBy: String? = nil,
        auditNote: String? = nil
    ) {
        self.number = number
        self.draft = draft
        self.audit = audit
        self.editedBy = editedBy
        self.editedAt = editedAt
        self.auditedBy = auditedBy
        self.auditNote = auditNote
    }
}

/// A template: its newest version, and the approved one that serves while a newer one waits for its audit.
package struct MessageTemplate: Hashable, Sendable, Identifiable {
    package let id: TemplateID
    package let status: TemplateStatus
    package let latest: TemplateVersion
    package let serving: TemplateVersion?

    package init(id: TemplateID, status: TemplateStatus, latest: TemplateVersion, serving: TemplateVersion?) {
        self.id = id
        self.status = status
        self.latest = latest
        self.serving = serving
    }

    /// The version that sends now: only an approved one of an enabled template.
    package var sendable: TemplateVersion? {
        status == .enabled ? serving : nil
    }
}
