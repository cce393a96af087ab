import LocalServers

/// One way in which things go wrong, and what must hold all the same.
struct FaultScenario: Sendable {
    /// What it is called on the command line and in the table.
    let name: String
    /// What it promises, in words.
    let promise: String
    /// For how long the campaign is to be under way, so that the faults fall into it.
    var span = Duration.seconds(20)
    /// How often the API is asked to send, a second.
    var sendsPerSecond = 20
    /// Whether the campaign and the API have a supplier of their own each.
    var splitsSuppliers = false
    /// The configuration of Redis.
    var redis = LocalCluster.durable
    /// Settings of all processes, as environment variables.
    var shared: [String: String] = [:]
    var limits = FaultLimits()
    /// The processes of the cluster; its servers run by then.
    var nodes: @Sendable (FaultStage) async throws -> [ClusterNode] = { _ in .usual }
    /// Why it cannot be shown on this host; nil when it can.
    var obstacle: @Sendable () -> String? = { nil }
    /// What goes wrong, one thing after the other, while everything is under load.
    let faults: @Sendable (FaultStage) async throws -> Void
}

/// How much a scenario may cost beside messages, of which it may cost none.
struct FaultLimits: Sendable {
    /// The longest time in which nothing reaches the suppliers although there is something to send.
    var stall = Duration.seconds(11)
    /// The latest start of a run.
    var lateness = Duration.seconds(11)
    /// Messages whose call was cut off and of which the supplier cannot tell.
    var unknown = 0
    /// Calls to suppliers that ended without an answer that says anything; nil where there may be any number of them.
    var unanswered: ClosedRange<Int>?
    /// Instants that are recorded as skipped, because nobody could serve them in time.
    var skipped = 0
    /// Messages that end without having been sent.
    var failed = 0
    /// How long 99 of 100 messages of the API take to a supplier, at most; nil where faults hold them up too.
    var latency: Duration?
}

extension ClusterNode {
    /// The same with another setting of its own.
    func with(_ name: String, _ value: String) -> ClusterNode {
        var node = self
        node.environment[name] = value
        return node
    }
}

extension [ClusterNode] {
    /// Two processes of each role that has somebody to take over, and one console.
    static let usual = ClusterNode.nodes([(.scheduler, 2), (.web, 1), (.executor, 2), (.worker, 2)])
}
