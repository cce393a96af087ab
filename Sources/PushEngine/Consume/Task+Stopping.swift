import ServiceLifecycle

extension Task<Never, Never> {
    /// Whether the present task is to begin nothing more: it is cancelled, or its process was told to end.
    static var isStopping: Bool { isCancelled || isShuttingDownGracefully }
}
