import Groundwork
import Synchronization

/// Where, in one process, those who have something for executors that fetch their runs meet the calls of these executors.
///
/// What has to last is in the store; here is only who waits, and what was told lately.
package final class PullHub: Sendable {
    /// What is known of an executor that called this process.
    private struct Post {
        /// The number of its open call, or of the last one.
        var call = 0
        var bell = Bell()
        var calledAt: Moment
        /// What the registry was told last.
        var beat: (at: Moment, instance: String, capacity: Int)?
        var given: GivenRuns
        var kills: [RunID: Moment] = [:]
        var questions: [PullQuestion] = []
        var offers = Offers()

        /// Notes that it calls.
        mutating func begin(_ request: PullRequest, _ bell: Bell, at now: Moment) {
            if !given.hear(request, at: now) { offers.askForLook() }
            call += 1
            self.bell = bell
            calledAt = now
        }
    }

    private struct State {
        var posts: [ExecutorAddress: Post] = [:]
        var askers: [String: AsyncStream<PulledPage>.Continuation] = [:]
        /// Whether other processes can be told.
        var isConnected = false
        var told: Set<ExecutorAddress> = []
        var words: [WakeWord] = []
    }

    /// How long an executor is remembered that does not call any more.
    private static let memory = Duration.seconds(120)
    /// How long after it was told to end a run an executor is told again.
    private static let killPause = Duration.seconds(5)
    /// The most questions that wait for one executor, and words for other processes; what is more is lost.
    private static let room = (questions: 32, words: 1_000)

    private let state = Mutex(State())
    /// Rings when there are words for other processes.
    let wordsWait = Bell()

    package init() {}

    // MARK: Those who have something for an executor

    /// Has the executor at `address` be told what the store has for it, in whatever process it calls.
    func ring(_ address: ExecutorAddress) {
        wake(address) { $0?.offers.askForLook() }
    }

    /// Has the executor at `address` be told of runs that were just written as its own: without a look at the store, when it calls
    /// this process.
    func offer(_ runs: [JobRun], to address: ExecutorAddress) {
        wake(address) { $0?.offers.add(runs) }
    }

    private func wake(_ address: ExecutorAddress, _ note: (inout Post?) -> Void) {
        let (bell, isNew) = state.withLock { state in
            note(&state.posts[address])
            let bell = state.posts[address]?.bell
            guard state.isConnected else { return (bell, false) }
            return (bell, state.told.insert(address).inserted)
        }
        bell?.ring()
        if isNew { wordsWait.ring() }
    }

    /// Asks the executor at `address` for a page of a log.
    ///
    /// - Parameters:
    ///   - request: which page.
    ///   - address: who has it.
    ///   - limit: how long to wait.
    ///   - clock: counts it.
    /// - Returns: the page.
    /// - Throws: `ExecutorCallError` when none came in time, or the executor has none.
    func page(
        _ request: LogRequest,
        at address: ExecutorAddress,
        within limit: Duration,
        on clock: any Clock<Duration>
    ) async throws(ExecutorCallError) -> LogPage {
        let id = String(UInt64.random(in: .min ... .max), radix: 16)
        let question = PullQuestion(id: id, request: request)
        let (pages, asker) = AsyncStream<PulledPage>.makeStream(bufferingPolicy: .bufferingOldest(1))
        state.withLock { $0.askers[id] = asker }
        defer { state.withLock { $0.askers[id] = nil } }
        take(question, for: address)
        tell(.question(question, at: address))
        let answer = await withTaskGroup(of: PulledPage?.self) { group in
            group.addTask {
                for await page in pages { return page }
                return nil
            }
            group.addTask {
                // Cancelled when the page came first.
                try? await clock.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        guard let answer else {
            throw ExecutorCallError(message: "the executor fetches its runs and has not called in time")
        }
        guard let page = answer.page else {
            throw ExecutorCallError(message: answer.message ?? "the executor has no such page")
        }
        return page
    }

    // MARK: The calls of executors

    /// Notes that the executor at `address` calls, and ends the call that it had open before.
    ///
    /// - Returns: the call's number, and what rings when there may be something to tell.
    func open(
        _ address: ExecutorAddress,
        _ request: PullRequest,
        at now: Moment
    ) -> (call: Int, bell: Bell) {
        let bell = Bell()
        let (call, former) = state.withLock { state in
            for (idle, post) in state.posts where now - post.calledAt >= Self.memory {
                state.posts[idle] = nil
            }
            let former = state.posts[address]?.bell
            let given = GivenRuns(to: request.instance, at: now)
            state.posts[address, default: Post(calledAt: now, given: given)].begin(request, bell, at: now)
            return (state.posts[address]?.call ?? 0, former)
        }
        former?.ring()
        return (call, bell)
    }

    /// Whether the executor has not called again since.
    func isOpen(_ call: Int, of address: ExecutorAddress) -> Bool {
        state.withLock { $0.posts[address]?.call == call }
    }

    /// Whether the registry is to hear that the executor lives; then it counts as told.
    func isBeatDue(
        _ request: PullRequest,
        _ address: ExecutorAddress,
        at now: Moment,
        every pause: Duration
    ) -> Bool {
        state.withLock { state in
            guard let post = state.posts[address] else { return true }
            if let beat = post.beat, beat.instance == request.instance, beat.capacity == request.capacity,
                now >= beat.at, now - beat.at < pause
            {
                return false
            }
            state.posts[address]?.beat = (now, request.instance, request.capacity)
            return true
        }
    }

    /// Has the next call tell the registry, because it could not be told or the executor left.
    func forgetBeat(of address: ExecutorAddress) {
        state.withLock { $0.posts[address]?.beat = nil }
    }

    /// Those of the runs whose end the executor was not told to bring about lately; they count as told.
    func untoldKills(_ runs: [RunID], at address: ExecutorAddress, now: Moment) -> Set<RunID> {
        state.withLock { state in
            guard var post = state.posts[address] else { return Set(runs) }
            post.kills = post.kills.filter { now - $0.value < Self.killPause && now >= $0.value }
            let untold = Set(runs).subtracting(post.kills.keys)
            for run in untold { post.kills[run] = now }
            state.posts[address] = post
            return untold
        }
    }

    /// The versions of runs that the executor has, as far as this process knows.
    func known(at address: ExecutorAddress) -> [RunID: Int64] {
        state.withLock { $0.posts[address]?.given.known ?? [:] }
    }

    /// What was offered to the executor; nil when the store is to be looked at instead, which `endLook` ends.
    func offers(to address: ExecutorAddress, at now: Moment) -> [JobRun]? {
        state.withLock { state in
            guard state.posts[address]?.offers.beginLook(at: now) == false else { return nil }
            return state.posts[address]?.offers.runs
        }
    }

    /// Notes what the store has for the executor; nil when it could not be read.
    func endLook(_ found: [JobRun]?, for address: ExecutorAddress) {
        state.withLock { state in
            if let found {
                state.posts[address]?.offers.endLook(found)
            } else {
                state.posts[address]?.offers.askForLook()
            }
        }
    }

    /// Has the store looked at next, because it has more for the executor, or what was offered is not its own any more.
    func askForLook(at address: ExecutorAddress) {
        state.withLock { $0.posts[address]?.offers.askForLook() }
    }

    /// Notes that an answer gives runs to the executor.
    ///
    /// - Parameters:
    ///   - runs: the runs, as they were read.
    ///   - address: the executor's.
    /// - Returns: the name by which it says that it heard of them.
    func give(_ runs: [JobRun], to address: ExecutorAddress) -> String {
        let name = String(UInt64.random(in: .min ... .max), radix: 16)
        state.withLock { state in
            state.posts[address]?.given.give(runs, with: name)
            state.posts[address]?.offers.give(runs)
        }
        return name
    }

    /// Those of the runs that one executor was given here lately, as they were then, and of which it said no more; `runs` come
    /// from one executor.
    func given(_ runs: some Collection<RunID>) -> [JobRun] {
        guard let first = runs.first else { return [] }
        return state.withLock { state in
            guard let post = state.posts.values.first(where: { $0.given[first] != nil }) else { return [] }
            return runs.compactMap { post.given[$0] }
        }
    }

    /// Forgets that the executor has runs of which it said more.
    func forget(_ runs: [RunID], at address: ExecutorAddress) {
        state.withLock { $0.posts[address]?.given.forget(runs) }
    }

    /// Takes the questions that wait for the executor; none when it has called again since.
    func takeQuestions(for address: ExecutorAddress, _ call: Int) -> [PullQuestion] {
        state.withLock { state in
            guard let post = state.posts[address], post.call == call else { return [] }
            state.posts[address]?.questions = []
            return post.questions
        }
    }

    /// Gives pages to who asked for them, in whatever process.
    func answer(_ pages: [PulledPage]) {
        for page in pages where !hand(page) { tell(.page(page)) }
    }

    // MARK: Other processes

    /// Has words for other processes kept until they are taken.
    func connect() {
        state.withLock { $0.isConnected = true }
    }

    /// Takes what is to be told to other processes.
    func takeWords() -> [WakeWord] {
        state.withLock { state in
            defer { (state.words, state.told) = ([], []) }
            return (state.told.isEmpty ? [] : [.mayBeTold(state.told)]) + state.words
        }
    }

    /// Notes what another process told.
    func hear(_ word: WakeWord) {
        switch word {
        case .runsMayGo: return
        case .mayBeTold(let addresses):
            let bells = state.withLock { state in
                addresses.compactMap { address in
                    state.posts[address]?.offers.askForLook()
                    return state.posts[address]?.bell
                }
            }
            for bell in bells { bell.ring() }
        case .question(let question, let address): take(question, for: address)
        case .page(let page): _ = hand(page)
        }
    }

    /// Keeps a question for the executor, when it calls this process.
    private func take(_ question: PullQuestion, for address: ExecutorAddress) {
        let bell: Bell? = state.withLock { state in
            guard let post = state.posts[address], post.questions.count < Self.room.questions else {
                return nil
            }
            state.posts[address]?.questions.append(question)
            return post.bell
        }
        bell?.ring()
    }

    /// Gives a page to who asked for it here; says whether somebody did.
    private func hand(_ page: PulledPage) -> Bool {
        let asker = state.withLock { $0.askers[page.id] }
        asker?.yield(page)
        return asker != nil
    }

    private func tell(_ word: WakeWord) {
        let isTaken = state.withLock { state in
            guard state.isConnected, state.words.count < Self.room.words else { return false }
            state.words.append(word)
            return true
        }
        if isTaken { wordsWait.ring() }
    }
}
