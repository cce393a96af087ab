import Foundation
import Groundwork
import LocalServers

extension LocalCluster {
    /// The scheduler that leads by the register's word; nil when it cannot be told.
    ///
    /// Processes say it as a notice, so the log's level has to let those through.
    func leader() async throws -> String? {
        guard let token = try await term() else { return nil }
        for name in names(of: .scheduler) where try hasLogged(name, "leadership gained", in: token) {
            return name
        }
        return nil
    }

    /// Whether a scheduler has said something about a term.
    nonisolated func hasLogged(_ name: String, _ text: String, in term: Int64) throws -> Bool {
        let mark = "\(LogKey.fencingToken)=\(term)"
        return try String(contentsOfFile: log(of: name), encoding: .utf8).split(separator: "\n")
            .contains { $0.contains(text) && $0.split(separator: " ").contains(mark[...]) }
    }

    /// The newest term's token; nil before there is any.
    nonisolated func term() async throws -> Int64? {
        try await postgres.query("SELECT token FROM leader_term", in: "kpush").first.flatMap { Int64($0) }
    }
}
