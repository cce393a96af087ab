package import Groundwork

/// What an admin asks of an executor, byte by byte as its generation does.
extension FakeAdmin {
    /// How an executor answered.
    package struct Reply: Hashable, Sendable {
        package let code: Int
        package let message: String?
        /// What stands under the key that this generation reads.
        package let payload: WireValue
    }

    /// Hands a run over: `/run`, or `/trigger` from the fourth generation on.
    package func dispatch(_ request: RunRequest, to executor: String) async throws -> Reply {
        try await ask(executor, generation == .fourth ? "trigger" : "run", request.json)
    }

    /// Asks whether the executor lives: with the two bytes `""`, or, from the third generation on, with no body.
    package func beat(_ executor: String) async throws -> Reply {
        try await ask(executor, "beat", generation.isOld ? Array("\"\"".utf8) : nil)
    }

    /// Asks whether a job neither runs nor waits.
    package func idleBeat(_ job: JobID, at executor: String) async throws -> Reply {
        try await ask(executor, "idleBeat", IdleBeatRequest(job: job).json)
    }

    /// Ends what runs and waits of a job.
    package func kill(_ job: JobID, at executor: String) async throws -> Reply {
        try await ask(executor, "kill", KillRequest(job: job).json)
    }

    /// Asks for a page of a log, with this generation's spelling of the instant alone.
    package func log(
        _ run: RunID,
        plannedAt: Moment,
        fromLine: Int,
        at executor: String
    ) async throws -> LogPage {
        let body = WireValue.object([
            (generation == .fourth ? "logDateTime" : "logDateTim"): .integer(
                plannedAt.millisecondsSinceEpoch
            ),
            "logId": .integer(run.rawValue), "fromLineNum": .integer(Int64(fromLine)),
        ])
        return try LogPage(wire: try await ask(executor, "log", body.json).payload)
    }

    /// Calls an executor at its registered address; nil as a body sends neither a body nor its length.
    private func ask(_ executor: String, _ path: String, _ body: [UInt8]?) async throws -> Reply {
        var head = "POST /\(path) HTTP/1.1\r\nHost: executor\r\nConnection: close\r\n"
        if !token.isEmpty { head += "\(WireHeader.accessToken): \(token.reveal())\r\n" }
        if generation == .fourth { head += "\(WireHeader.appName): kpush-executor\r\n" }
        if let body {
            head += "Content-Type: application/json;charset=UTF-8\r\nContent-Length: \(body.count)\r\n"
        }
        let digits = executor.split(separator: ":").last.map { $0.filter(\.isNumber) } ?? ""
        guard let port = Int(digits) else { throw HTTPError(.badURL, detail: executor) }
        let answer = try await LoopbackHTTPClient.exchange(
            Array((head + "\r\n").utf8) + (body ?? []),
            port: port
        )
        guard let response = LoopbackHTTPClient.parse(answer), response.status == 200 else {
            throw HTTPError(.noAnswer)
        }
        let object = try WireValue(json: response.body).object ?? WireObject()
        guard case .integer(let code) = object["code"] else { throw WireError(.missing, member: "code") }
        return Reply(
            code: Int(code),
            message: object["msg"].text,
            payload: object[generation.isOld ? "content" : "data"]
        )
    }
}
