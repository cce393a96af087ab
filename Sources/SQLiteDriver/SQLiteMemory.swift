import CSQLite

/// How SQLite takes memory in this process.
enum SQLiteMemory {
    /// Has SQLite not count what it takes, from before the first file is opened.
    ///
    /// It would count under one lock of the process at each allocation, for which all connections wait; nobody asks for
    /// the count. SQLite recommends it: <https://www.sqlite.org/compile.html#default_memstatus>.
    static func leaveUncounted() { _ = isUncounted }

    private static let isUncounted: Void = kpush_sqlite_leave_memory_uncounted()
}
