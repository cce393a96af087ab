package import Groundwork
package import PushEngine

/// What the handlers work with.
package struct JobParts: Sendable {
    package let campaigns: CampaignRunner
    package let shelf: any NightShelf
    package let queue: any SendQueue
    package let receipts: ReceiptDesk
    package let suppliers: SupplierDirectory
    package let clock: any WallClock

    package init(
        campaigns: CampaignRunner,
        shelf: any NightShelf,
        queue: any SendQueue,
        receipts: ReceiptDesk,
        suppliers: SupplierDirectory,
        clock: any WallClock
    ) {
        self.campaigns = campaigns
        self.shelf = shelf
        self.queue = queue
        self.receipts = receipts
        self.suppliers = suppliers
        self.clock = clock
    }
}
