import CurlDriver
import Executor
import Groundwork

/// What the executor role may do beside the jobs that ship, and whose schedulers it serves.
struct ExecutorRoleSettings: Sendable {
    /// The executor group that it belongs to.
    var appName = "kpush"
    /// How it gets its runs.
    var mode = ExecutorMode.push
    /// How many runs it holds at most, when it fetches them.
    var seats = 256
    /// The admins of an xxl-job installation that it serves in place of KPush's schedulers.
    var admins: [String] = []
    /// What they and it show each other.
    var adminToken = Secret("")
    /// Whether scripts that come with a run are run.
    var runsScripts = false
    /// As whom, and within which limits, scripts and commands run.
    var programs = ProgramSettings()
    /// What the commands of `commandJobHandler` may begin with.
    var commands: [String] = []
    /// What the URLs of `httpJobHandler` must be below.
    var addresses: [String] = []

    /// The settings there are, with what each is.
    static let keys: [(key: String, meaning: String)] = [
        ("executor.app-name", "the executor group that it belongs to; kpush if not given"),
        (
            "executor.mode",
            "push has schedulers call it, pull has it fetch its runs and listen on no port; push if not given"
        ),
        ("executor.seats", "runs that it holds at most in pull mode; 256 if not given"),
        (
            "executor.admins",
            "the admins of an xxl-job installation that it serves instead, on a process of its own"
        ),
        ("executor.admin-token", "what they and it show each other"),
        ("executor.scripts.enabled", "on has it run scripts that come with a run; off if not given"),
        (
            "executor.scripts.user",
            "the account that scripts and commands run as; needed by root, and only for root"
        ),
        ("executor.scripts.path", "the folders of their interpreters, such as /usr/local/bin:/usr/bin:/bin"),
        (
            "executor.scripts.memory",
            "MiB of address space of each of their processes; 4096 if not given, 0 is no limit"
        ),
        (
            "executor.scripts.processes",
            "processes that their account may have; 1024 if not given, 0 is no limit"
        ),
        (
            "executor.scripts.file-size",
            "MiB that a file of theirs may have; 1024 if not given, 0 is no limit"
        ),
        ("executor.scripts.cpu", "processor time of each of their processes; 1h if not given"),
        ("executor.scripts.output", "KiB of output that go to a run's log; 8192 if not given"),
        ("executor.scripts.grace", "how long they may take to end when they are told to; 3s if not given"),
        ("executor.scripts.width", "how many run at the same time; 16 if not given"),
        (
            "executor.commands.allowed",
            "what commands of commandJobHandler may begin with, such as /usr/bin/df, /usr/bin/systemctl status"
        ),
        (
            "executor.http.allowed",
            "what URLs of httpJobHandler must be below, such as https://example.org/jobs"
        ),
    ]

    /// Settings as they are without any source.
    init() {}

    /// Reads the settings.
    ///
    /// - Throws: `SettingsError` that names the first key that has no usable value.
    init(_ reader: SettingsReader) throws(SettingsError) {
        appName =
            try reader.value("executor.app-name", "is 4 to 64 of a-z, 0-9 and -, a letter first") { name in
                Self.isAppName(name) ? name : nil
            } ?? appName
        mode =
            try reader.value("executor.mode", "is push or pull") { ExecutorMode(rawValue: $0) } ?? mode
        seats = try reader.number("executor.seats", in: 1...10_000) ?? seats
        admins = try reader.list("executor.admins") ?? admins
        adminToken = reader.string("executor.admin-token").map { Secret($0) } ?? adminToken
        runsScripts = try reader.flag("executor.scripts.enabled") ?? runsScripts
        programs.user = reader.string("executor.scripts.user")
        programs.path = reader.string("executor.scripts.path") ?? programs.path
        let mebibytes = 0...(1 << 20)
        programs.memory =
            try reader.number("executor.scripts.memory", in: mebibytes).map { $0 << 20 } ?? programs.memory
        programs.processes =
            try reader.number("executor.scripts.processes", in: 0...1_000_000) ?? programs.processes
        programs.fileSize =
            try reader.number("executor.scripts.file-size", in: mebibytes).map { $0 << 20 }
            ?? programs.fileSize
        programs.cpuSeconds =
            try reader.duration("executor.scripts.cpu", from: "1s", to: "30d")
            .map { Int($0.components.seconds) }
            ?? programs.cpuSeconds
        programs.output =
            try reader.number("executor.scripts.output", in: 1...(1 << 20)).map { $0 << 10 }
            ?? programs.output
        programs.grace =
            try reader.duration("executor.scripts.grace", from: "1ms", to: "4s") ?? programs.grace
        programs.width = try reader.number("executor.scripts.width", in: 1...1_024) ?? programs.width
        commands = try reader.list("executor.commands.allowed") ?? commands
        addresses = try reader.list("executor.http.allowed") ?? addresses
    }

    private static func isAppName(_ name: String) -> Bool {
        let isSmall = { (byte: UInt8) in (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        return (4...64).contains(name.utf8.count) && name.utf8.first.map(isSmall) == true
            && name.utf8.allSatisfy { isSmall($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    /// Refuses an executor of two masters, whose runs would have the same numbers.
    ///
    /// - Parameters:
    ///   - roles: what the process does.
    ///   - schedulers: KPush's own, that were named.
    /// - Throws: `SettingsError` that names the key at fault.
    func check(roles: Set<Role>, schedulers: [String]) throws(SettingsError) {
        guard !admins.isEmpty, roles.contains(.executor) else { return }
        guard schedulers.isEmpty else {
            throw SettingsError("executor.admins", "is not set together with executor.schedulers")
        }
        guard mode == .push else {
            throw SettingsError("executor.mode", "is push with executor.admins: xxl-job calls its executors")
        }
        guard !roles.contains(.scheduler) else {
            throw SettingsError("executor.admins", "is for a process of its own, without the role scheduler")
        }
    }

    /// Adds what was allowed to the handlers that ship.
    ///
    /// - Parameter handlers: those that ship.
    /// - Throws: `SettingsError` that names what cannot be used here, such as an account that is not there.
    func extend(_ handlers: inout HandlerCatalogue) throws(SettingsError) {
        if runsScripts || !commands.isEmpty {
            let programs = try Self.naming("executor.scripts.") { () throws(ExecutorError) in
                try ProgramRunner(self.programs)
            }
            if runsScripts { handlers.allowScripts(programs) }
            if !commands.isEmpty {
                let command = try Self.naming("executor.commands.") { () throws(ExecutorError) in
                    try CommandJobHandler(allowed: commands, programs: programs)
                }
                handlers.add(CommandJobHandler.name, command)
            }
        }
        guard !addresses.isEmpty else { return }
        let call = try Self.naming("executor.http.") { () throws(ExecutorError) in
            try HTTPJobHandler(allowed: addresses, http: Self.client)
        }
        handlers.add(HTTPJobHandler.name, call)
    }

    /// What jobs' calls are made with: never to what belongs to this host alone, whatever is allowed.
    private static var client: CurlHTTPClient {
        var settings = CurlHTTPClientSettings()
        settings.addresses = .intranet
        settings.answerLimit = 16 << 20
        return CurlHTTPClient(settings: settings)
    }

    private static func naming<Made>(
        _ prefix: String,
        _ make: () throws(ExecutorError) -> Made
    ) throws(SettingsError) -> Made {
        do {
            return try make()
        } catch {
            throw SettingsError(prefix + error.operation, error.detail)
        }
    }
}
