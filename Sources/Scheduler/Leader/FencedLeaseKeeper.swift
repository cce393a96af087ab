package import Groundwork
package import Logging
import Synchronization

/// Leases made of two halves: a lock says who should lead, and a register says whose writes count.
///
/// The lock's word is taken for elections only. It may be wrong in every way that a lock in a memory with a clock can
/// be: what a leader writes carries the register's token, and a newer token puts an end to it. So two things are
/// possible here that a lock alone must not do. A leader whose lock never runs out but who is dead is replaced, once
/// the register was silent for three leases by our own clock. And while the lock cannot be reached, the
/// register alone elects, unless the settings forbid it.
package final class FencedLeaseKeeper: LeaseKeeper {
    private struct State {
        var sightings: [String: Sighting] = [:]
        /// What is led by this process without the lock, and who else was seen to have it.
        var unlocked: [String: Usurper] = [:]
    }

    /// Who has the lock of what this process leads, and since when, by our stopwatch; nobody has the empty name.
    private struct Usurper {
        var holder = ""
        var since = Duration.zero
    }

    /// Since when, by our stopwatch, the register has said the same.
    private struct Sighting {
        var term: RegisteredTerm
        var since: Duration
    }

    /// Who stands for election, and what the register says about it.
    private struct Bid {
        let name: String
        let holder: String
        let duration: Duration
        let term: RegisteredTerm
        /// For how long the register has been silent.
        let silence: Duration
    }

    private let lock: any ElectionLock
    private let register: any TermRegister
    private let settings: FencedLeaseSettings
    private let stopwatch: Stopwatch
    private let logger: Logger
    private let state = Mutex(State())

    /// Composes a keeper.
    ///
    /// - Parameters:
    ///   - lock: says who should lead.
    ///   - register: says whose writes count; of the database that is written to.
    ///   - settings: how far it goes without the lock.
    ///   - clock: monotonic, and counts the time that the host sleeps.
    ///   - logger: is told when it begins and ends to do without the lock.
    package init(
        lock: any ElectionLock,
        register: any TermRegister,
        settings: FencedLeaseSettings = FencedLeaseSettings(),
        clock: any Clock<Duration>,
        logger: Logger
    ) {
        self.lock = lock
        self.register = register
        self.settings = settings
        self.logger = logger
        stopwatch = Stopwatch(clock)
    }

    /// Sees that lock and register are of one cluster; to be asked before a process begins to serve.
    ///
    /// A lock that does not answer is asked again before anybody leads with it.
    ///
    /// - Throws: `StoreError`, `.conflict` when the lock serves another cluster, which no waiting helps against.
    package func checkCluster(of name: String) async throws(StoreError) {
        let term = try await register.read(name)
        do { try await checkCluster(of: name, term) } catch {
            guard error.isTransient else { throw error }
            logger.warning("cluster not checked", metadata: [LogKey.error: "\(error)"])
        }
    }

    package func acquire(
        _ name: String,
        holder: String,
        for duration: Duration
    ) async throws(LeaseError) -> Lease? {
        do {
            let term = try await register.read(name)
            let silence = silence(of: name, term)
            let bid = Bid(name: name, holder: holder, duration: duration, term: term, silence: silence)
            guard let token = try await stand(bid) else { return nil }
            return Lease(holder: holder, token: token, duration: duration)
        } catch {
            throw .unavailable(error.description)
        }
    }

    /// Beats, and makes the lock last as long as the beat allows.
    ///
    /// The lock lives on the beats: whoever reaches the lock and not the register lets it run out.
    package func renew(_ name: String, _ lease: Lease) async throws(LeaseError) {
        do { try await register.beat(name, lease.token) } catch {
            throw error.code == .staleToken ? .lost : .unavailable(error.description)
        }
        let isHeld: Bool
        do {
            if state.withLock({ $0.unlocked[name] != nil }) {
                if try await takeBack(name, lease) { leads(name, withLock: true) }
                isHeld = true
            } else {
                isHeld = try await lock.extend(name, holder: lease.holder, for: lease.duration)
            }
        } catch {
            guard error.isTransient, !settings.needsLock else { throw .unavailable(error.description) }
            leads(name, withLock: false, error)
            return
        }
        if !isHeld { throw .lost }
    }

    package func release(_ name: String, _ lease: Lease) async {
        state.withLock { $0.unlocked[name] = nil }
        // What cannot be given back runs out; the lock goes first, for the register may be what is out of reach.
        _ = try? await lock.release(name, holder: lease.holder)
        _ = try? await register.end(name, lease.token)
    }

    package func waitForVacancy(
        _ name: String,
        atMost limit: Duration,
        on clock: any Clock<Duration>
    ) async {
        let stopwatch = Stopwatch(clock)
        do { try await lock.waitForRelease(name, atMost: limit) } catch {
            // Nobody will tell; being cancelled is for the caller to notice.
            try? await clock.sleep(for: limit - stopwatch.elapsed)
        }
    }

    // MARK: Elections

    private func stand(_ bid: Bid) async throws(StoreError) -> FencingToken? {
        let isSilent = bid.silence >= bid.duration * 3
        let isTaken: Bool
        do {
            try await checkCluster(of: bid.name, bid.term)
            isTaken = try await takeLock(bid, fromAnybody: isSilent)
        } catch {
            guard error.isTransient, !settings.needsLock else { throw error }
            return try await standWithoutLock(bid, error)
        }
        guard isTaken else { return nil }
        do {
            let token = try await register.begin(bid.name, holder: bid.holder, after: nil)
            leads(bid.name, withLock: true)
            return token
        } catch {
            // Perhaps others can begin a term; what cannot be given back runs out.
            _ = try? await lock.release(bid.name, holder: bid.holder)
            throw error
        }
    }

    private func takeLock(_ bid: Bid, fromAnybody isSilent: Bool) async throws(StoreError) -> Bool {
        let winner = try await lock.take(bid.name, holder: bid.holder, for: bid.duration)
        if winner == bid.holder { return true }
        guard isSilent else { return false }
        let isReplaced = try await lock.replace(bid.name, winner, by: bid.holder, for: bid.duration)
        if isReplaced { logger.notice("lock taken from a silent leader", metadata: token(bid.term.token)) }
        return isReplaced
    }

    /// Leads on the register's word alone, when nobody else can lead on it.
    private func standWithoutLock(_ bid: Bid, _ reason: StoreError) async throws(StoreError) -> FencingToken?
    {
        let isFree = bid.term.holder.map { $0 == bid.holder } ?? true
        guard isFree || bid.silence >= bid.duration else { return nil }
        let token = try await register.begin(bid.name, holder: bid.holder, after: bid.term)
        if token != nil { leads(bid.name, withLock: false, reason) }
        return token
    }

    /// Takes the lock of what this process leads without it.
    ///
    /// Whoever has it otherwise is about to begin a term, which our next beat finds out, or is gone: who has it for a whole
    /// lease, while our beats are heard, is gone.
    private func takeBack(_ name: String, _ lease: Lease) async throws(StoreError) -> Bool {
        let winner = try await lock.take(name, holder: lease.holder, for: lease.duration)
        if winner == lease.holder { return true }
        let now = stopwatch.elapsed
        let since = state.withLock { state in
            if let usurper = state.unlocked[name], usurper.holder == winner { return usurper.since }
            state.unlocked[name] = Usurper(holder: winner, since: now)
            return now
        }
        guard now - since > lease.duration else { return false }
        return try await lock.replace(name, winner, by: lease.holder, for: lease.duration)
    }

    private func checkCluster(of name: String, _ term: RegisteredTerm) async throws(StoreError) {
        let cluster = try await lock.cluster(of: name, orElse: term.cluster)
        guard cluster != term.cluster else { return }
        throw StoreError(
            .conflict,
            during: "join the cluster",
            detail: """
                the lock serves the cluster \(cluster), the database is of the cluster \(term.cluster): give this \
                cluster another name, or a Redis of its own
                """
        )
    }

    // MARK: What is known

    /// For how long, by our own clock, the register has said what it says.
    private func silence(of name: String, _ term: RegisteredTerm) -> Duration {
        let now = stopwatch.elapsed
        return state.withLock { state in
            if let sighting = state.sightings[name], sighting.term == term { return now - sighting.since }
            state.sightings[name] = Sighting(term: term, since: now)
            return .zero
        }
    }

    private func leads(_ name: String, withLock hasLock: Bool, _ reason: StoreError? = nil) {
        let isNews = state.withLock { state in
            if hasLock { return state.unlocked.removeValue(forKey: name) != nil }
            defer { state.unlocked[name] = state.unlocked[name] ?? Usurper() }
            return state.unlocked[name] == nil
        }
        guard isNews else { return }
        if hasLock {
            logger.notice("leading with the lock again")
        } else {
            let error: Logger.MetadataValue = "\(reason.map(\.description) ?? "")"
            logger.warning("leading without the lock", metadata: [LogKey.error: error])
        }
    }

    private func token(_ token: FencingToken) -> Logger.Metadata {
        [LogKey.fencingToken: "\(token.rawValue)"]
    }
}

/// How far a fenced lease goes without its lock.
package struct FencedLeaseSettings: Hashable, Sendable {
    /// Whether nobody leads who does not hold the lock.
    ///
    /// If not, a leader that cannot reach the lock leads on while its beats are heard, until somebody else
    /// begins a term; and where nobody reaches the lock, the register alone elects.
    package var needsLock = false

    package init() {}
}
