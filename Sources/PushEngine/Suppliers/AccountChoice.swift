import Foundation

/// Accounts with shares, of which one is chosen for each message.
///
/// Pure: who asks with the same number gets the same account as long as the shares stand.
struct AccountChoice {
    private let accounts: [(id: AccountID, share: Int)]
    private let total: Int

    /// Makes a choice among accounts; one that is among them although its share is 0 gets the smallest.
    init(among accounts: [(id: AccountID, share: Int)]) {
        self.accounts = accounts.map { ($0.id, max(1, $0.share)) }
        total = self.accounts.reduce(0) { $0 + $1.share }
    }

    /// The place of the account that a message gets: a ticket is drawn, and shares are what they win.
    func place(of message: UInt64) -> Int {
        var ticket = Int(ContentHash.mix(message, 0x9E37_79B9_7F4A_7C15) % UInt64(total))
        var place = 0
        while ticket >= accounts[place].share {
            ticket -= accounts[place].share
            place += 1
        }
        return place
    }

    /// The place of the account that a recipient gets from every message.
    ///
    /// Each account makes each recipient a bid of its own, which its share raises, and the best wins (weighted
    /// rendezvous hashing). Where a share changes or an account comes or goes, only those move whom it wins or loses.
    func place(of recipient: RecipientKey) -> Int {
        guard accounts.count > 1 else { return 0 }
        var best = (place: 0, cost: Double.infinity)
        for (place, account) in accounts.enumerated() {
            let name = UInt64(bitPattern: account.id.rawValue) &* 0x9E37_79B9_7F4A_7C15
            let hash = ContentHash.mix(UInt64(bitPattern: recipient.rawValue), name)
            // Above 0 and below 1, evenly.
            let draw = (Double(hash >> 11) + 0.5) / 9_007_199_254_740_992
            // Exponentially distributed with its share as rate: the least of some is each one's with its share of all.
            let cost = -log(draw) / Double(account.share)
            if cost < best.cost { best = (place, cost) }
        }
        return best.place
    }
}
