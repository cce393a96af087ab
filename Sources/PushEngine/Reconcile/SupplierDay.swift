/// What a supplier's own statistics say of an account and a day; what they do not tell is nil.
package struct SupplierDay: Hashable, Sendable {
    /// Messages that it took, one a recipient.
    package var accepted: Int?
    /// Message units that it charges.
    package var segments: Int?
    package var delivered: Int?
    package var undelivered: Int?

    package init(
        accepted: Int? = nil,
        segments: Int? = nil,
        delivered: Int? = nil,
        undelivered: Int? = nil
    ) {
        self.accepted = accepted
        self.segments = segments
        self.delivered = delivered
        self.undelivered = undelivered
    }
}
