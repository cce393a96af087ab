package import Groundwork

/// Knows the adapter of every kind of supplier.
package struct SupplierCatalogue: Sendable {
    private let http: any HTTPClient
    private let clock: any WallClock
    private let timeouts: HTTPTimeouts
    private let aliyunSignature: AliyunSignature

    /// Makes a catalogue whose adapters share one transport.
    ///
    /// - Parameters:
    ///   - http: what carries the calls.
    ///   - clock: what calls are dated by.
    ///   - timeouts: the limits of one call.
    ///   - aliyunSignature: which signature calls to Aliyun carry.
    package init(
        http: any HTTPClient,
        clock: any WallClock,
        timeouts: HTTPTimeouts = HTTPTimeouts(),
        aliyunSignature: AliyunSignature = .acs3
    ) {
        self.http = http
        self.clock = clock
        self.timeouts = timeouts
        self.aliyunSignature = aliyunSignature
    }

    /// The adapter that speaks for `account`; keep it, since it holds the day's signing key.
    package func supplier(for account: SupplierAccount) -> any Supplier {
        switch account.kind {
        case .tencent:
            TencentSupplier(account: account, http: http, clock: clock, timeouts: timeouts)
        case .aliyun:
            AliyunSupplier(
                account: account,
                signature: aliyunSignature,
                http: http,
                clock: clock,
                timeouts: timeouts
            )
        }
    }
}
