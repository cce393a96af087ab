package import Groundwork

/// Speaks to executors of every generation, whatever they answer.
///
/// Each is shown the token of its own group.
package struct ExecutorClient: Sendable {
    private let http: any HTTPClient
    private let accessToken: Secret
    private let timeouts: HTTPTimeouts

    package init(
        http: any HTTPClient,
        accessToken: Secret,
        timeouts: HTTPTimeouts = HTTPTimeouts(connect: .seconds(2), total: .seconds(5))
    ) {
        self.http = http
        self.accessToken = accessToken
        self.timeouts = timeouts
    }

    /// How long a call may take at most.
    package var callLimit: Duration { timeouts.total }

    /// Hands `run` over; asks with the other word when the executor does not know the first.
    ///
    /// - Parameters:
    ///   - run: the run.
    ///   - script: what it executes, where it names no handler.
    ///   - executor: who gets it.
    /// - Returns: what came of it; a run that has neither handler nor script is refused without a call.
    package func hand(
        _ run: JobRun,
        with script: JobScript? = nil,
        to executor: ExecutorInstance
    ) async -> DispatchAnswer {
        guard script != nil || !run.plan.terms.handler.isEmpty else {
            return .refused("the job has no script any more")
        }
        let body = RunRequest(run, script).json
        let first = await post(executor.dialect.rawValue, to: executor, body)
        guard case .answered(let envelope, let status) = first,
            Self.isUnknownPath(envelope, status: status)
        else { return DispatchAnswer(first, executor.dialect) }
        let other = executor.dialect.other
        let second = await post(other.rawValue, to: executor, body)
        if case .answered(let envelope, let status) = second, Self.isUnknownPath(envelope, status: status) {
            return .refused("the executor serves neither /run nor /trigger: \(envelope.message ?? "")")
        }
        return DispatchAnswer(second, other)
    }

    /// Whether the executor lives.
    package func beat(_ executor: ExecutorInstance) async -> ProbeAnswer {
        ProbeAnswer(await post("beat", to: executor, []))
    }

    /// Whether the job neither runs nor waits there.
    package func idleBeat(_ job: JobID, on executor: ExecutorInstance) async -> ProbeAnswer {
        let reply = await post("idleBeat", to: executor, IdleBeatRequest(job: job).json)
        if case .answered(let envelope, 200) = reply, Self.isUnknownPath(envelope, status: 200) {
            return .unclear(envelope.message ?? "")
        }
        return ProbeAnswer(reply)
    }

    /// Whether the job neither runs nor waits there; nil when the executor does not say.
    package func isIdle(_ job: JobID, on executor: ExecutorInstance) async -> Bool? {
        switch await idleBeat(job, on: executor) {
        case .yes: true
        case .no: false
        case .notReached, .unclear: nil
        }
    }

    /// Ends all runs of the job there.
    package func kill(_ job: JobID, on executor: ExecutorInstance) async -> KillAnswer {
        switch await post("kill", to: executor, KillRequest(job: job).json) {
        case .answered(let envelope, 200) where envelope.isSuccess: .confirmed
        case .answered(let envelope, _): .refused(envelope.message ?? "code \(envelope.code)")
        case .failed(let error): .unknown("\(error)")
        }
    }

    /// A page of a run's log.
    ///
    /// - Throws: `ExecutorCallError` when the executor does not answer with one.
    package func log(
        _ request: LogRequest,
        on executor: ExecutorInstance
    ) async throws(ExecutorCallError)
        -> LogPage
    {
        switch await post("log", to: executor, request.json) {
        case .failed(let error): throw ExecutorCallError(message: "\(error)")
        case .answered(let envelope, _):
            guard envelope.isSuccess else {
                throw ExecutorCallError(message: envelope.message ?? "code \(envelope.code)")
            }
            do {
                return try LogPage(wire: envelope.payload)
            } catch {
                throw ExecutorCallError(message: "\(error)")
            }
        }
    }

    private func post(_ name: String, to executor: ExecutorInstance, _ body: [UInt8]) async -> Reply {
        guard !executor.address.isPulled else {
            return .failed(HTTPError(.unreachable, detail: "the executor fetches its runs and is not called"))
        }
        var headers = [
            (name: "Content-Type", value: "application/json;charset=UTF-8"),
            (name: WireHeader.appName, value: executor.group),
        ]
        guard let token = executor.token.secret(shared: accessToken) else {
            let detail = "the token of group \(executor.group) cannot be read: give it a new one"
            return .failed(HTTPError(.brokenBeforeWrite, detail: detail))
        }
        if !token.isEmpty { headers.append((name: WireHeader.accessToken, value: token.reveal())) }
        let request = HTTPRequest(
            url: "\(executor.address.url)/\(name)",
            headers: headers,
            body: body,
            timeouts: timeouts
        )
        do {
            return Reply(try await http.send(request))
        } catch {
            return .failed(error)
        }
    }

    /// Whether the answer means that the path, not the run, is unknown; each generation says so in its own
    /// way.
    private static func isUnknownPath(_ envelope: Envelope, status: Int) -> Bool {
        if status == 404 || status == 405 { return true }
        guard status == 200, !envelope.isSuccess, let message = envelope.message else { return false }
        return message.contains("uri-mapping(") && message.contains("not found")
    }

    enum Reply {
        case answered(Envelope, status: Int)
        case failed(HTTPError)

        /// Reads by content, never by content type; what makes no sense says nothing about what the executor
        /// did.
        init(_ response: HTTPResponse) {
            let envelope = Envelope(status: response.status, body: response.body)
            let isReadable = response.status != 200 || (try? Envelope(json: response.body)) != nil
            self =
                isReadable
                ? .answered(envelope, status: response.status)
                : .failed(HTTPError(.noAnswer, detail: envelope.message ?? ""))
        }
    }
}

