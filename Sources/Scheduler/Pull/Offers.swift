import Groundwork

/// The runs that were just left to one executor and have not been given to it, as far as one process knows, and whether the store
/// has to be asked for more.
///
/// The store has all of them too, and is looked at each second, and whenever something else may have changed. A run that a look
/// brings may be over before it comes to be offered: what was seen is not offered any more.
struct Offers: Sendable {
    /// How long after a look the next one is made at the latest.
    static let pace = Duration.seconds(1)
    /// The most runs that are kept; beyond them the store is asked.
    static let room = 10_000
    /// How long it is known at least that a run was seen; at most twice as long.
    static let memory = Duration.seconds(30)

    private(set) var runs: [JobRun] = []
    /// Whether the store may have what is not known here.
    private var mustLook = true
    private var lookedAt: Moment?
    /// What was seen lately, and what was before.
    private var (young, old): (Set<RunID>, Set<RunID>) = ([], [])
    private var turnedAt: Moment?

    /// Takes runs that were just written.
    mutating func add(_ new: [JobRun]) {
        let unseen = new.filter { !young.contains($0.id) && !old.contains($0.id) }
        let isRoom = runs.count + unseen.count <= Self.room
        if isRoom { runs += unseen }
        // What was seen may have come back to it.
        if !isRoom || unseen.count < new.count { mustLook = true }
    }

    /// Notes that the store may have something.
    mutating func askForLook() {
        mustLook = true
    }

    /// Whether the store is to be looked at now; all that was offered is in it.
    ///
    /// What that brings is owed to `endLook`.
    mutating func beginLook(at now: Moment) -> Bool {
        let isRecent = lookedAt.map { now >= $0 && now - $0 < Self.pace } ?? false
        guard mustLook || !isRecent else { return false }
        (mustLook, lookedAt, runs) = (false, now, [])
        if let turnedAt, now >= turnedAt, now - turnedAt < Self.memory { return true }
        (old, young, turnedAt) = (young, [], now)
        return true
    }

    /// Notes what a look brought.
    mutating func endLook(_ found: [JobRun]) {
        young.formUnion(found.map(\.id))
        drop(found)
    }

    /// Notes that runs are given to the executor.
    mutating func give(_ given: [JobRun]) {
        drop(given)
    }

    private mutating func drop(_ some: [JobRun]) {
        guard !runs.isEmpty, !some.isEmpty else { return }
        let ids = Set(some.map(\.id))
        runs.removeAll { ids.contains($0.id) }
    }
}
