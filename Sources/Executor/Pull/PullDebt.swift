import Groundwork

/// What an executor that fetches its runs has yet to say of those it was given; it says so until a scheduler has heard it.
struct PullDebt: Hashable {
    private(set) var accepted: [RunID] = []
    private(set) var refused: [PullRequest.Refusal] = []
    private(set) var pages: [PulledPage] = []

    /// Notes what became of a run.
    mutating func note(_ answer: JobRunner.Answer, of run: RunID) {
        switch answer {
        // Given again, because nobody heard that it is here.
        case .accepted, .alreadyHeld: accepted.append(run)
        case .refused(let reason): refused.append(PullRequest.Refusal(run: run, message: reason))
        }
    }

    /// Notes a page of a log that somebody wants to see.
    mutating func note(_ page: PulledPage) {
        pages.append(page)
    }

    /// Adds what is owed to a call.
    func write(into request: inout PullRequest) {
        request.accepted = accepted
        request.refused = refused
        request.pages = pages
    }

    /// Notes that a scheduler has heard all that is owed.
    mutating func settle() {
        self = PullDebt()
    }

    /// Notes that nobody heard it; who asked for a page does not wait for as long.
    mutating func keep() {
        pages = []
    }
}