/// What came of handing a run over.
package enum DispatchAnswer: Hashable, Sendable {
    /// The executor has it; it understood this word.
    case accepted(ExecutorDialect)
    /// The executor has it not, and said why.
    case refused(String)
    /// The request was certainly never received, or an executor of ours cannot take runs at the moment.
    case notReached(String)
    /// It may have been received.
    case unknown(String)

    init(_ reply: ExecutorClient.Reply, _ dialect: ExecutorDialect) {
        switch reply {
        case .failed(let error): self = error.mayHaveArrived ? .unknown("\(error)") : .notReached("\(error)")
        // A gateway on the way answers with 5xx when it does not know what became of the call.
        case .answered(let envelope, 500...): self = .unknown(envelope.message ?? "")
        case .answered(let envelope, 200) where envelope.isSuccess: self = .accepted(dialect)
        case .answered(let envelope, _):
            let message = envelope.message ?? "code \(envelope.code)"
            // What a Java executor says to a run that waits in its queue already.
            self =
                if message.hasPrefix("repeat trigger job") {
                    .accepted(dialect)
                } else if message.hasPrefix(WireText.notNow) {
                    .notReached(message)
                } else {
                    .refused(message)
                }
        }
    }
}

/// What came of asking an executor to end a job's runs.
package enum KillAnswer: Hashable, Sendable {
    /// They end, or there were none.
    case confirmed
    /// The executor said no; some say so when nothing runs.
    case refused(String)
    /// The executor did not answer.
    case unknown(String)
}

/// Why an executor did not answer a question.
package struct ExecutorCallError: Error, Hashable, Sendable {
    package let message: String
}

extension RunRequest {
    /// How `run` is handed over, with the script that it executes in place of a handler.
    init(_ run: JobRun, _ script: JobScript? = nil) {
        let terms = run.plan.terms
        // The wire counts whole seconds; a shorter limit must not become none.
        let timeout = Int((terms.timeout.wholeMilliseconds + 999) / 1_000)
        self.init(
            job: run.plan.job,
            run: run.id,
            handler: terms.handler,
            params: terms.params,
            blockStrategy: terms.overlap,
            timeoutSeconds: timeout,
            plannedAt: run.plan.plannedAt,
            shardIndex: run.plan.shard.index,
            shardTotal: run.plan.shard.total
        )
        guard let script else { return }
        glueType = script.language.glueType
        glueSource = script.source
        glueUpdatedAt = Moment(millisecondsSinceEpoch: script.mark)
    }
}
