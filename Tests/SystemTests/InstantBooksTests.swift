import Groundwork
import Scheduler
import Testing

@testable import KPush

/// What jobs that are due every second were planned for, with made-up runs.
@Suite struct InstantBooksTests {
    private static let job = JobID(rawValue: 1)

    @Test func `nothing is missing of a job that was planned for each instant up to the end`() {
        #expect(Self.books(planned: 1...9).missing(until: Self.at(9)) == 0)
        #expect(Self.books(planned: 1...9).missing(until: Self.at(9) + .milliseconds(999)) == 0)
    }

    @Test func `what is missing between two instants is counted`() {
        var books = Self.books(planned: 1...3)
        for second in 6...9 { books.plan(Self.job, at: Self.at(second)) }
        #expect(books.missing(until: Self.at(9)) == 2)
    }

    @Test func `what is missing before the first run and after the last one is counted`() {
        #expect(Self.books(planned: 3...5).missing(until: Self.at(9)) == 2 + 4)
    }

    @Test func `every instant of a job without any run is missing`() {
        var books = InstantBooks([Self.job: Self.at(1), JobID(rawValue: 2): Self.at(5)])
        for second in 1...9 { books.plan(Self.job, at: Self.at(second)) }
        #expect(books.missing(until: Self.at(9)) == 5)
    }

    @Test func `a run beside the instants explains none of them`() {
        var books = Self.books(planned: 1...8)
        books.plan(Self.job, at: Self.at(9) + .milliseconds(1))
        #expect(books.missing(until: Self.at(9)) == 1)
    }

    @Test func `a record explains what was skipped up to when it was written, and nothing after it`() {
        var books = Self.books(planned: 1...2)
        books.skip(Self.job, from: Self.at(3), writtenAt: Self.at(6) + .milliseconds(500))
        #expect(books.missing(until: Self.at(6)) == 0)
        #expect(books.missing(until: Self.at(9)) == 3)
    }

    @Test func `a job that was not due yet misses nothing`() {
        #expect(InstantBooks([Self.job: Self.at(1)]).missing(until: Self.at(0)) == 0)
    }

    private static func at(_ second: Int) -> Moment {
        Moment(millisecondsSinceEpoch: 1_700_000_000_123 + Int64(second) * 1_000)
    }

    /// One job that is due from second 1 on.
    private static func books(planned: ClosedRange<Int>) -> InstantBooks {
        var books = InstantBooks([job: at(1)])
        for second in planned { books.plan(job, at: at(second)) }
        return books
    }
}
