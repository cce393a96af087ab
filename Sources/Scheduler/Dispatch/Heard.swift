package import Groundwork

/// From when to when somebody, in whatever process, took what executors say of themselves, without a long break.
package struct Listening: Hashable, Sendable {
    package let since: Moment
    package let until: Moment

    package init(since: Moment, until: Moment) {
        self.since = since
        self.until = until
    }

    /// What is no break yet: an executor misses one of its beats in it at most.
    package static let longestBreak = Duration.seconds(30)
    /// How often it is noted that somebody listens.
    static let pace = Duration.seconds(10)

    /// Since when an executor that lives must have been heard by `now`; `now` itself while nobody listens.
    func start(at now: Moment) -> Moment {
        now - until > Self.longestBreak ? now : since
    }
}

/// The executors as they stood when the registry was read, and in what time they could be heard.
struct Heard: Sendable {
    let groups: ExecutorGroups
    /// Since when they could be heard: silence before tells nothing.
    let from: Moment
    /// When the registry was read; who judges may take long.
    let until: Moment
    private let living: [String: [ExecutorInstance]]

    init(groups: ExecutorGroups, from: Moment, until: Moment) {
        self.groups = groups
        self.from = from
        self.until = until
        living = groups.living(at: until)
    }

    /// Reads the registry.
    ///
    /// - Throws: `StoreError`.
    init(_ registry: any RegistryStore, at now: Moment) async throws(StoreError) {
        let (instances, listening) = try await registry.heard()
        self.init(groups: ExecutorGroups(instances), from: listening?.start(at: now) ?? now, until: now)
    }

    /// The executors of `group` that might get runs when the registry was read, ordered by address.
    func living(in group: String) -> [ExecutorInstance] { living[group] ?? [] }

    /// Whether nothing was heard of `executor` for so long that its runs are lost.
    func isSilent(_ executor: ExecutorInstance) -> Bool {
        executor.isSilent(at: until, listenedSince: from)
    }
}
