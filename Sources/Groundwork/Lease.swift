/// Grows by one with every change of holder; stores refuse writes that carry an older one.
package struct FencingToken: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    package static func < (left: FencingToken, right: FencingToken) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The right to lead, for a time that the holder measures with its own monotonic clock.
package struct Lease: Hashable, Sendable {
    /// Who holds it: unguessable, one per process start.
    package let holder: String
    /// What the holder shows at every write.
    package let token: FencingToken
    /// How long it lasts, counted from before it was asked for.
    package let duration: Duration

    package init(holder: String, token: FencingToken, duration: Duration) {
        self.holder = holder
        self.token = token
        self.duration = duration
    }
}

/// Says who should lead; the store that minted the token says whose writes count.
package protocol LeaseKeeper: Sendable {
    /// Takes the lease called `name` when it is free or has run out.
    ///
    /// Every success mints a token higher than all before it, also after the keeper lost its memory of the last
    /// holder.
    ///
    /// - Parameters:
    ///   - name: what is led, such as `scheduler`.
    ///   - holder: who asks; unguessable, one per process start.
    ///   - duration: for how long, at least 1 s.
    /// - Returns: the lease, or nil while somebody else holds it.
    /// - Throws: `LeaseError.unavailable` when the keeper cannot be asked.
    func acquire(_ name: String, holder: String, for duration: Duration) async throws(LeaseError) -> Lease?

    /// Makes the lease last its whole duration again.
    ///
    /// - Throws: `LeaseError.lost` when somebody else holds it or it was released; `LeaseError.unavailable`
    ///   when the keeper cannot be asked, in which case the holder may go on until its own clock says the lease
    ///   could have run out.
    func renew(_ name: String, _ lease: Lease) async throws(LeaseError)

    /// Gives the lease back, so that the next holder need not wait; does nothing when it is no longer held.
    func release(_ name: String, _ lease: Lease) async

    /// Waits until the lease called `name` may have come free; to return too early costs a vain election.
    ///
    /// - Parameters:
    ///   - name: what is led.
    ///   - limit: how long to wait at most.
    ///   - clock: what `limit` is measured with where nobody says that the lease came free.
    func waitForVacancy(_ name: String, atMost limit: Duration, on clock: any Clock<Duration>) async
}

/// Why a lease operation did not happen.
package enum LeaseError: Error, Hashable, Sendable {
    /// The lease is somebody else's now: stop at once.
    case lost
    /// The keeper could not be asked.
    case unavailable(String)
}
