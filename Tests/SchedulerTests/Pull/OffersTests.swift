import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// When an executor is told of runs without a look at the store.
struct OffersTests {
    private var offers = Offers()

    @Test mutating func `the store is looked at first, and then each second`() {
        look(at: .noon)
        look(at: .noon + .milliseconds(999), isMade: false)
        look(at: .noon + .seconds(1))
        // The clock was set back.
        look(at: .noon)
    }

    @Test mutating func `what was written since the last look is told until it is given`() {
        look(at: .noon)
        offers.add([run(1), run(2), run(3)])
        look(at: .noon + .milliseconds(1), isMade: false)
        offers.give([run(2)])
        #expect(offers.runs.map(\.id.rawValue) == [1, 3])
        offers.give([run(1), run(3)])
        #expect(offers.runs.isEmpty)
    }

    @Test mutating func `what a look has seen is not offered, before or after`() {
        let isBegun = offers.beginLook(at: .noon)
        #expect(isBegun)
        offers.add([run(1), run(2)])
        offers.endLook([run(1), run(3)])
        #expect(offers.runs.map(\.id.rawValue) == [2])
        offers.add([run(3), run(4)])
        #expect(offers.runs.map(\.id.rawValue) == [2, 4])
        look(at: .noon)
    }

    @Test mutating func `what was seen is known for long, and not for ever`() {
        for step in 0...60 {
            look(at: .noon + .seconds(step), finding: [run(Int64(step))])
            for seen in max(0, step - 29)...step { offers.add([run(Int64(seen))]) }
            #expect(offers.runs.isEmpty)
        }
        offers.add([run(0)])
        #expect(offers.runs.count == 1)
    }

    @Test mutating func `what is only in the store is looked for at once`() {
        look(at: .noon)
        offers.askForLook()
        look(at: .noon)
    }

    @Test mutating func `a look finds what was offered, which is offered no more`() {
        look(at: .noon)
        offers.add([run(1)])
        offers.askForLook()
        look(at: .noon)
        #expect(offers.runs.isEmpty)
    }

    @Test mutating func `more than there is room for is left to the store`() {
        look(at: .noon)
        offers.add(Array(repeating: run(1), count: Offers.room))
        offers.add([run(2)])
        #expect(offers.runs.count == Offers.room)
        look(at: .noon)
    }

    /// Looks at the store where that is due, as it is meant to be or not.
    private mutating func look(
        at now: Moment,
        finding found: [JobRun] = [],
        isMade: Bool = true,
        _ location: SourceLocation = #_sourceLocation
    ) {
        let isDue = offers.beginLook(at: now)
        #expect(isDue == isMade, sourceLocation: location)
        if isDue { offers.endLook(found) }
    }

    private func run(_ id: Int64) -> JobRun {
        let new = NewRun.sample(of: JobID(rawValue: id))
        return JobRun(id: RunID(rawValue: id), plan: new.plan, state: new.state)
    }
}
