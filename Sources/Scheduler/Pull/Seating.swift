import Groundwork

/// Which executors that fetch their runs have room for more, as far as the leader knows.
///
/// An executor that can be called says by itself that it takes no more. One that fetches would find too many under its name,
/// and keep them from others who have room.
struct Seating: Sendable {
    /// How many more each of those gets that are counted.
    private var left: [ExecutorAddress: Int] = [:]

    /// - Parameters:
    ///   - instances: who is registered.
    ///   - loads: how many runs each has or is to get.
    ///   - underWay: how many more are on their way to it.
    init(
        _ instances: [ExecutorInstance],
        loads: [ExecutorAddress: Int],
        underWay: [ExecutorAddress: Int]
    ) {
        for executor in instances {
            guard let capacity = executor.capacity else { continue }
            let taken = loads[executor.address, default: 0] + underWay[executor.address, default: 0]
            left[executor.address] = capacity - taken
        }
    }

    /// Whether `executor` may get one more.
    func hasRoom(at executor: ExecutorInstance) -> Bool { left[executor.address].map { $0 > 0 } ?? true }

    /// Notes that `executor` gets one more.
    mutating func take(at executor: ExecutorInstance) {
        left[executor.address]? -= 1
    }

    /// The groups all of whose living executors are full.
    func full(among instances: [ExecutorInstance], at now: Moment) -> Set<String> {
        guard !left.isEmpty else { return [] }
        let living = Dictionary(grouping: instances.filter { $0.isAlive(at: now) }, by: \.group)
        return Set(living.filter { !$0.value.contains(where: hasRoom) }.keys)
    }
}
