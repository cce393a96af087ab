import ArgumentParser
import Foundation
import Groundwork

/// `kpush store`: what is done to stores as a whole.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Move an installation to the cluster size.",
        subcommands: [StoreCopyCommand.self]
    )
}

/// `kpush store copy`.
struct StoreCopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copy a data folder's books into the PostgreSQL and the crowd storage of a cluster.",
        discussion: """
            Stop the server of the data folder first, and start the cluster when the copy is done. Copied are templates, \
            accounts, media and crowd files, the discard list, the blacklist, the allow-list and the sensitive words, \
            campaigns with how far they are read, all messages with what happened to them, clicks, the comparisons with \
            suppliers' figures, jobs and their runs, executor groups, users with their keys, and the audit trail. \
            Everything keeps its number, so that receipts and links of before still find what they are of; a \
            campaign that is half read goes on where it stood.

            The database must be empty but for tables and jobs that no run was made of, which give way to those of the \
            folder. Until the copy is done no process can open it; when the copy is interrupted, run the command again: \
            it begins anew. At the end the books of both sides are counted and compared. The data folder stays as it \
            is, but for tables that are brought up to date.

            Not copied are tokens, run logs, who has registered as an executor, and how many messages a recipient had \
            so far: limits per recipient begin anew. What lies among the dead letters is tried again.

            Exit codes: 0 the books agree; 1 they do not, and the database stays closed; 64 the command line or the \
            settings make no sense; 65 the database holds something; 66 the folder cannot be read; 69 a server \
            cannot be reached.
            """
    )

    @Option(help: "The data folder to copy.", completion: .directory)
    var from: String

    @Option(help: "The folder of its crowd files, when they are not in it.", completion: .directory)
    var crowds: String?

    @Option(help: "A YAML file with the settings of a process of the cluster.", completion: .file())
    var config: String

    func run() async throws {
        do {
            let settings = try await ServeSettings.read(
                file: config,
                environment: ProcessInfo.processInfo.environment,
                flags: [:]
            )
            let copy = try await StoreCopy(from: from, crowds: crowds, to: settings)
            let differences = try await copy.run()
            guard differences.isEmpty else {
                throw CommandError(.notSo, "the books differ:\n" + differences.joined(separator: "\n"))
            }
        } catch {
            let failure = Self.failure(error)
            Terminal.complain("\(failure.description)\n")
            throw ExitCode(failure.exit.rawValue)
        }
    }

    private static func failure(_ error: any Error) -> CommandError {
        switch error {
        case let error as CommandError: error
        case let error as SettingsError: CommandError(.usage, "\(error)")
        case let error as DataFolderError: CommandError(.noInput, "\(error)")
        case let error as StoreError where error.code == .conflict: CommandError(.refused, error.detail)
        case let error as StoreError where error.code == .unavailable: CommandError(.unreachable, "\(error)")
        default: CommandError(.serverFault, "\(error)")
        }
    }
}
