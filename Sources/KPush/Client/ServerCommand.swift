import ArgumentParser
import Foundation

/// A command that talks to a server: it says why it came to nothing on standard error, and ends with a code
/// that tells a script the same.
protocol ServerCommand: AsyncParsableCommand {
    var server: ServerOptions { get }

    /// Does it.
    ///
    /// - Throws: `APIError` or `CommandError`, or `ExitCode` when all is said.
    func perform(_ api: APIClient) async throws
}

extension ServerCommand {
    func run() async throws {
        try await explaining {
            let api = try server.client(environment: ProcessInfo.processInfo.environment)
            defer { api.shutdown() }
            try await perform(api)
        }
    }

    /// Does `work`, and says why it came to nothing.
    ///
    /// - Parameter work: what is done.
    /// - Throws: `ExitCode` when all is said.
    func explaining(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let error as APIError {
            // Programs read the refusal where they read the answer.
            if server.json, let body = error.body {
                Terminal.out(String(decoding: body, as: UTF8.self) + "\n")
            }
            Terminal.complain("kpush: \(error)\n")
            throw ExitCode(error.exit.rawValue)
        } catch let error as CommandError {
            Terminal.complain("kpush: \(error)\n")
            throw ExitCode(error.exit.rawValue)
        }
    }

    /// Prints an answer: as it came for programs, in words for people.
    func show(_ answer: APIAnswer, _ words: () throws -> String) rethrows {
        Terminal.out(server.json ? answer.text + "\n" : try words())
    }
}
