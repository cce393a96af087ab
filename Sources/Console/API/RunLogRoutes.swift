import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore
import Scheduler
import ServiceLifecycle

/// Run logs: a page at a time, or followed line by line until the run ends, for as long as who reads may.
struct RunLogRoutes {
    let logs: RunLogReader
    let runs: RunService
    let timer: any Clock<Duration>

    /// How long to wait for further lines before asking the executor again.
    private static let pause = Duration.milliseconds(500)
    /// Waits without a line after which a sign of life is sent, so that nobody in between hangs up.
    private static let quietLimit = 30

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/runs/:id/log", read)
    }

    @Sendable private func read(_ call: Call) async throws -> Response {
        let (from, follows) = try call.query { query in
            (try query.optional("from", in: 1...LogPage.lastLine), try query.optional("follow") ?? false)
        }
        let run: RunID = try call.id()
        // A browser that lost its connection tells what it has seen.
        let seen = Self.lastEvent.flatMap { call.request.headers[$0] }.flatMap(Int.init)
        // Read before the answer begins: what is wrong by now still gets a status of its own.
        let first = try await logs.page(run, from: from ?? seen ?? 1)
        guard follows else { return Answer(first.json).response() }
        let accepts = call.request.headers[.accept] ?? ""
        let form: LogForm = accepts.contains("text/event-stream") ? .events : .text
        let request = call.request
        let isWelcome = call.context.isWelcome
        let body = ResponseBody { writer in
            // Cancelled when the reader goes away.
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                try await follow(run, first, form, &writer, while: isWelcome)
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: form.contentType], body: body)
    }

    private static let lastEvent = HTTPField.Name("Last-Event-ID")

    @concurrent
    private func follow(
        _ run: RunID,
        _ first: RunLogPage,
        _ form: LogForm,
        _ writer: inout any ResponseBodyWriter,
        while isWelcome: @Sendable () async throws -> Bool
    ) async throws {
        var next = first.next
        var page: RunLogPage? = first
        var quiet = 0
        try await writer.write(form.opening)
        while true {
            if let page {
                if !page.text.isEmpty { try await writer.write(form.lines(page)) }
                if page.isComplete { return try await writer.write(form.ending) }
            }
            quiet = page?.text.isEmpty == false ? 0 : quiet + 1
            if quiet == Self.quietLimit {
                try await writer.write(form.signOfLife)
                quiet = 0
            }
            if page?.text.isEmpty != false, try await !pause() { return }
            guard try await isWelcome() else { return }
            page = try await self.page(run, from: next)
            next = page?.next ?? next
            if page == nil, try await !runs.run(run).isOpen { return try await writer.write(form.ending) }
        }
    }

    /// The lines from `line` on; nil while the executor does not answer.
    private func page(_ run: RunID, from line: Int) async throws -> RunLogPage? {
        do throws(SchedulerError) { return try await logs.page(run, from: line) } catch {
            guard case .executor = error else { throw error }
            return nil
        }
    }

    /// Waits a moment; false when the service shuts down meanwhile.
    private func pause() async throws -> Bool {
        let timer = timer
        do {
            try await cancelWhenGracefulShutdown { try await timer.sleep(for: Self.pause) }
            return true
        } catch is CancellationError {
            return false
        }
    }
}

/// How a followed log is written.
enum LogForm {
    /// The lines as they are.
    case text
    /// Server-sent events; each carries the number of the line that the next one begins with.
    case events

    var contentType: String {
        switch self {
        case .text: "text/plain;charset=UTF-8"
        case .events: "text/event-stream;charset=UTF-8"
        }
    }

    /// What tells the reader at once that the answer has begun.
    var opening: ByteBuffer { signOfLife }

    var signOfLife: ByteBuffer {
        switch self {
        case .text: ByteBuffer()
        case .events: ByteBuffer(string: ":\n\n")
        }
    }

    var ending: ByteBuffer {
        switch self {
        case .text: ByteBuffer()
        case .events: ByteBuffer(string: "event: end\ndata:\n\n")
        }
    }

    func lines(_ page: RunLogPage) -> ByteBuffer {
        switch self {
        case .text: return ByteBuffer(string: page.text)
        case .events:
            let lines = page.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            let data = lines.map { "data: \($0)\n" }.joined()
            return ByteBuffer(string: "id: \(page.next)\n\(data)\n")
        }
    }
}

extension RunLogPage {
    fileprivate var json: WireObject {
        ["from": .number(from), "next": .number(next), "text": .text(text), "complete": .bool(isComplete)]
    }
}
