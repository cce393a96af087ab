public import Foundation
public import Groundwork

/// How an executor serves, registers and keeps its files.
public struct ExecutorSettings: Sendable {
    /// The name of the executor group that this instance belongs to; 4 to 64 characters.
    public var appName: String
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
        let checks: [(holds: Bool, name: String, rule: String)] = [
            ((4...64).contains(appName.count), "appName", "has 4 to 64 characters"),
            ((0...65_535).contains(port), "port", "is from 0 to 65535"),
            (!schedulers.isEmpty, "schedulers", "has at least one address"),
            (schedulers.allSatisfy(ExecutorSettings.isWebAddress), "schedulers", "are http or https URLs"),
            (
                advertisedAddress != nil || !["0.0.0.0", "::"].contains(host), "advertisedAddress",
                "is set when the host stands for all addresses"
            ),
            (advertisedAddress.map(ExecutorSettings.isWebAddress) ?? true, "advertisedAddress", "is a URL"),
            (
                host.isLoopbackHost || !["", "default_token"].contains { token == Secret($0) }, "token",
                "is neither empty nor the public default when others than this host can call"
            ),
            (folder.hasPrefix("/"), "folder", "is an absolute path"),
            (logRetentionDays >= 1, "logRetentionDays", "is at least 1"),
            (logLimit >= 64 << 10, "logLimit", "is at least 65536"),
            (queueLength >= 0, "queueLength", "is not negative"),
            (heartbeat >= .milliseconds(100), "heartbeat", "is at least 0.1 s"),
        ]
        for check in checks where !check.holds {
            throw ExecutorError(.settings, during: check.name, detail: "must hold: \(check.rule)")
        }
    }

    private static func isWebAddress(_ text: String) -> Bool {
        text.hasPrefix("http://") || text.hasPrefix("https://")
    }
}
