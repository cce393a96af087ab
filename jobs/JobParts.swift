package import Groundwork
package import PushEngine

/// What the handlers work with.
package struct JobParts: Sendable {
    package let campaigns: CampaignRunner
    package let shelf: any NightShelf
    package let queue: any SendQueue
    package let receipts: ReceiptDesk
    package let reconciler: Reconciler
    package let retention: Retention
    package let suppliers: SupplierDirectory
    package let media: MediaRenewal
    package let tokens: TokenKeeper
    package let clock: any WallClock
    package let timer: any Clock<Duration>

    package init(
        campaigns: CampaignRunner,
        shelf: any NightShelf,
        queue: any SendQueue,
        receipts: ReceiptDesk,
        reconciler: Reconciler,
        retention: Retention,
        suppliers: SupplierDirectory,
        media: MediaRenewal,
        tokens: TokenKeeper,
        clock: any WallClock,
        timer: any Clock<Duration>
    ) {
        self.campaigns = campaigns
        self.shelf = shelf
        self.queue = queue
        self.receipts = receipts
        self.reconciler = reconciler
        self.retention = retention
        self.suppliers = suppliers
        self.media = media
        self.tokens = tokens
        self.clock = clock
        self.timer = timer
    }
}
