import Groundwork
import TestKit
import Testing

@testable import Executor

@Suite struct RunQueueTests {
    private let first = RunID(rawValue: 1)
    private let second = RunID(rawValue: 2)
    private let third = RunID(rawValue: 3)
    private let fourth = RunID(rawValue: 4)
    private var queue = RunQueue(capacity: 2)

    @Test(arguments: BlockStrategy.allCases)
    func `an idle job starts whatever the strategy`(strategy: BlockStrategy) {
        var queue = RunQueue(capacity: 0)
        #expect(queue.isIdle)
        #expect(queue.admit(first, strategy) == .start)
        #expect(queue.running == first)
        #expect(!queue.isIdle)
    }

    @Test mutating func `serial runs wait in the order in which they came`() {
        _ = queue.admit(first, .serial)
        #expect(queue.admit(second, .serial) == .wait(behind: first))
        #expect(queue.admit(third, .serial) == .wait(behind: second))
        #expect(queue.end(first) == second)
        #expect(queue.end(second) == third)
        #expect(queue.end(third) == nil)
        #expect(queue.isIdle)
    }

    @Test mutating func `a full queue refuses`() {
        for run in [first, second, third] { _ = queue.admit(run, .serial) }
        #expect(queue.admit(fourth, .serial) == .refuse(.full(2)))
        #expect(queue.waiting == [second, third])
    }

    @Test mutating func `a refused run is not remembered`() {
        for run in [first, second, third] { _ = queue.admit(run, .serial) }
        _ = queue.admit(fourth, .serial)
        _ = queue.end(first)
        #expect(queue.admit(fourth, .serial) == .wait(behind: third))
    }

    @Test mutating func `discard later refuses while one runs, and after it has ended does not`() {
        _ = queue.admit(first, .serial)
        #expect(queue.admit(second, .discardLater) == .refuse(.busy))
        _ = queue.end(first)
        #expect(queue.admit(second, .discardLater) == .start)
    }

    @Test mutating func `cover early drops the queue and waits for the running one to end`() {
        for run in [first, second, third] { _ = queue.admit(run, .serial) }
        #expect(queue.admit(fourth, .coverEarly) == .cover(running: first, dropped: [second, third]))
        #expect(queue.running == first)
        #expect(queue.end(first) == fourth)
    }

    @Test mutating func `cover early covers an earlier one that still waits`() {
        _ = queue.admit(first, .serial)
        _ = queue.admit(second, .coverEarly)
        #expect(queue.admit(third, .coverEarly) == .cover(running: first, dropped: [second]))
        #expect(queue.end(first) == third)
    }

    @Test(arguments: BlockStrategy.allCases)
    mutating func `a run that is here already changes nothing`(strategy: BlockStrategy) {
        _ = queue.admit(first, .serial)
        _ = queue.admit(second, .serial)
        let before = queue
        #expect(queue.admit(first, strategy) == .alreadyHeld)
        #expect(queue.admit(second, strategy) == .alreadyHeld)
        #expect(queue == before)
    }

    @Test mutating func `clearing empties the queue but not the place of the running one`() {
        for run in [first, second, third] { _ = queue.admit(run, .serial) }
        #expect(queue.clear() == [second, third])
        #expect(queue.clear().isEmpty)
        #expect(queue.running == first)
        #expect(queue.end(first) == nil)
    }

    @Test func `the refusals are what schedulers expect`() {
        #expect("\(RunQueue.Refusal.busy)" == "block strategy effect：Discard Later")
        #expect("\(RunQueue.Refusal.full(30))" == "the job's queue on this executor is full, 30 runs wait")
    }

    /// What a run may have gone through.
    private enum Fate: Hashable { case waiting, running, ended, dropped }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `whatever the order of events, every admitted run ends exactly once`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = RunQueue(capacity: Int.random(in: 0...3, using: &random))
        var fates: [RunID: Fate] = [:]
        var next: Int64 = 0
        func drop(_ runs: [RunID]) {
            for run in runs { #expect(fates.updateValue(.dropped, forKey: run) == .waiting) }
        }
        func end(_ run: RunID) {
            #expect(fates.updateValue(.ended, forKey: run) == .running)
            if let started = queue.end(run) {
                #expect(fates.updateValue(.running, forKey: started) == .waiting)
            }
        }
        for _ in 0..<300 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: drop(queue.clear())
            case 1...4: if let running = queue.running { end(running) }
            default:
                next += 1
                let run = RunID(rawValue: next)
                let strategy = BlockStrategy.allCases.randomElement(using: &random) ?? .serial
                switch queue.admit(run, strategy) {
                case .start: fates[run] = .running
                case .wait: fates[run] = .waiting
                case .cover(_, let dropped):
                    drop(dropped)
                    fates[run] = .waiting
                case .refuse: #expect(fates[run] == nil)
                case .alreadyHeld: Issue.record("a new run cannot be here already")
                }
            }
            #expect(fates.values.count { $0 == .running } == (queue.isIdle ? 0 : 1))
            #expect(fates.values.count { $0 == .waiting } == queue.waiting.count)
            #expect(queue.waiting.count <= max(queue.capacity, 1))
        }
        while let running = queue.running { end(running) }
        #expect(fates.values.allSatisfy { $0 == .ended || $0 == .dropped })
    }
}
