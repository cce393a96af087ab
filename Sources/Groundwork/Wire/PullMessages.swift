/// The body of `/api/pull`: an executor that nobody can call asks for what there is for it, and says what became of what
/// it was given before.
///
/// It says all of that again until an answer comes, so that an answer which is lost loses nothing. How runs ended is told
/// by `/api/callback`, as other executors do.
package struct PullRequest: Hashable, WireMessage {
    /// A run that the executor certainly did not begin.
    package struct Refusal: Hashable, Sendable {
        package var run: RunID
        /// Why, in the words in which it would have answered `/run`.
        package var message: String

        package init(run: RunID, message: String) {
            self.run = run
            self.message = message
        }
    }

    /// The executor group's name.
    package var appName: String
    /// Where its runs are kept for it: `kpush-pull://NAME`; nobody can call it.
    package var address: String
    /// Unguessable and new at each start of the executor's process.
    package var instance: String
    /// How many runs it holds at most; 0 while it wants none.
    package var capacity: Int
    /// How many more it has room for now.
    package var seats: Int
    /// How long the answer may wait for something to tell, in milliseconds.
    package var waitMilliseconds: Int
    /// Whether it shuts down and this is its last call.
    package var isLeaving: Bool
    /// The name of the last answer that brought it runs, all of which it has or refuses; what came with it need not be given
    /// again before it says more.
    package var heard: String?
    /// The runs that it was given and has, durably.
    package var accepted: [RunID]
    /// For how long it has had each of them, in milliseconds, in their order; empty where it does not say.
    package var acceptedFor: [Int64]
    package var refused: [Refusal]
    /// All runs that it has and whose outcomes no scheduler has; nil when it does not say.
    package var holds: [RunID]?
    /// Pages of logs that it was asked for.
    package var pages: [PulledPage]

    package init(
        appName: String,
        address: String,
        instance: String,
        capacity: Int,
        seats: Int,
        waitMilliseconds: Int = 0,
        isLeaving: Bool = false,
        heard: String? = nil,
        accepted: [RunID] = [],
        acceptedFor: [Int64] = [],
        refused: [Refusal] = [],
        holds: [RunID]? = nil,
        pages: [PulledPage] = []
    ) {
        self.appName = appName
        self.address = address
        self.instance = instance
        self.capacity = capacity
        self.seats = seats
        self.waitMilliseconds = waitMilliseconds
        self.isLeaving = isLeaving
        self.heard = heard
        self.accepted = accepted
        self.acceptedFor = acceptedFor
        self.refused = refused
        self.holds = holds
        self.pages = pages
    }

    package init(wire: WireValue) throws(WireError) {
        let body = try WireObject(body: wire)
        appName = try body.requiredText("appName")
        address = try body.requiredText("address")
        instance = try body.requiredText("instance")
        capacity = max(0, Int(clamping: try body.requiredNumber("capacity")))
        seats = max(0, Int(clamping: try body.requiredNumber("seats")))
        waitMilliseconds = max(0, Int(clamping: try body.number("wait") ?? 0))
        isLeaving = body["leaving"].truth ?? false
        heard = body["heard"].text
        accepted = try body.numbers("accepted")?.map(RunID.init(rawValue:)) ?? []
        acceptedFor = try body.numbers("acceptedFor") ?? []
        holds = try body.numbers("holds")?.map(RunID.init(rawValue:))
        var refused: [Refusal] = []
        for element in body["refused"].list ?? [] {
            let item = try WireObject(body: element)
            let run = RunID(rawValue: try item.requiredNumber("logId"))
            refused.append(Refusal(run: run, message: item["msg"].text ?? ""))
        }
        self.refused = refused
        var pages: [PulledPage] = []
        for element in body["pages"].list ?? [] { pages.append(try PulledPage(wire: element)) }
        self.pages = pages
    }

    package var wire: WireValue {
        var body: WireObject = [
            "appName": .text(appName), "address": .text(address), "instance": .text(instance),
            "capacity": .integer(Int64(capacity)), "seats": .integer(Int64(seats)),
            "wait": .integer(Int64(waitMilliseconds)), "leaving": .bool(isLeaving),
            "accepted": .runs(accepted),
            "refused": .list(
                refused.map {
                    .object(["logId": .integer($0.run.rawValue), "msg": .text($0.message)])
                }
            ),
        ]
        if !acceptedFor.isEmpty { body.append("acceptedFor", .list(acceptedFor.map { .integer($0) })) }
        if let heard { body.append("heard", .text(heard)) }
        if let holds { body.append("holds", .runs(holds)) }
        if !pages.isEmpty { body.append("pages", .list(pages.map(\.wire))) }
        return .object(body)
    }
}

