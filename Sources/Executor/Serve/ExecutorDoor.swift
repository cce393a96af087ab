import Groundwork
import Logging

/// Answers what schedulers of all generations ask; knows nothing of HTTP but path, verb, token and body.
struct ExecutorDoor: Sendable {
    let runner: JobRunner
    let logs: RunLogReader
    /// What callers must show; empty lets everybody in.
    let token: Secret

    /// One call, as it came.
    struct Call: Sendable {
        var method = "POST"
        var path: String
        var token = ""
        var body: [UInt8] = []
    }

    /// What to answer to a call of which not even the body is to be read; nil for every other one.
    func refusal(of call: Call) -> Envelope? {
        guard call.method == "POST" else { return .failure("invalid request, HttpMethod not support.") }
        return token.isEmpty || token.matches(call.token) ? nil : .failure("The access token is wrong.")
    }

    /// Answers `call`; failures are answers too.
    func answer(_ call: Call) async -> Envelope {
        if let refusal = refusal(of: call) { return refusal }
        let name = call.path.split(separator: "/").joined(separator: "/")
        do {
            return switch name {
            // The oldest generations send the two bytes `""`, the newer nothing at all: whatever comes is a
            // beat.
            case "beat": await beat()
            case "idleBeat": await idleBeat(try IdleBeatRequest(json: call.body))
            case "run", "trigger": await run(try RunRequest(json: call.body))
            case "kill": await kill(try KillRequest(json: call.body))
            case "log": await log(try LogRequest(json: call.body))
            default: .failure("invalid request, uri-mapping(\(name)) not found.")
            }
        } catch {
            return call.body.isEmpty
                ? .failure("invalid request, requestBody empty.") : .failure("invalid request, \(error).")
        }
    }

    /// Who asks wants to send a run.
    private func beat() async -> Envelope {
        await runner.isOpen ? .success() : .failure(WireText.notNow + "the executor shuts down")
    }

    private func idleBeat(_ request: IdleBeatRequest) async -> Envelope {
        await runner.isIdle(request.job)
            ? .success() : .failure("job thread is running or has trigger queue.")
    }

    private func run(_ request: RunRequest) async -> Envelope {
        switch await runner.accept(request) {
        case .accepted: .success()
        case .alreadyHeld:
            Envelope(code: WireCode.success, message: "already have it, logId:\(request.run)")
        case .refused(let reason): .failure(reason)
        }
    }

    private func kill(_ request: KillRequest) async -> Envelope {
        await runner.kill(request.job)
            ? .success() : Envelope(code: WireCode.success, message: "job thread already killed.")
    }

    private func log(_ request: LogRequest) async -> Envelope {
        // Asked before reading: what is over then stays over, so the end cannot be announced too early.
        let isOver = await runner.showLog(of: request.run)
        do {
            let page = try await logs.page(
                request.run,
                plannedAt: request.plannedAt,
                fromLine: request.fromLine,
                isOver: isOver
            )
            return .success(page.wire)
        } catch {
            return .failure("\(error)")
        }
    }
}
