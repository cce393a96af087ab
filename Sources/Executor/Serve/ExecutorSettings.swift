public import Foundation
public import Groundwork

/// How an executor gets its runs.
public enum ExecutorMode: String, Hashable, Sendable {
    /// It listens, and schedulers call it; executors of xxl-job do so.
    case push
    /// It calls a scheduler of KPush and fetches them: nobody needs to be able to call it, and it listens on no port.
    case pull
}

/// How an executor serves, registers and keeps its files.
public struct ExecutorSettings: Sendable {
    /// The name of the executor group that this instance belongs to; 4 to 64 characters.
    public var appName: String
    /// How it gets its runs; in pull mode the address to listen on, the port, the advertised address and the heartbeat are not
    /// used.
    public var mode = ExecutorMode.push
    /// How many runs it holds at most in pull mode, running and waiting; 1 to 10000.
    public var seats = 256
    /// How long a call for runs stays open in pull mode, at most 25 s; a call whose answer is lost on the way is made again
    /// 5 s later.
    public var pullWait = Duration.seconds(10)
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose one.
    public var port = 9_999
    /// The base URL under which schedulers reach this instance; made of `host` and the bound port when nil.
    public var advertisedAddress: String?
    /// The schedulers' base URLs, of one cluster, in the order in which they are tried.
    public var schedulers: [String]
    /// What both sides show; an empty one shows and asks nothing, and only serves on a loopback address.
    public var token = Secret("")
    /// Where run logs and the run journal are kept; one executor a folder.
    public var folder: String
    /// How many days run logs are kept; at least 1.
    public var logRetentionDays = 30
    /// The most one run's log takes on disk, in bytes, at least 65536; its beginning and its end are kept.
    public var logLimit = 16 << 20
    /// The zone of the instants and the days in run logs.
    public var logZone = TimeZone.gmt
    /// How many runs of one job may wait.
    public var queueLength = 30
    /// The time between two beats.
    public var heartbeat = Duration.seconds(30)
    /// How long a shutdown waits for runs to end before it stops them.
    ///
    /// With `stopGrace` and `flushLimit` it makes less than the 30 s within which a process ends that is told to.
    public var drainLimit = Duration.seconds(15)
    /// How long a shutdown waits, once runs were asked to stop, before it says that they do not.
    public var stopGrace = Duration.seconds(5)
    /// How long a shutdown tries to deliver what is left.
    public var flushLimit = Duration.seconds(8)
    /// The waits between attempts to register or to call back.
    public var backoff = Backoff(first: .seconds(1), ceiling: .seconds(30))

    /// Makes settings of what has no default.
    public init(appName: String, schedulers: [String], folder: String) {
        self.appName = appName
        self.schedulers = schedulers
        self.folder = folder
    }

    /// Refuses what cannot work.
    ///
    /// - Throws: `ExecutorError` with code `settings` that names the first setting out of range.
    public func validate() throws(ExecutorError) {
        let listens = mode == .push
        let checks: [(holds: Bool, name: String, rule: String)] = [
            ((4...64).contains(appName.count), "appName", "has 4 to 64 characters"),
            ((0...65_535).contains(port), "port", "is from 0 to 65535"),
            (!schedulers.isEmpty, "schedulers", "has at least one address"),
            (schedulers.allSatisfy(ExecutorSettings.isWebAddress), "schedulers", "are http or https URLs"),
            (
                !listens || advertisedAddress != nil || !["0.0.0.0", "::"].contains(host),
                "advertisedAddress",
                "is set when the host stands for all addresses"
            ),
            (advertisedAddress.map(ExecutorSettings.isWebAddress) ?? true, "advertisedAddress", "is a URL"),
            (
                !listens || host.isLoopbackHost || !["", "default_token"].contains { token == Secret($0) },
                "token",
                "is neither empty nor the public default when others than this host can call"
            ),
            (folder.hasPrefix("/"), "folder", "is an absolute path"),
            (logRetentionDays >= 1, "logRetentionDays", "is at least 1"),
            (logLimit >= 64 << 10, "logLimit", "is at least 65536"),
            (queueLength >= 0, "queueLength", "is not negative"),
            (heartbeat >= .milliseconds(100), "heartbeat", "is at least 0.1 s"),
            ((1...10_000).contains(seats), "seats", "is from 1 to 10000"),
            ((.milliseconds(100) ... .seconds(25)).contains(pullWait), "pullWait", "is from 0.1 s to 25 s"),
        ]
        for check in checks where !check.holds {
            throw ExecutorError(.settings, during: check.name, detail: "must hold: \(check.rule)")
        }
    }

    private static func isWebAddress(_ text: String) -> Bool {
        text.hasPrefix("http://") || text.hasPrefix("https://")
    }
}
