import Groundwork

/// A trigger that somebody asks for, before it is known how the job stands.
struct TriggerOrder: Sendable {
    let id: JobID
    let at: Moment
    let trigger: TriggerKind
    /// What the handler is given; nil for the job's own.
    let params: String?
    /// The only executor that may have the run; nil when the job's route chooses.
    let address: String?
    /// The executors there are; nil while nobody has looked.
    let groups: ExecutorGroups?

    /// The runs it comes to, one a shard.
    ///
    /// - Parameter job: the job as it stands.
    /// - Returns: the runs; none where the executors must be known first, or none of the job's group is alive at the address.
    func runs(of job: Job) -> [NewRun] {
        let isForAny = address == nil && job.spec.route != .sharding
        guard isForAny || groups != nil else { return [] }
        let living = isForAny ? [] : groups?.living(in: job.spec.group, at: at) ?? []
        var target: ExecutorAddress?
        if let address {
            target = ExecutorAddress(address) ?? ExecutorAddress(pulled: address)
            guard living.contains(where: { $0.address == target }) else { return [] }
        }
        return TriggerPlanner()
            .runs(of: job, triggeredAt: at, by: trigger, params: params, target: target, living: living.count)
    }
}
