package import Groundwork

/// All runs of one trigger, and whose ends nobody has followed up, both as of one moment.
package struct TriggerRuns: Hashable, Sendable {
    package let runs: [JobRun]
    /// Those of the runs that `RunStore.sequels` lists.
    package let listed: Set<RunID>

    package init(runs: [JobRun], listed: Set<RunID>) {
        self.runs = runs
        self.listed = listed
    }
}

/// A trigger as it stands when the end of one of its runs is followed up.
struct WholeTrigger {
    /// The latest attempt of each shard, by shard.
    private let latest: [JobRun]
    /// Those whose ends are yet to be followed up.
    private let waiting: Set<RunID>

    /// - Parameters:
    ///   - trigger: the trigger as stored.
    ///   - done: the runs whose ends have been seen to since it was read.
    init(_ trigger: TriggerRuns, without done: Set<RunID>) {
        latest =
            Dictionary(grouping: trigger.runs, by: \.plan.shard.index).values
            .compactMap { $0.max { $0.plan.attempt < $1.plan.attempt } }
            .sorted { $0.plan.shard.index < $1.plan.shard.index }
        waiting = trigger.listed.subtracting(done)
    }

    /// The latest attempts of all shards, when all have ended and the end of `run` is the last that is followed up; else none.
    ///
    /// Instants say nothing about that: ends come from several processes, and two may have the same.
    func ends(closedBy run: JobRun) -> [JobRun] {
        latest.allSatisfy { !$0.isOpen } && waiting == [run.id] ? latest : []
    }
}
