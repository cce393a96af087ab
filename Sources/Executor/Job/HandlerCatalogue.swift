/// The handlers an executor offers, by the name under which jobs ask for them.
public struct HandlerCatalogue: Sendable {
    private var handlers: [String: any JobHandler]

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

    /// The handler called `name`.
    public func handler(_ name: String) -> (any JobHandler)? { handlers[name] }
}

/// A handler that is only a closure.
private struct ClosureHandler: JobHandler {
    let body: @Sendable (JobContext) async throws -> String?

    func run(_ context: JobContext) async throws -> String? {
        try await body(context)
    }
}
