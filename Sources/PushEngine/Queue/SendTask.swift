package import Groundwork

/// What travels to the workers: recipients that were accepted together, and their rendered texts.
///
/// The texts are stored once each, however many recipients share one; recipients keep their place for good, so
/// that a message's identity is its batch and its place.
package struct SendTask: Hashable, Sendable {
    package var template: TemplateID
    package var templateVersion: Int
    package var lane: Lane
    package var shield: ShieldType
    /// The account that must send it; nil lets the weights choose.
    package var account: AccountID?
    /// Whether each recipient has one account for all messages, as long as that can send; only where `account` is nil.
    package var isSticky: Bool
    /// The campaign's occurrence it belongs to; nil for a call of the API.
    package var campaignRun: CampaignRunID?
    package var acceptedAt: Moment
    /// Addresses, in the batch's order.
    package var recipients: ByteTable
    /// The distinct rendered texts.
    package var contents: ByteTable
    /// For each recipient the place of its text in `contents`.
    package var contentIndex: [UInt16]

    package init(
        template: TemplateID,
        templateVersion: Int,
        lane: Lane,
        shield: ShieldType,
        account: AccountID?,
        isSticky: Bool = false,
        campaignRun: CampaignRunID?,
        acceptedAt: Moment,
        recipients: ByteTable = ByteTable(),
        contents: ByteTable = ByteTable(),
        contentIndex: [UInt16] = []
    ) {
        self.template = template
        self.templateVersion = templateVersion
        self.lane = lane
        self.shield = shield
        self.account = account
        self.isSticky = isSticky && account == nil
        self.campaignRun = campaignRun
        self.acceptedAt = acceptedAt
        self.recipients = recipients
        self.contents = contents
        self.contentIndex = contentIndex
    }

    /// How many recipients it has.
    package var count: Int { contentIndex.count }

    package func key(_ index: Int) -> RecipientKey {
        recipients.withBytes(of: index) { RecipientKey(bytes: $0) }
    }
}

extension SendTask {
    private static let version: UInt8 = 1
    /// Stands where an account would: versions of the program that do not know it leave the batch to those that do,
    /// as if its account were gone.
    private static let sticky: Int64 = -1

    /// The task as bytes, for the store.
    package var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(Self.version)
        writer.write(template.rawValue)
        writer.write(Int32(templateVersion))
        writer.write(UInt8(lane.channel.rawValue))
        writer.write(UInt8(lane.type.rawValue))
        writer.write(UInt8(shield.rawValue))
        writer.write(account?.rawValue ?? (isSticky ? Self.sticky : 0))
        writer.write(campaignRun?.rawValue ?? 0)
        writer.write(acceptedAt.millisecondsSinceEpoch)
        writer.write(recipients)
        writer.write(contents)
        writer.write(all: contentIndex)
        return writer.bytes
    }

    /// Reads what `encoded` wrote.
    ///
    /// - Throws: `PayloadError` when the bytes are cut, of an unknown version, or contradict themselves.
    package init(encoded: [UInt8]) throws(PayloadError) {
        var reader = ByteReader(encoded)
        let version = try reader.read(UInt8.self)
        guard version == Self.version else { throw .unknownVersion(Int(version)) }
        let template = TemplateID(rawValue: try reader.read(Int64.self))
        let templateVersion = Int(try reader.read(Int32.self))
        guard let channel = Channel(rawValue: Int(try reader.read(UInt8.self))),
            let type = MessageType(rawValue: Int(try reader.read(UInt8.self))),
            let shield = ShieldType(rawValue: Int(try reader.read(UInt8.self)))
        else { throw .inconsistent("lane or shield type") }
        let account = try reader.read(Int64.self)
        let run = try reader.read(Int64.self)
        let acceptedAt = Moment(millisecondsSinceEpoch: try reader.read(Int64.self))
        let recipients = try reader.readTable()
        let contents = try reader.readTable()
        let contentIndex = try reader.readAll(UInt16.self)
        guard contentIndex.count == recipients.count, contentIndex.allSatisfy({ $0 < contents.count }) else {
            throw .inconsistent("recipients and contents do not match")
        }
        self.init(
            template: template,
            templateVersion: templateVersion,
            lane: Lane(channel: channel, type: type),
            shield: shield,
            account: account > 0 ? AccountID(rawValue: account) : nil,
            isSticky: account == Self.sticky,
            campaignRun: run == 0 ? nil : CampaignRunID(rawValue: run),
            acceptedAt: acceptedAt,
            recipients: recipients,
            contents: contents,
            contentIndex: contentIndex
        )
    }
}
