import Groundwork
import Synchronization

/// What the parts of a running simulator share: settings, time, memory, and a bell for the posts of receipts.
final class Simulation: Sendable {
    let settings: SimulatorSettings
    let clock: SimulatorClock
    let world: Mutex<World>
    /// Rings when there may be something to post, or when the time for it may have changed.
    let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation
    private let requests = Atomic<UInt64>(0)

    init(settings: SimulatorSettings, clock: any WallClock) {
        self.settings = settings
        self.clock = SimulatorClock(base: clock)
        world = Mutex(World(settings: settings))
        (bell, ring) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Lets the posts of receipts look again at what is due.
    func ringForPosts() {
        ring.yield()
    }

    /// An id for the next answer.
    func requestID() -> String {
        let number = requests.wrappingAdd(1, ordering: .relaxed).newValue
        let chance = SimulatorRandom.mixed(settings.seed ^ number)
        return "\(String(chance, radix: 16, uppercase: true))-\(number)"
    }
}
