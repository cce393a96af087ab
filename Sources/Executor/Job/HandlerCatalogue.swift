import Groundwork

/// The handlers an executor offers, by the name under which jobs ask for them, and whether it runs scripts.
public struct HandlerCatalogue: Sendable {
    private var handlers: [String: any JobHandler]
    private var scripts: ProgramRunner?

    /// Makes a catalogue of `handlers`.
    public init(_ handlers: [String: any JobHandler] = [:]) {
        self.handlers = handlers
    }

    /// The names, in order.
    public var names: [String] { handlers.keys.sorted() }

    /// Offers `handler` as `name`, in place of one of the same name.
    public mutating func add(_ name: String, _ handler: any JobHandler) {
        handlers[name] = handler
    }

    /// Offers a closure as `name`, in place of a handler of the same name.
    public mutating func add(_ name: String, body: @escaping @Sendable (JobContext) async throws -> String?) {
        handlers[name] = ClosureHandler(body: body)
    }

    /// Has scripts run that come with a run: whoever can make jobs then decides what this host executes.
    ///
    /// - Parameter programs: runs them.
    public mutating func allowScripts(_ programs: ProgramRunner) {
        scripts = programs
    }

    /// The handler called `name`.
    public func handler(_ name: String) -> (any JobHandler)? { handlers[name] }

    /// What a request asks for, or why it is refused, in the wire's words as far as they go.
    func find(_ request: RunRequest) -> Finding {
        guard request.glueType != RunRequest.bean else {
            guard let handler = handlers[request.handler] else {
                let setting =
                    Self.switches[request.handler].map { ": \($0) of this executor lists nothing" } ?? ""
                return .refused("job handler [\(request.handler)] not found\(setting).")
            }
            return .handler(handler)
        }
        let refused = "glueType[\(request.glueType)] is not valid"
        guard let language = ScriptLanguage(rawValue: request.glueType) else {
            return .refused(refused + ".")
        }
        guard let scripts else {
            return .refused(
                "\(refused): this executor runs no scripts; executor.scripts.enabled has it run them."
            )
        }
        guard !request.glueSource.trimming().isEmpty else { return .refused("glueSource is empty.") }
        guard let interpreter = scripts.find(language.interpreter) else {
            return .refused(
                "\(refused): this executor has no \(language.interpreter) in executor.scripts.path."
            )
        }
        return .handler(
            ScriptHandler(
                language: language,
                interpreter: interpreter,
                source: request.glueSource,
                programs: scripts
            )
        )
    }

    /// What switches handlers on that everybody knows and that are off by themselves.
    private static let switches = [
        CommandJobHandler.name: "executor.commands.allowed", HTTPJobHandler.name: "executor.http.allowed",
    ]

    /// What was found.
    enum Finding {
        case handler(any JobHandler)
        case refused(String)
    }
}

/// A handler that is only a closure.
private struct ClosureHandler: JobHandler {
    let body: @Sendable (JobContext) async throws -> String?

    func run(_ context: JobContext) async throws -> String? {
        try await body(context)
    }
}
