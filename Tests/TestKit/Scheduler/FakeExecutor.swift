package import Groundwork
import Synchronization

/// An executor that speaks as one of those in the wild does, and remembers what it was told.
///
/// It runs nothing: a test says when a run ends, by calling the scheduler's door.
package final class FakeExecutor: Sendable {
    /// Whose words it uses.
    package enum Generation: String, Sendable, CaseIterable {
        /// KPush's own: dedupes by run, serves both words.
        case own
        /// Java up to 3.4: `/run`, JSON labelled as HTML.
        case java
        /// Java 3.5: `/trigger` alone, and payloads under `data`.
        case javaNext
        /// Python: `/run`, and a 404 for what it does not know.
        case python
        /// Go: `/run`, arrays as refusals, and no for ending what does not run.
        case go
    }

    /// What it does with the next run it is handed.
    package enum Answer: Sendable {
        case accept
        case refuse(String)
        /// Takes the run and never answers.
        case takeSilently
        /// Answers with that status and body.
        case raw(status: Int, body: String)
    }

    private struct State {
        var answers: [Answer] = []
        var requests: [(path: String, request: RunRequest)] = []
        var started: [RunID] = []
        var busy: Set<JobID> = []
        var kills: [JobID] = []
        var killRequests = 0
        var beats = 0
        var questions = 0
        var isDeaf = false
        var log = ""
        var remark: String?
        var headers: [String: String] = [:]
    }

    package let generation: Generation
    /// The runs it took, as it takes them.
    package let taken: AsyncStream<RunRequest>
    private let announce: AsyncStream<RunRequest>.Continuation
    private let state = Mutex(State())

    package init(_ generation: Generation = .own) {
        self.generation = generation
        (taken, announce) = AsyncStream.makeStream()
    }

    /// The runs it was handed, with every repetition.
    package var requests: [RunRequest] { state.withLock { $0.requests.map(\.request) } }

    /// The words it was handed them with.
    package var words: [String] { state.withLock { $0.requests.map(\.path) } }

    /// The runs it took; its own generation takes each once.
    package var started: [RunID] { state.withLock { $0.started } }

    /// The jobs it was asked to end.
    package var kills: [JobID] { state.withLock { $0.kills } }

    /// How often it was asked to end a job, answered or not.
    package var killRequests: Int { state.withLock { $0.killRequests } }

    /// How often it was asked whether it lives.
    package var beats: Int { state.withLock { $0.beats } }

    /// How often it was asked whether a job is idle there, answered or not.
    package var questions: Int { state.withLock { $0.questions } }

    /// The headers of the latest call, names in lower case.
    package var headers: [String: String] { state.withLock { $0.headers } }

    /// Says what it does with the next runs, in order; afterwards it accepts again.
    package func will(_ answers: Answer...) {
        state.withLock { $0.answers += answers }
    }

    /// Makes it hear calls and answer none, or answer again.
    package func setDeaf(_ isDeaf: Bool) {
        state.withLock { $0.isDeaf = isDeaf }
    }

    /// Says that a run of the job is there that nobody here handed over.
    package func occupy(_ job: JobID) {
        state.withLock { _ = $0.busy.insert(job) }
    }

    /// Says that the job's run there is over.
    package func finish(_ job: JobID) {
        state.withLock { _ = $0.busy.remove(job) }
    }

    /// Replaces what its run log holds.
    package func setLog(_ text: String) {
        state.withLock { $0.log = text }
    }

    /// Says that there is no log, in these words, instead of a page.
    package func setLogRemark(_ text: String) {
        state.withLock { $0.remark = text }
    }

    /// The body with which its generation calls back.
    package func callback(_ request: RunRequest, _ outcome: RunOutcome) -> [UInt8] {
        let run = WireValue.integer(request.run.rawValue)
        let planned = WireValue.integer(request.plannedAt.millisecondsSinceEpoch)
        let (code, message) = (WireValue.integer(Int64(outcome.code)), WireValue.optional(outcome.message))
        switch generation {
        case .own:
            return CallbackBatch([CallbackItem(run: request.run, plannedAt: nil, outcome: outcome)]).json
        case .java:
            let item: WireObject = [
                "logId": run, "logDateTim": planned, "handleCode": code, "handleMsg": message,
            ]
            return WireValue.list([.object(item)]).json
        case .javaNext:
            let item: WireObject = [
                "logId": run, "logDateTime": planned, "handleCode": code, "handleMsg": message,
            ]
            return WireValue.object(["callbackList": .list([.object(item)])]).json
        case .python, .go:
            let result: WireObject = ["code": code, "msg": message]
            let item: WireObject = ["logId": run, "logDateTim": planned, "executeResult": .object(result)]
            return WireValue.list([.object(item)]).json
        }
    }

    /// What it answers to a call; nil for never.
    package func answer(_ request: HTTPRequest) -> HTTPResponse? {
        let word = String(request.url.split(separator: "/").last ?? "")
        let headers = request.headers.map { ($0.name.lowercased(), $0.value) }
        return state.withLock { state in
            state.headers = Dictionary(headers) { $1 }
            if word == "idleBeat" { state.questions += 1 }
            if word == "kill" { state.killRequests += 1 }
            return state.isDeaf ? nil : answer(word, request.body, &state)
        }
    }

    private func answer(_ word: String, _ body: [UInt8], _ state: inout State) -> HTTPResponse? {
        switch word {
        case "run" where generation != .javaNext: return run(word, body, &state)
        case "trigger" where [.own, .javaNext].contains(generation): return run(word, body, &state)
        case "beat":
            state.beats += 1
            return reply(.success())
        case "idleBeat":
            guard let job = try? IdleBeatRequest(json: body).job else { return nil }
            return reply(state.busy.contains(job) ? .failure("Task is busy") : .success())
        case "kill": return kill(body, &state)
        case "log": return log(body, state)
        default: return unknown(word)
        }
    }

    private func run(_ word: String, _ body: [UInt8], _ state: inout State) -> HTTPResponse? {
        guard let request = try? RunRequest(json: body) else { return reply(.failure("unreadable")) }
        state.requests.append((word, request))
        let answer = state.answers.isEmpty ? .accept : state.answers.removeFirst()
        switch answer {
        case .accept, .takeSilently:
            let isRepeat = generation == .own && state.started.contains(request.run)
            if !isRepeat {
                state.started.append(request.run)
                announce.yield(request)
            }
            state.busy.insert(request.job)
            if case .takeSilently = answer { return nil }
            return reply(.success())
        case .refuse(let message): return refuse(request, message)
        case .raw(let status, let body):
            return HTTPResponse(status: status, headers: [], body: Array(body.utf8))
        }
    }

    private func refuse(_ request: RunRequest, _ message: String) -> HTTPResponse {
        guard generation == .go else { return reply(.failure(message)) }
        let item = CallbackItem(run: request.run, plannedAt: request.plannedAt, outcome: .failed(message))
        return HTTPResponse(status: 200, headers: contentType, body: CallbackBatch([item]).json)
    }

    private func kill(_ body: [UInt8], _ state: inout State) -> HTTPResponse? {
        guard let job = try? KillRequest(json: body).job else { return nil }
        state.kills.append(job)
        let wasBusy = state.busy.remove(job) != nil
        return reply(wasBusy || generation != .go ? .success() : .failure("Task kill err"))
    }

    /// Pages as each generation does, with its own idea of the last line and of the end.
    private func log(_ body: [UInt8], _ state: State) -> HTTPResponse? {
        guard let request = try? LogRequest(json: body) else { return nil }
        if let remark = state.remark {
            let page = LogPage(fromLine: request.fromLine, toLine: 0, content: remark, isEnd: true)
            return reply(.success(page.wire))
        }
        let lines = state.log.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        let rest = lines.dropFirst(request.fromLine - 1)
        let isNothing = rest.isEmpty
        var text = rest.joined(separator: "\n")
        if !isNothing, ![.java, .javaNext].contains(generation) { text += "\n" }
        let last = request.fromLine + rest.count - 1
        let page = LogPage(
            fromLine: request.fromLine,
            toLine: isNothing ? (generation == .python ? request.fromLine : 0) : last,
            content: text,
            isEnd: generation == .python
        )
        return reply(.success(page.wire))
    }

    private func unknown(_ word: String) -> HTTPResponse {
        switch generation {
        case .java, .javaNext: reply(.failure("invalid request, uri-mapping(/\(word)) not found."))
        case .own, .python, .go:
            HTTPResponse(status: 404, headers: contentType, body: Array("404: Not Found".utf8))
        }
    }

    private func reply(_ envelope: Envelope) -> HTTPResponse {
        HTTPResponse(status: 200, headers: contentType, body: envelope.json)
    }

    private var contentType: [(name: String, value: String)] {
        let value =
            switch generation {
            case .own, .python: "application/json; charset=utf-8"
            case .java, .javaNext: "text/html;charset=UTF-8"
            case .go: "text/plain; charset=utf-8"
            }
        return [(name: "content-type", value: value)]
    }
}
