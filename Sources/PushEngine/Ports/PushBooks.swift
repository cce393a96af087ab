/// Everything that the push engine keeps books of, in one place: what it says is written in the same transactions.
package typealias PushBooks = AccountStore & AllowListStore & CallBook & CampaignRunStore & CampaignStore
    & DeliveryLedger & MediaCopyStore & MediaStore & MessageFates & NightShelf & ReceiptStore & RecordStore
    & RetentionStore & SensitiveWordStore & SuppressionStore & TemplateStore
