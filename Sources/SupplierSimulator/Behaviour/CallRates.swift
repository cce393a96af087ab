import Groundwork

/// A published rate: so many calls in a stretch of time.
struct CallRateLimit: Hashable, Sendable {
    let calls: Int
    /// In milliseconds.
    let period: Int64

    /// So many calls in each second, or in as many seconds as given.
    init(_ calls: Int, seconds: Int64 = 1) {
        self.calls = calls
        period = seconds * 1_000
    }
}

/// The published call rates of the suppliers, enforced by whole stretches of time.
struct CallRates: Sendable {
    private struct Name: Hashable {
        let text: String
        let period: Int64
    }

    private struct Window {
        var number: Int64 = 0
        var count = 0
    }

    private var windows: [Name: Window] = [:]

    /// Whether one more call fits into the stretches of `milliseconds`; it counts all the same.
    mutating func admits(_ name: String, _ limits: [CallRateLimit], at milliseconds: Int64) -> Bool {
        var fits = true
        for limit in limits {
            let number = milliseconds / limit.period
            let name = Name(text: name, period: limit.period)
            var window = windows[name] ?? Window()
            if window.number != number { window = Window(number: number) }
            window.count += 1
            windows[name] = window
            fits = fits && window.count <= limit.calls
        }
        return fits
    }
}
