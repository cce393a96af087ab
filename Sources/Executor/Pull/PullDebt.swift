import Groundwork

/// What an executor that fetches its runs has yet to say of those it was given; it says so until a scheduler has heard it.
struct PullDebt: Hashable {
    /// How long it keeps to itself that it has a run: the end of a short one is told meanwhile, and is all that has to be
    /// stored of it.
    static let patience = Duration.milliseconds(500)
    /// How long it keeps to itself that it has a run whose end is on its way.
    static let endPatience = Duration.seconds(2)

    /// When each run was taken in that is not told of yet.
    private(set) var taken: [RunID: Duration] = [:]
    /// What the present call tells.
    private var told: [RunID] = []
    private(set) var refused: [PullRequest.Refusal] = []
    private(set) var pages: [PulledPage] = []

    /// Whether nothing is owed.
    var isEmpty: Bool { taken.isEmpty && refused.isEmpty && pages.isEmpty }

    /// Notes what became of a run.
    ///
    /// - Parameters:
    ///   - answer: whether it was taken in.
    ///   - run: which it is.
    ///   - elapsed: the present instant of the clock that `write` goes by.
    mutating func note(_ answer: JobRunner.Answer, of run: RunID, at elapsed: Duration) {
        switch answer {
        // Given again, because nobody heard that it is here.
        case .accepted, .alreadyHeld: taken[run] = taken[run] ?? elapsed
        case .refused(let reason): refused.append(PullRequest.Refusal(run: run, message: reason))
        }
    }

    /// Notes a page of a log that somebody wants to see.
    mutating func note(_ page: PulledPage) {
        pages.append(page)
    }

    /// Adds what is owed to a call.
    ///
    /// - Parameters:
    ///   - request: the call.
    ///   - stages: how it stands with what was taken in.
    ///   - elapsed: the present instant; nil when this is the last call.
    /// - Returns: how long it is until more will be owed; nil when nothing will by itself.
    @discardableResult
    mutating func write(
        into request: inout PullRequest,
        _ stages: [RunID: JournalState.Stage],
        at elapsed: Duration?
    ) -> Duration? {
        var next: Duration?
        told = []
        for (run, since) in taken {
            let patience: Duration
            switch stages[run] {
            case .open: patience = Self.patience
            case .ended: patience = Self.endPatience
            case .told, nil:
                taken[run] = nil
                continue
            }
            let left = elapsed.map { since + patience - $0 } ?? .zero
            if left <= .zero { told.append(run) } else { next = min(next ?? left, left) }
        }
        told.sort()
        request.accepted = told
        if let elapsed {
            request.acceptedFor = told.map { (elapsed - (taken[$0] ?? elapsed)).wholeMilliseconds }
        }
        request.refused = refused
        request.pages = pages
        return next
    }

    /// Notes that a scheduler has heard what the call told.
    mutating func settle() {
        for run in told { taken[run] = nil }
        (told, refused, pages) = ([], [], [])
    }

    /// Notes that nobody heard it; who asked for a page does not wait for as long.
    mutating func keep() {
        pages = []
    }
}
