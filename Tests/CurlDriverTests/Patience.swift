import Groundwork

extension HTTPTimeouts {
    /// Limits that only decide how long a broken test takes: a slow machine must not fail a right one.
    static let patient = HTTPTimeouts(connect: .seconds(120), total: .seconds(300))
}
