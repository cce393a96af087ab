import ArgumentParser
import Foundation
import Groundwork

/// The flags that all commands take which talk to a server.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server. (default: $KPUSH_SERVER, else http://127.0.0.1:8080)",
            valueName: "url"
        )
    )
    var server: String?

    @Option(
        help: ArgumentHelp("A file with the API token, the same as $KPUSH_TOKEN_FILE.", valueName: "file"),
        completion: .file()
    )
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "The data folder of a server on this machine, whose api-token is shown. (default: data)",
            valueName: "folder"
        ),
        completion: .directory
    )
    var data: String?

    @Flag(help: "Print the server's answer as it came: JSON, in one line.")
    var json = false

    /// The client for the server and with the token that flags, environment and defaults name, in this order.
    ///
    /// The token itself is never a flag: every user of a machine can read what others' programs were called with.
    ///
    /// - Throws: `CommandError` when the address is none, or there is no token.
    func client(environment: [String: String]) throws(CommandError) -> APIClient {
        let text = server ?? environment["KPUSH_SERVER"] ?? "http://127.0.0.1:8080"
        guard let url = URLComponents(string: text), url.scheme == "http" || url.scheme == "https",
            url.host?.isEmpty == false, url.query == nil, url.user == nil
        else { throw CommandError(.usage, "\(text.printable) is no address such as http://127.0.0.1:8080") }
        let address = text.hasSuffix("/") ? String(text.dropLast()) : text
        return APIClient(server: address, token: try token(environment))
    }

    private func token(_ environment: [String: String]) throws(CommandError) -> Secret {
        if let tokenFile { return try Self.read(tokenFile) }
        if let data { return try Self.read(data + "/api-token") }
        if let token = environment["KPUSH_TOKEN"], !token.isEmpty { return Secret(token) }
        if let file = environment["KPUSH_TOKEN_FILE"] { return try Self.read(file) }
        return try Self.read((environment["KPUSH_DATA"] ?? "data") + "/api-token")
    }

    private static func read(_ path: String) throws(CommandError) -> Secret {
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw CommandError(
                .noInput,
                "no token: \(path) cannot be read (\(CommandError.reason(error))); name its file with --token-file, "
                    + "or the server's data folder with --data, or set KPUSH_TOKEN"
            )
        }
        let secret = Secret(text.trimmingCharacters(in: .whitespacesAndNewlines))
        guard !secret.isEmpty else { throw CommandError(.noInput, "no token: \(path) is empty") }
        return secret
    }
}
