package import Groundwork
import Logging
package import PushEngine

extension SupplierAccount {
    /// An account of a supplier that nobody calls.
    package static func sample(
        _ name: String = "main",
        id: Int64 = 0,
        url: String = "https://sms.example.org",
        config: AccountConfig = AccountConfig(["id": "public-part"], secrets: ["key": Secret("s")]),
        weight: Int = 100,
        weights: [MessageType: Int] = [:],
        callsPerSecond: Int? = nil,
        isEnabled: Bool = true
    ) -> SupplierAccount {
        SupplierAccount(
            id: AccountID(rawValue: id),
            name: name,
            kind: SupplierKind(rawValue: "sample"),
            channel: .sms,
            url: url,
            config: config,
            weight: weight,
            weights: weights,
            callsPerSecond: callsPerSecond,
            isEnabled: isEnabled
        )
    }
}

extension SupplierTools {
    /// What an adapter works with in a process of its own.
    ///
    /// - Parameters:
    ///   - http: what carries the calls.
    ///   - clock: what calls are dated by.
    ///   - timeouts: the limits of one call.
    package init(http: any HTTPClient, clock: any WallClock, timeouts: HTTPTimeouts = HTTPTimeouts()) {
        self.init(
            http: http,
            clock: clock,
            timeouts: timeouts,
            tokens: TokenKeeper(
                store: LocalAccessTokenStore(clock: clock),
                timer: ContinuousClock(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
    }
}
