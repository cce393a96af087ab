/// As whom, and within which limits, the programs of scripts and commands run.
///
/// A limit of 0 is none.
public struct ProgramSettings: Hashable, Sendable {
    /// The account that programs run as, which only root can choose; nil for the executor's own, unless that is root.
    public var user: String?
    /// The folders in which interpreters are looked for, separated by colons; the programs' `PATH`.
    public var path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    /// The address space of each process, in bytes; what Node.js and the like reserve counts as well.
    public var memory = 4 << 30
    /// How many processes the account may have, all its programs together; root's are not counted by the system.
    public var processes = 1_024
    /// The largest file that a program may write, in bytes.
    public var fileSize = 1 << 30
    /// The processor time of each process, in whole seconds.
    public var cpuSeconds = 3_600
    /// The most bytes of output that go to the run's log; what comes after is read and dropped.
    public var output = 8 << 20
    /// How long a program that was asked to end (SIGTERM) may take until all of it is killed (SIGKILL).
    ///
    /// Less than the executor's `stopGrace`, so that a shutdown waits for it.
    public var grace = Duration.seconds(3)
    /// How many programs run at the same time, from 1 to 1024; further runs wait for their turn.
    public var width = 16

    /// The descriptors that each process may have open.
    static let openFiles = 1_024

    /// Makes the default settings.
    public init() {}

    /// Refuses what cannot work.
    ///
    /// - Throws: `ExecutorError` with code `settings` that names the first setting out of range.
    public func validate() throws(ExecutorError) {
        let checks: [(holds: Bool, name: String, rule: String)] = [
            (
                !path.isEmpty && path.split(separator: ":").allSatisfy { $0.hasPrefix("/") }, "path",
                "is absolute paths, separated by colons"
            ),
            (memory == 0 || memory >= 16 << 20, "memory", "is 0 or at least 16 MiB"),
            (processes >= 0, "processes", "is not negative"), (fileSize >= 0, "file-size", "is not negative"),
            (cpuSeconds >= 0, "cpu", "is not negative"),
            (output >= 1_024, "output", "is at least 1024 bytes"),
            (grace >= .zero, "grace", "is not negative"),
            ((1...1_024).contains(width), "width", "is from 1 to 1024"),
        ]
        for check in checks where !check.holds {
            throw ExecutorError(.settings, during: check.name, detail: check.rule)
        }
    }
}
