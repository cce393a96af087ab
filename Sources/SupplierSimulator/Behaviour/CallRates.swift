/// The published call rates of the suppliers, enforced by whole seconds.
struct CallRates: Sendable {
    private struct Window {
        var second: Int64 = 0
        var count = 0
    }

    private var windows: [String: Window] = [:]

    /// Whether one more call of `action` fits into the second of `milliseconds`.
    mutating func admits(_ action: String, of supplier: SimulatedSupplier, at milliseconds: Int64) -> Bool {
        let second = milliseconds / 1_000
        let name = supplier.rawValue + action
        var window = windows[name] ?? Window()
        if window.second != second { window = Window(second: second) }
        window.count += 1
        windows[name] = window
        return window.count <= Self.limit(action, of: supplier)
    }

    private static func limit(_ action: String, of supplier: SimulatedSupplier) -> Int {
        switch (supplier, action) {
        case (.tencent, "PullSmsSendStatus"): 100
        case (.tencent, "PullSmsSendStatusByPhoneNumber"): 20
        case (.tencent, _): 3_000
        case (.aliyun, _): 5_000
        }
    }
}
