import Groundwork

/// A trigger that somebody asks for, before it is known how the job stands.
struct TriggerOrder: Sendable {
    let at: Moment
    let trigger: TriggerKind
    /// What the handler is given; nil for the job's own.
    let params: String?
    /// The only executor that may have the run; nil when the job's route chooses.
    let address: String?

    /// The runs it comes to, one a shard.
    ///
    /// - Parameters:
    ///   - scene: how the job stands.
    ///   - lane: on which one run may be sent at once; nil when there is no room.
    /// - Returns: the runs; none where none of the job's group is alive at the address.
    func draft(in scene: TriggerScene, on lane: DirectLane?) -> TriggerDraft {
        let living = scene.executors.filter { $0.isAlive(at: at) }
        var target: ExecutorAddress?
        if let address {
            target = ExecutorAddress(address) ?? ExecutorAddress(pulled: address)
            guard living.contains(where: { $0.address == target }) else { return TriggerDraft([]) }
        }
        let runs = TriggerPlanner()
            .runs(
                of: scene.job,
                triggeredAt: at,
                by: trigger,
                params: params,
                target: target,
                living: living.count
            )
        guard let lane, !scene.hasOpenRun, runs.count == 1,
            let (run, executor) = lane.sent(runs[0], among: living, at: at)
        else { return TriggerDraft(runs) }
        return TriggerDraft([run], sentTo: executor)
    }
}