/// The payload that answers `/api/pull`.
package struct PullAnswer: Hashable, WireMessage {
    /// A run that is to end; the executor tells how it did, also of one that it does not have.
    package struct Kill: Hashable, Sendable {
        package var run: RunID
        package var plannedAt: Moment

        package init(run: RunID, plannedAt: Moment) {
            self.run = run
            self.plannedAt = plannedAt
        }
    }

    /// Runs to take in; one may come several times.
    package var runs: [RunRequest]
    /// A name by which the executor says that the runs came; nil when there are none.
    package var name: String?
    package var kills: [Kill]
    /// Pages of logs that somebody wants to see.
    package var questions: [PullQuestion]

    package init(
        runs: [RunRequest] = [],
        name: String? = nil,
        kills: [Kill] = [],
        questions: [PullQuestion] = []
    ) {
        self.runs = runs
        self.name = name
        self.kills = kills
        self.questions = questions
    }

    /// Whether it tells nothing.
    package var isEmpty: Bool { runs.isEmpty && kills.isEmpty && questions.isEmpty }

    package init(wire: WireValue) throws(WireError) {
        let body = try WireObject(body: wire)
        var (runs, kills, questions): ([RunRequest], [Kill], [PullQuestion]) = ([], [], [])
        for element in body["runs"].list ?? [] { runs.append(try RunRequest(wire: element)) }
        for element in body["kill"].list ?? [] {
            let item = try WireObject(body: element)
            let planned = try item.instant("logDateTime")
            kills.append(Kill(run: RunID(rawValue: try item.requiredNumber("logId")), plannedAt: planned))
        }
        for element in body["logs"].list ?? [] { questions.append(try PullQuestion(wire: element)) }
        self.init(runs: runs, name: body["answer"].text, kills: kills, questions: questions)
    }

    package var wire: WireValue {
        var body: WireObject = [
            "runs": .list(runs.map(\.wire)),
            "kill": .list(
                kills.map {
                    .object([
                        "logId": .integer($0.run.rawValue),
                        "logDateTime": .integer($0.plannedAt.millisecondsSinceEpoch),
                    ])
                }
            ),
            "logs": .list(questions.map(\.wire)),
        ]
        if let name { body.append("answer", .text(name)) }
        return .object(body)
    }
}

/// A page of a run's log that somebody wants to see, and a name by which its answer is known.
package struct PullQuestion: Hashable, WireMessage {
    /// Unguessable.
    package var id: String
    package var request: LogRequest

    package init(id: String, request: LogRequest) {
        self.id = id
        self.request = request
    }

    package init(wire: WireValue) throws(WireError) {
        id = try WireObject(body: wire).requiredText("ask")
        request = try LogRequest(wire: wire)
    }

    package var wire: WireValue {
        var body = WireObject(["ask": .text(id)])
        for member in request.wire.object?.members ?? [] { body.append(member.key, member.value) }
        return .object(body)
    }
}

/// What an executor answers to a `PullQuestion`.
package struct PulledPage: Hashable, WireMessage {
    /// The question's.
    package var id: String
    /// The page; nil when there is none.
    package var page: LogPage?
    /// Why there is none.
    package var message: String?

    package init(id: String, page: LogPage?, message: String? = nil) {
        self.id = id
        self.page = page
        self.message = message
    }

    package init(wire: WireValue) throws(WireError) {
        let body = try WireObject(body: wire)
        id = try body.requiredText("ask")
        page = body["page"].isNull ? nil : try LogPage(wire: body["page"])
        message = body["msg"].text
    }

    package var wire: WireValue {
        .object(["ask": .text(id), "page": page?.wire ?? .null, "msg": .optional(message)])
    }
}

extension WireObject {
    /// The numbers that stand under `key`; nil when it is missing.
    fileprivate func numbers(_ key: String) throws(WireError) -> [Int64]? {
        guard let list = self[key].list else { return nil }
        var numbers: [Int64] = []
        for element in list {
            guard let number = element.wholeNumber else { throw WireError(.wrongKind, member: key) }
            numbers.append(number)
        }
        return numbers
    }
}

extension WireValue {
    /// The numbers of runs.
    fileprivate static func runs(_ runs: [RunID]) -> WireValue { .list(runs.map { .integer($0.rawValue) }) }
}
