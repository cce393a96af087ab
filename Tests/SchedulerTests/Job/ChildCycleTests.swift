import Testing

@testable import Scheduler

struct ChildCycleTests {
    private func find(_ jobs: [String: String]) -> String? {
        let children = jobs.map { (JobName("g/\($0)"), $1.map { JobName("g/\($0)") }) }
        return ChildCycle.find(in: Dictionary(uniqueKeysWithValues: children))?.map(\.name).joined()
    }

    @Test func `jobs that trigger each other without end are found, with the way`() {
        #expect(find(["a": "b", "b": "a"]) == "aba")
        #expect(find(["a": "a"]) == "aa")
        #expect(find(["a": "bc", "b": "d", "c": "d", "d": "e", "e": "c"])?.count == 4)
    }

    @Test func `jobs that meet again, or are not there, are none`() {
        #expect(find(["a": "bc", "b": "d", "c": "d", "d": "x"]) == nil)
        #expect(find([:]) == nil)
    }

    @Test func `a chain may be long`() {
        let jobs = (0..<20_000).map { (JobName("g/\($0)"), [JobName("g/\($0 + 1)")]) }
        #expect(ChildCycle.find(in: Dictionary(uniqueKeysWithValues: jobs)) == nil)
    }
}
