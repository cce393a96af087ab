/// Everything that the push engine keeps books of, in one place: what it says is written in the same transactions.
package typealias PushBooks = AccountStore & AllowListStore & CallBook & CampaignRunStore & CampaignStore
    & DeliveryLedger & LinkStore & MediaCopyStore & MediaStore & MessageFates & NightShelf & ReceiptStore
    & ReconciliationStore & RecordStore & RetentionStore & SensitiveWordStore & SuppressionStore
    & TemplateStore
