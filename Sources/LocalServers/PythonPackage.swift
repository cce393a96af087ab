import Foundation

/// A package of PyPI's that `scripts/setup-tests` installs, with an interpreter of its own.
package enum PythonPackage: String {
    case moto = "moto-5.2.5"
    case aiosmtpd = "aiosmtpd-1.4.6"
    case pyxxl = "pyxxl-0.4.8"

    /// The path of its interpreter.
    ///
    /// - Throws: `LocalServerError` when it is not installed.
    package func python() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
        let path = "\(cache)/kpush/\(rawValue)/bin/python"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw LocalServerError("\(self) is not installed; `make setup-tests` installs it")
        }
        return path
    }
}
